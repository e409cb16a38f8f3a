import type { KeyObject } from "node:crypto";
import { constants, createPublicKey, hash, sign } from "node:crypto";
import { SERIAL_NUMBER_BYTES } from "./serialNumber";
import type { CertificateTemplate } from "./template";

/** A SEQUENCE with two octets of length. */
const LONGEST_HEADER = 4;
/** Of RSA with 8,192 bits. */
const LONGEST_SIGNATURE = 1024;

/**
 * Writes the certificates of one template: fills in what is the device's own,
 * signs, and puts the three parts together. Imports nothing but Node, so that
 * worker threads start fast.
 *
 * Not for texts that nobody has checked: they are held to be ASCII and as long
 * as the template has them, and to nothing else.
 *
 * @example
 * ```ts
 * const writer = new CertificateWriter(template, caKey);
 * const der = writer.write(["thermometer-1"], keys.publicKey, newSerialNumbers(1));
 * ```
 */
export class CertificateWriter {
  /** The certificate, with its signed part always at the same place. */
  private readonly output: Buffer;
  private readonly tbs: Buffer;
  /** Where the BIT STRING of the signature begins. */
  private readonly signatureAt: number;
  private readonly signWith: Parameters<typeof sign>[2];
  private readonly keyBitsInPublicKey: number;

  /**
   * @param privateKey the issuer's
   * @throws Error where it is another key than the template's issuer has
   */
  constructor(
    private readonly template: CertificateTemplate,
    privateKey: KeyObject,
  ) {
    const { tbs, signatureAlgorithm, signature, issuerPublicKey } = template;
    const issuer = createPublicKey({
      key: Buffer.from(issuerPublicKey),
      format: "der",
      type: "spki",
    });
    if (!createPublicKey(privateKey).equals(issuer)) {
      throw new Error("the private key is not that of the template's issuer");
    }
    this.signWith =
      signature.saltLength === undefined
        ? privateKey
        : {
            key: privateKey,
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: signature.saltLength,
          };
    this.signatureAt = LONGEST_HEADER + tbs.length + signatureAlgorithm.length;
    this.output = Buffer.alloc(
      this.signatureAt + LONGEST_HEADER + 1 + LONGEST_SIGNATURE,
    );
    this.output.set(tbs, LONGEST_HEADER);
    this.output.set(signatureAlgorithm, LONGEST_HEADER + tbs.length);
    this.tbs = this.output.subarray(
      LONGEST_HEADER,
      LONGEST_HEADER + tbs.length,
    );
    this.keyBitsInPublicKey = template.keyBits - template.publicKey.offset;
  }

  /**
   * Writes and signs one certificate.
   *
   * @param texts the device's own, see `Shaper.texts`
   * @param publicKey DER of its SubjectPublicKeyInfo
   * @param serialNumbers bytes that hold the 17 octets of its serial number, see `newSerialNumbers`
   * @param serialNumberAt where they begin there. Default 0.
   * @returns DER, in a buffer of the writer's own that the next call writes over: copy what is to stay
   * @throws Error where a text or the key is not as the template has it
   */
  write(
    texts: readonly string[],
    publicKey: Uint8Array,
    serialNumbers: Uint8Array,
    serialNumberAt = 0,
  ): Buffer {
    this.fill(texts, publicKey, serialNumbers, serialNumberAt);
    const signature = sign(
      this.template.signature.hash,
      this.tbs,
      this.signWith,
    );
    return this.assemble(signature);
  }

  private fill(
    texts: readonly string[],
    publicKey: Uint8Array,
    serialNumbers: Uint8Array,
    serialNumberAt: number,
  ): void {
    const { tbs, template } = this;
    if (
      ((serialNumbers[serialNumberAt] ?? 0) & 0xc0) !== 0x40 ||
      serialNumberAt + SERIAL_NUMBER_BYTES > serialNumbers.length
    ) {
      throw new Error(
        "the serial number is not of 17 octets that begin with the bits 01",
      );
    }
    for (let index = 0; index < SERIAL_NUMBER_BYTES; index += 1) {
      tbs[template.serialNumber + index] =
        serialNumbers[serialNumberAt + index] ?? 0;
    }
    this.fillTexts(texts);
    this.fillPublicKey(publicKey);
  }

  private fillTexts(texts: readonly string[]): void {
    const { tbs, template } = this;
    const fields = template.texts;
    if (texts.length !== fields.length) {
      throw new Error(
        `${texts.length} texts where the template has ${fields.length}`,
      );
    }
    for (let index = 0; index < fields.length; index += 1) {
      const field = fields[index];
      const text = texts[index];
      if (field === undefined || text?.length !== field.length) {
        throw new Error(
          `text ${index} has ${text?.length} characters where the template has ${field?.length}`,
        );
      }
      for (let at = 0; at < field.length; at += 1) {
        const character = text.charCodeAt(at);
        if (character < 0x20 || character > 0x7e) {
          throw new Error(`text ${index} is not ASCII`);
        }
        tbs[field.offset + at] = character;
      }
    }
  }

  private fillPublicKey(publicKey: Uint8Array): void {
    const { tbs, template, keyBitsInPublicKey } = this;
    const { offset, length } = template.publicKey;
    if (publicKey.length !== length) {
      throw new Error("the public key is not of the template's kind");
    }
    for (let index = 0; index < keyBitsInPublicKey; index += 1) {
      if (publicKey[index] !== tbs[offset + index]) {
        throw new Error("the public key is not of the template's kind");
      }
    }
    const bits = publicKey.subarray(keyBitsInPublicKey);
    tbs.set(bits, template.keyBits);
    // As a text of one character an octet: with a buffer the call takes five times as long.
    tbs.write(
      hash("sha1", bits, "binary"),
      template.subjectKeyIdentifier,
      "latin1",
    );
  }

  private assemble(signature: Buffer): Buffer {
    const { output, signatureAt } = this;
    // One octet says that no bits are unused.
    const bitString = 1 + signature.length;
    const bitStringHeader = headerLength(bitString);
    writeHeader(output, signatureAt, 0x03, bitString);
    const unused = signatureAt + bitStringHeader;
    output[unused] = 0;
    output.set(signature, unused + 1);
    const end = unused + bitString;
    const content = end - LONGEST_HEADER;
    const begin = LONGEST_HEADER - headerLength(content);
    writeHeader(output, begin, 0x30, content);
    return output.subarray(begin, end);
  }
}

/** Octets of tag and length in front of a content of so many octets. */
function headerLength(content: number): number {
  return content < 0x80 ? 2 : content < 0x100 ? 3 : 4;
}

function writeHeader(
  target: Buffer,
  at: number,
  tag: number,
  content: number,
): void {
  target[at] = tag;
  if (content < 0x80) {
    target[at + 1] = content;
  } else if (content < 0x100) {
    target[at + 1] = 0x81;
    target[at + 2] = content;
  } else {
    target[at + 1] = 0x82;
    target[at + 2] = content >> 8;
    target[at + 3] = content & 0xff;
  }
}
