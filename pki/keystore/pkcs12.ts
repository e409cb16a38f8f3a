import type { X509Certificate } from "node:crypto";
import { createHash } from "node:crypto";
import {
  AuthenticatedSafe,
  CertBag,
  PFX,
  PKCS12Attribute,
  PKCS8ShroudedKeyBag,
  SafeBag,
  SafeContents,
  id_certBag,
  id_pkcs8ShroudedKeyBag,
  id_x509Certificate,
} from "@peculiar/asn1-pfx";
import { EncryptedData as EncryptedKey } from "@peculiar/asn1-pkcs8";
import {
  FriendlyName,
  LocalKeyId,
  // The ContentInfo of CMS (RFC 5652 §3) under its name in PKCS#9.
  Pkcs7PDU as ContentInfo,
  id_pkcs9_at_friendlyName,
  id_pkcs9_at_localKeyId,
} from "@peculiar/asn1-pkcs9";
import {
  AsnConvert,
  AsnProp,
  AsnPropTypes,
  AsnType,
  AsnTypeTypes,
  OctetString,
} from "@peculiar/asn1-schema";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import type { KeyEntry, KeystoreEntries, TrustedEntry } from "./entries";
import { encryptPbes2 } from "./pbes2";
import { macOf } from "./pkcs12Mac";
import type { SaltSource } from "./stableSalts";
import { stableSalts } from "./stableSalts";

const DATA = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
/** Oracle's attribute for what a certificate is trusted for; Java lists no trusted certificate without it. */
const TRUSTED_KEY_USAGE = "2.16.840.1.113894.746875.1.1";
const ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";

/** `EncryptedContentInfo` of RFC 5652 §6.1, its content always there and in one piece. */
class EncryptedContentInfo {
  contentType = DATA;
  contentEncryptionAlgorithm = new AlgorithmIdentifier();
  encryptedContent = new OctetString();
}
AsnProp({ type: AsnPropTypes.ObjectIdentifier })(
  EncryptedContentInfo.prototype,
  "contentType",
);
AsnProp({ type: AlgorithmIdentifier })(
  EncryptedContentInfo.prototype,
  "contentEncryptionAlgorithm",
);
AsnProp({ type: OctetString, context: 0, implicit: true })(
  EncryptedContentInfo.prototype,
  "encryptedContent",
);

/** `EncryptedData` of RFC 5652 §8. */
class EncryptedData {
  version = 0;
  encryptedContentInfo = new EncryptedContentInfo();
}
AsnProp({ type: AsnPropTypes.Integer })(EncryptedData.prototype, "version");
AsnProp({ type: EncryptedContentInfo })(
  EncryptedData.prototype,
  "encryptedContentInfo",
);

/** An object identifier that stands alone, as the value of an attribute. */
class ObjectIdentifierValue {
  value = "";
}
AsnType({ type: AsnTypeTypes.Choice })(ObjectIdentifierValue);
AsnProp({ type: AsnPropTypes.ObjectIdentifier })(
  ObjectIdentifierValue.prototype,
  "value",
);

/**
 * A PKCS#12 store (RFC 7292) for Java, OpenSSL and all that build on them: key
 * and certificates encrypted by PBES2 with AES-256, the whole authenticated by
 * HMAC-SHA-256. The same entries and password always give the same bytes; see
 * {@link stableSalts} for why this is safe.
 *
 * @param password printable ASCII, for the store and for the key alike: Java
 *   cannot use a key with a password of its own
 *
 * @example
 * ```ts
 * writePkcs12({ trusted: [{ alias: "servercertificate", certificate }] }, password);
 * ```
 */
export function writePkcs12(
  entries: KeystoreEntries,
  password: string,
): Uint8Array {
  const { key, trusted } = entries;
  const keyDer = key?.key.export({ type: "pkcs8", format: "der" });
  const certificates = AsnConvert.serialize(
    new SafeContents([
      ...(key === undefined ? [] : chainBags(key)),
      ...trusted.map(trustedBag),
    ]),
  );
  const salts = stableSalts("pkcs12", password, [
    Buffer.from(key?.alias ?? ""),
    keyDer ?? Buffer.alloc(0),
    Buffer.from(certificates),
  ]);
  // Certificates come first, as OpenSSL has it: Java then meets the chain before the key it belongs to.
  const contents = [encryptedContent(certificates, password, salts)];
  if (key !== undefined && keyDer !== undefined) {
    const bag = keyBag(key, keyDer, password, salts);
    contents.push(plainContent(AsnConvert.serialize(new SafeContents([bag]))));
  }
  const safe = AsnConvert.serialize(new AuthenticatedSafe(contents));
  const store = new PFX({
    version: 3,
    authSafe: plainContent(safe),
    macData: macOf(Buffer.from(safe), password, salts("mac salt", 16)),
  });
  return new Uint8Array(AsnConvert.serialize(store));
}

