import type { KeyObject } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import { EncryptedPrivateKeyInfo } from "@peculiar/asn1-pkcs8";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Sequence, fromBER } from "asn1js";
import { encodePem } from "../pem";
import { attempt } from "./reading";
import type { Refusal } from "./thingsBoardAnswer";
import { fails } from "./thingsBoardAnswer";
import type { PemBlock } from "./thingsBoardPem";

/** A key that was found, and how it was written. */
export interface LoadedKey {
  readonly key: KeyObject;
  /** The row of the acceptance matrix, if nothing else is wrong. */
  readonly row: string;
}

const PAIRS = ["EC PRIVATE KEY", "RSA PRIVATE KEY", "DSA PRIVATE KEY"];

/** Whether a block is a key in a traditional form, at which the search in a key file ends. */
export function isPair({ label }: PemBlock): boolean {
  return PAIRS.includes(label);
}

/** How to open encrypted keys. */
export interface KeyOpening {
  readonly password: string;
  /** The variable that holds it: `MQTT_SSL_PEM_KEY_PASSWORD`. */
  readonly passwordVariable: string;
  /** The variable with the path of the key: `MQTT_SSL_PEM_KEY`. */
  readonly keyVariable: string;
  /** Whether encrypted PKCS#8 is opened; ThingsBoard skips it. */
  readonly encryptedPkcs8: boolean;
  /** Why keys were passed over, for the case that there is no other. */
  readonly passedOver: Refusal[];
}

/**
 * The key in a block; `undefined` for a block that is passed over.
 *
 * @throws Refusal for a key that cannot be opened
 */
export function keyOf(
  block: PemBlock,
  opening: KeyOpening,
): LoadedKey | undefined {
  if (block.label === "PRIVATE KEY") {
    return {
      key: opened(() =>
        createPrivateKey({ key: block.der, format: "der", type: "pkcs8" }),
      ),
      row: "PRIVATE KEY in PEM, with its chain",
    };
  }
  if (isPair(block)) {
    return traditionalKey(block, opening);
  }
  return block.label === "ENCRYPTED PRIVATE KEY" && opening.encryptedPkcs8
    ? encryptedKey(block, opening)
    : undefined;
}

function opened(open: () => KeyObject): KeyObject {
  const key = attempt(open);
  if (key === undefined) {
    throw fails(
      "unreadable key",
      "The private key cannot be read. Write it as unencrypted PKCS#8.",
    );
  }
  return key;
}

/** RFC 1421 §4.6.1.1: SEC1, PKCS#1, or OpenSSL's form of DSA. */
function traditionalKey(
  { label, der, headers }: PemBlock,
  { password, passwordVariable }: KeyOpening,
): LoadedKey {
  const info = headers.get("DEK-Info");
  if (headers.get("Proc-Type") !== "4,ENCRYPTED") {
    if (label === "EC PRIVATE KEY" && lacksPublicKey(der)) {
      throw fails(
        "SEC1 without public key",
        'The private key is in the form SEC1, without its public key, which ThingsBoard wants there. Write it as PKCS#8 with "openssl pkcs8 -topk8 -nocrypt".',
      );
    }
    return {
      key: opened(() => createPrivateKey(encodePem(label, der))),
      row: `${label} in PEM, with its chain`,
    };
  }
  const pem = encodePem(label, der).replace(
    "-----\n",
    `-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: ${info ?? ""}\n\n`,
  );
  // BouncyCastle takes the low octet of each character, and OpenSSL what it is given.
  const passphrase = Buffer.from(password, "latin1");
  const key = attempt(() => createPrivateKey({ key: pem, passphrase }));
  if (key === undefined) {
    throw fails(
      "traditional encrypted key, wrong password",
      `The private key is encrypted, and the password does not open it. Set ${passwordVariable} to the right one.`,
    );
  }
  return { key, row: "traditional encrypted key, right password" };
}

/** Whether the `publicKey` of an `ECPrivateKey` (RFC 5915 §3), its member [1], was left out. */
function lacksPublicKey(der: Buffer): boolean {
  const { result } = fromBER(new Uint8Array(der));
  return (
    result instanceof Sequence &&
    !result.valueBlock.value.some(
      ({ idBlock }) => idBlock.tagClass === 3 && idBlock.tagNumber === 1,
    )
  );
}

/** scrypt (RFC 7914 §7), which BouncyCastle takes for PBKDF2 and then fails at. */
const SCRYPT = Buffer.from("06092b06010401da47040b", "hex");

/** TBMQ's: what it cannot open it tells its log, and looks for another key. */
function encryptedKey(
  { der }: PemBlock,
  { password, passwordVariable, passedOver }: KeyOpening,
): LoadedKey | undefined {
  const info = attempt(() => AsnConvert.parse(der, EncryptedPrivateKeyInfo));
  if (info === undefined) {
    throw fails(
      "unreadable key",
      "The private key cannot be read. Write it as unencrypted PKCS#8.",
    );
  }
  if (der.includes(SCRYPT)) {
    passedOver.push(
      fails(
        "encrypted PKCS#8 by scrypt",
        'The private key is encrypted as PKCS#8 by scrypt, which TBMQ does not open. Write it anew with "openssl pkcs8 -topk8 -v2 aes-256-cbc".',
      ),
    );
    return undefined;
  }
  const key = attempt(() =>
    createPrivateKey({
      key: der,
      format: "der",
      type: "pkcs8",
      passphrase: password,
    }),
  );
  if (key === undefined) {
    passedOver.push(
      fails(
        "encrypted PKCS#8, wrong password",
        `The private key is encrypted, and the password does not open it. Set ${passwordVariable} to the right one.`,
      ),
    );
    return undefined;
  }
  return { key, row: "encrypted PKCS#8, right password" };
}
