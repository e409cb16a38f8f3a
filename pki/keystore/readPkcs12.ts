import { X509Certificate, createHmac, timingSafeEqual } from "node:crypto";
import type { Der } from "./derTree";
import { readDer } from "./derTree";
import { decryptPasswordBased, iterationsOf } from "./passwordBased";
import { Purpose, derivePkcs12 } from "./pkcs12Derivation";
import type { StoreContent, StoredKey } from "./readStore";
import { StoreError } from "./readStore";

const DATA = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
const SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3";
const FRIENDLY_NAME = "1.2.840.113549.1.9.20";
const LOCAL_KEY_ID = "1.2.840.113549.1.9.21";
/** Oracle's, without which Java lists no trusted certificate. */
const TRUSTED_KEY_USAGE = "2.16.840.1.113894.746875.1.1";
const HASHES: Readonly<Record<string, readonly [string, number]>> = {
  "1.3.14.3.2.26": ["sha1", 20],
  "2.16.840.1.101.3.4.2.4": ["sha224", 28],
  "2.16.840.1.101.3.4.2.1": ["sha256", 32],
  "2.16.840.1.101.3.4.2.2": ["sha384", 48],
  "2.16.840.1.101.3.4.2.3": ["sha512", 64],
};

interface Bag {
  readonly oid: string;
  readonly value: Der;
  readonly name: string | undefined;
  readonly keyId: string | undefined;
  readonly trusted: boolean;
}

/**
 * What Java finds in a PKCS#12 store (RFC 7292): keys in shrouded bags, each
 * with the certificate of its `localKeyId` and those above it by their names.
 *
 * @throws StoreError
 */
export function readPkcs12(
  content: Uint8Array,
  password: string,
): StoreContent {
  const [authSafe, macData] = parts(content);
  const safe = contentOf(authSafe);
  checkMac(safe, macData, password);
  const contents = attemptAt("no content", () => readDer(safe)).children;
  const bags = contents.flatMap((one) => bagsOf(one, password));
  return entriesOf(bags);
}

function parts(content: Uint8Array): [Der, Der | undefined] {
  const [, authSafe, macData] = attemptAt("no PKCS#12", () =>
    readDer(content),
  ).children;
  if (authSafe?.children[0]?.identifier !== DATA) {
    throw new StoreError("no PKCS#12", false);
  }
  return [authSafe, macData];
}

function attemptAt<T>(what: string, read: () => T, password = false): T {
  try {
    return read();
  } catch {
    throw new StoreError(what, password);
  }
}

/** Of a `ContentInfo` of the type data. */
function contentOf({ children: [, wrapped] }: Der): Buffer {
  return wrapped?.children[0]?.octets ?? Buffer.alloc(0);
}

function checkMac(
  safe: Buffer,
  macData: Der | undefined,
  password: string,
): void {
  if (macData === undefined) {
    return;
  }
  const [digestInfo, salt, iterations] = macData.children;
  const [algorithm, digest] = digestInfo?.children ?? [];
  const [hash, length] = HASHES[algorithm?.children[0]?.identifier ?? ""] ?? [];
  if (
    hash === undefined ||
    length === undefined ||
    salt === undefined ||
    digest === undefined
  ) {
    throw new StoreError(
      "a message authentication code that Java does not know",
      false,
    );
  }
  const key = attemptAt("more iterations than Java makes", () =>
    derivePkcs12(
      hash,
      password,
      salt.octets,
      iterationsOf(iterations),
      Purpose.Mac,
      length,
    ),
  );
  const own = createHmac(hash, key).update(safe).digest();
  if (
    own.length !== digest.octets.length ||
    !timingSafeEqual(own, digest.octets)
  ) {
    throw new StoreError("the password is another one", true);
  }
}

function bagsOf(info: Der, password: string): Bag[] {
  const [type, wrapped] = info.children;
  if (type?.identifier === DATA) {
    return attemptAt("damaged", () => readDer(contentOf(info))).children.map(
      bagOf,
    );
  }
  const [, encrypted] = wrapped?.children[0]?.children ?? [];
  const [, algorithm, content] = encrypted?.children ?? [];
  if (
    type?.identifier !== ENCRYPTED_DATA ||
    algorithm === undefined ||
    content === undefined
  ) {
    throw new StoreError("content that Java does not know", false);
  }
  return attemptAt(
    "the password is another one",
    () => readDer(decryptPasswordBased(algorithm, content.octets, password)),
    true,
  ).children.map(bagOf);
}

function bagOf({ children: [oid, wrapped, attributes] }: Der): Bag {
  const attribute = (type: string): Der | undefined =>
    attributes?.children.find(({ children: [id] }) => id?.identifier === type)
      ?.children[1]?.children[0];
  const [value] = wrapped?.children ?? [];
  if (oid === undefined || value === undefined) {
    throw new StoreError("damaged", false);
  }
  return {
    oid: oid.identifier,
    value,
    name: attribute(FRIENDLY_NAME)?.text,
    keyId: attribute(LOCAL_KEY_ID)?.octets.toString("hex"),
    trusted: attribute(TRUSTED_KEY_USAGE) !== undefined,
  };
}

interface Certificate {
  readonly bag: Bag;
  readonly der: Buffer;
  readonly x509: X509Certificate;
}

function entriesOf(bags: readonly Bag[]): StoreContent {
  const certificates = bags
    .filter(({ oid }) => oid === CERTIFICATE_BAG)
    .map((bag): Certificate => {
      const der = bag.value.children[1]?.children[0]?.octets;
      return attemptAt("a certificate that cannot be read", () => ({
        bag,
        der: der ?? Buffer.alloc(0),
        x509: new X509Certificate(der ?? ""),
      }));
    });
  const keys = bags.filter(({ oid }) => oid === SHROUDED_KEY_BAG);
  // Java takes the first certificate for that of a single key without an identifier.
  const alone = keys.length === 1;
  return {
    keys: keys
      .map((bag, index): StoredKey => {
        const leaf = certificates.find(({ bag: { keyId } }, place) =>
          bag.keyId === undefined && alone
            ? keyId === undefined && place === 0
            : keyId !== undefined && keyId === bag.keyId,
        );
        return {
          alias: (bag.name ?? String(index + 1)).toLowerCase(),
          chain: leaf === undefined ? [] : chainFrom(leaf, certificates),
          open: (password) => openBag(bag, password),
        };
      })
      .filter(({ chain }) => chain.length > 0),
    trusted: certificates
      .filter(({ bag: { trusted } }) => trusted)
      .map(({ bag: { name } }) => (name ?? "").toLowerCase()),
  };
}

/** By names, until one names itself, or nobody is there, or one comes twice. */
function chainFrom(
  leaf: Certificate,
  all: readonly Certificate[],
): readonly Buffer[] {
  const chain = [leaf];
  for (let last = leaf; last.x509.issuer !== last.x509.subject;) {
    const above = all.find(({ x509 }) => x509.subject === last.x509.issuer);
    if (above === undefined || chain.includes(above)) {
      break;
    }
    chain.push(above);
    last = above;
  }
  return chain.map(({ der }) => der);
}

function openBag({ value }: Bag, password: string): Buffer {
  const [algorithm, content] = value.children;
  if (algorithm === undefined || content === undefined) {
    throw new StoreError("damaged", false);
  }
  return attemptAt(
    "the password is another one",
    () => {
      const der = decryptPasswordBased(algorithm, content.octets, password);
      // Another password may well give a padding that is right.
      return readDer(der).children.length >= 3 ? der : fail();
    },
    true,
  );
}

function fail(): never {
  throw new Error("no PKCS#8");
}