function plainContent(content: ArrayBuffer): ContentInfo {
  return new ContentInfo({
    contentType: DATA,
    content: AsnConvert.serialize(new OctetString(content)),
  });
}

function encryptedContent(
  content: ArrayBuffer,
  password: string,
  salts: SaltSource,
): ContentInfo {
  const encrypted = encryptPbes2(
    Buffer.from(content),
    password,
    salts("certificates salt", 16),
    salts("certificates iv", 16),
  );
  const data = new EncryptedData();
  const info = data.encryptedContentInfo;
  info.contentEncryptionAlgorithm = encrypted.algorithm;
  info.encryptedContent = new OctetString(encrypted.content);
  return new ContentInfo({
    contentType: ENCRYPTED_DATA,
    content: AsnConvert.serialize(data),
  });
}

function keyBag(
  { alias, certificate }: KeyEntry,
  keyDer: Uint8Array,
  password: string,
  salts: SaltSource,
): SafeBag {
  const encrypted = encryptPbes2(
    keyDer,
    password,
    salts("key salt", 16),
    salts("key iv", 16),
  );
  return new SafeBag({
    bagId: id_pkcs8ShroudedKeyBag,
    bagValue: AsnConvert.serialize(
      new PKCS8ShroudedKeyBag({
        encryptionAlgorithm: encrypted.algorithm,
        encryptedData: new EncryptedKey(encrypted.content),
      }),
    ),
    bagAttributes: sorted([friendlyName(alias), localKeyId(certificate)]),
  });
}

/** The leaf carries the key's name and identifier; its issuers carry nothing, they are found by their names. */
function chainBags({ alias, certificate, issuers }: KeyEntry): SafeBag[] {
  return [
    certificateBag(certificate, [friendlyName(alias), localKeyId(certificate)]),
    ...issuers.map((issuer) => certificateBag(issuer, [])),
  ];
}

function trustedBag({ alias, certificate }: TrustedEntry): SafeBag {
  const usage = new ObjectIdentifierValue();
  usage.value = ANY_EXTENDED_KEY_USAGE;
  return certificateBag(certificate, [
    friendlyName(alias),
    attribute(TRUSTED_KEY_USAGE, usage),
  ]);
}

function certificateBag(
  certificate: X509Certificate,
  attributes: readonly PKCS12Attribute[],
): SafeBag {
  const bag = new CertBag({
    certId: id_x509Certificate,
    certValue: AsnConvert.serialize(new OctetString(certificate.raw)),
  });
  return new SafeBag({
    bagId: id_certBag,
    bagValue: AsnConvert.serialize(bag),
    ...(attributes.length > 0 && { bagAttributes: sorted(attributes) }),
  });
}

function friendlyName(alias: string): PKCS12Attribute {
  return attribute(id_pkcs9_at_friendlyName, new FriendlyName(alias));
}

/** SHA-1 over the leaf, as OpenSSL has it: any octets would do that only this key and its certificate share. */
function localKeyId({ raw }: X509Certificate): PKCS12Attribute {
  const identifier = createHash("sha1").update(raw).digest();
  return attribute(id_pkcs9_at_localKeyId, new LocalKeyId(identifier));
}

function attribute(type: string, value: object): PKCS12Attribute {
  // Its constructor does not take what it is given (@peculiar/asn1-pfx 2.11.1).
  const result = new PKCS12Attribute();
  result.attrId = type;
  result.attrValues = [AsnConvert.serialize(value)];
  return result;
}

/** DER wants the elements of a set in the order of their encodings (X.690 §11.6); the library leaves them as they are. */
function sorted(attributes: readonly PKCS12Attribute[]): PKCS12Attribute[] {
  return attributes
    .map((element) => ({
      element,
      der: Buffer.from(AsnConvert.serialize(element)),
    }))
    .sort((left, right) => Buffer.compare(left.der, right.der))
    .map(({ element }) => element);
}
