import { generateKeyPairSync } from "node:crypto";
import { newSerialNumbers } from "../../../../pki/batch/fast/serialNumber";
import { buildTemplate } from "../../../../pki/batch/fast/template";
import { CertificateWriter } from "../../../../pki/batch/fast/writer";
import { DEFAULT_NOW, issue, order, root } from "../../support/authority";
import type { Issuer } from "./support";
import { fail, makeIssuers, publicKeyOf } from "./support";

const P256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };

let first: Issuer;

beforeAll(async () => {
  first = (await makeIssuers())[0] ?? fail("no issuer");
});

describe("a writer refuses", () => {
  const wanted = order({ subject: { commonName: "ab", serialNumber: "7" } });
  const serialNumber = newSerialNumbers(1);

  async function writerFor(): Promise<CertificateWriter> {
    const template = await buildTemplate(wanted, first.signer, DEFAULT_NOW);
    return new CertificateWriter(template, first.key);
  }

  test.each([
    ["too few texts", ["ab"], "1 texts where the template has 2"],
    ["too many texts", ["ab", "7", "8"], "3 texts where the template has 2"],
    [
      "a longer text",
      ["abc", "7"],
      "text 0 has 3 characters where the template has 2",
    ],
    ["an empty text", ["ab", ""], "text 1 has 0 characters"],
    ["a text that is not ASCII", ["aß", "7"], "text 0 is not ASCII"],
    ["a control character", ["a\n", "7"], "text 0 is not ASCII"],
  ])("%s", async (_what, texts, message) => {
    const writer = await writerFor();
    expect(() => writer.write(texts, publicKeyOf(P256), serialNumber)).toThrow(
      message,
    );
  });

  test("a key of another kind, and one of the same length on another curve", async () => {
    const writer = await writerFor();
    const other = generateKeyPairSync("ec", {
      namedCurve: "secp256k1",
    }).publicKey.export({ type: "spki", format: "der" });
    const padded = Buffer.concat([other, Buffer.alloc(3)]);
    for (const key of [
      publicKeyOf({ algorithm: "ED25519" }),
      other,
      padded,
      Buffer.alloc(91),
    ]) {
      expect(() => writer.write(["ab", "7"], key, serialNumber)).toThrow(
        "the public key is not of the template's kind",
      );
    }
  });

  test("a serial number that is short or begins with other bits", async () => {
    const writer = await writerFor();
    const write = (bytes: Buffer, at: number): Buffer =>
      writer.write(["ab", "7"], publicKeyOf(P256), bytes, at);
    for (const [bytes, at] of [
      [serialNumber, 1],
      [serialNumber, 17],
      [Buffer.alloc(17), 0],
      [Buffer.alloc(17, 0x80), 0],
      [Buffer.alloc(17, 0xff), 0],
    ] as const) {
      expect(() => write(bytes, at)).toThrow("the serial number is not");
    }
  });

  test("the key of another CA", async () => {
    const template = await buildTemplate(wanted, first.signer, DEFAULT_NOW);
    const other = await issue(await root(), { profile: "intermediate" });
    expect(() => new CertificateWriter(template, other.key)).toThrow(
      "the private key is not that of the template's issuer",
    );
  });
});
