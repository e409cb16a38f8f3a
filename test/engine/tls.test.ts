import { createPrivateKey, createPublicKey } from "node:crypto";

import { CertRequest } from "../../engine/providers/certRequest";
import { describeKey, PrivateKey } from "../../engine/providers/privateKey";
import { type PropertyMap, reveal, secret, UNKNOWN } from "../../engine/values";
import requests from "./vectors/certRequests.json";
import keys from "./vectors/privateKeys.json";

const request = { urn: "urn:pulumi:dev::p::t::n", preview: false, timeout: 0 };
const existing = {
  ...request,
  id: "x",
  oldInputs: {},
  oldOutputs: {},
  ignoreChanges: [],
};

/** An OpenSSH key without the number that is random in each file. */
function withoutCheck(pem: string): string {
  const lines = pem.split("\n").filter((line) => !line.startsWith("-----"));
  const file = Buffer.from(lines.join(""), "base64");
  const skip = (at: number): number => at + 4 + file.readUInt32BE(at);
  // After the magic: cipher, key derivation and its options, a count, the public key, the length of the private part.
  const options = skip(skip(skip("openssh-key-v1\0".length)));
  const body = skip(options + 4) + 4;
  file.fill(0, body, body + 8);
  return file.toString("base64");
}

describe("tls.PrivateKey", () => {
  test.each(keys.filter(({ outputs }) => outputs.privateKeyPemPkcs8 !== ""))(
    "describes the key $name as the plugin does",
    ({ outputs }) => {
      const { privateKeyOpenssh, ...described } = describeKey(
        createPrivateKey(outputs.privateKeyPemPkcs8),
      );
      const {
        privateKeyOpenssh: realOpenssh,
        algorithm: _a,
        ecdsaCurve: _c,
        rsaBits: _b,
        ...real
      } = outputs;
      expect(described).toEqual(real);
      expect(typeof privateKeyOpenssh).toBe("string");
      if (realOpenssh === "") {
        expect(privateKeyOpenssh).toBe("");
      } else {
        expect(withoutCheck(privateKeyOpenssh as string)).toBe(
          withoutCheck(realOpenssh),
        );
      }
    },
  );

  test.each(keys)(
    "makes $name with the outputs the plugin has, private ones secret",
    async ({ inputs, outputs }) => {
      const made = await new PrivateKey().create({
        ...request,
        inputs: inputs,
      });
      expect(Object.keys(made.outputs).sort()).toEqual(
        Object.keys(outputs).sort(),
      );
      expect(made.outputs).toMatchObject({
        algorithm: outputs.algorithm,
        ecdsaCurve: outputs.ecdsaCurve,
        rsaBits: outputs.rsaBits,
        id: made.id,
      });
      for (const name of [
        "privateKeyOpenssh",
        "privateKeyPem",
        "privateKeyPemPkcs8",
      ]) {
        expect(made.outputs[name]).toEqual(secret(reveal(made.outputs[name])));
      }
      const pem = reveal(made.outputs.privateKeyPem) as string;
      expect(createPublicKey(pem).export({ format: "pem", type: "spki" })).toBe(
        made.outputs.publicKeyPem,
      );
    },
  );

  test("is replaced when its kind changes, not when a default is spelled out", async () => {
    const resource = new PrivateKey();
    const olds = { algorithm: "ECDSA", ecdsaCurve: "P224", rsaBits: 2048 };
    const diff = (newInputs: PropertyMap) =>
      resource.diff({ ...existing, oldOutputs: olds, newInputs });
    expect(await diff({ algorithm: "ECDSA" })).toMatchObject({
      changes: "none",
    });
    expect(
      await diff({ algorithm: "ECDSA", ecdsaCurve: "P224" }),
    ).toMatchObject({ changes: "none" });
    expect(
      await diff({ algorithm: "ECDSA", ecdsaCurve: "P256" }),
    ).toMatchObject({ replaces: ["ecdsaCurve"] });
    expect(await diff({ algorithm: "RSA", rsaBits: 3072 })).toMatchObject({
      replaces: ["algorithm", "rsaBits"],
    });
  });

  test("names every mistake, and takes an unknown for what it may become", async () => {
    const check = async (news: PropertyMap) =>
      (
        await new PrivateKey().check({ ...request, olds: {}, news })
      ).failures.map(({ property }) => property);
    expect(
      await check({ algorithm: "DSA", ecdsaCurve: "P-256", rsaBits: 12 }),
    ).toEqual(["algorithm", "ecdsaCurve", "rsaBits"]);
    expect(await check({})).toEqual(["algorithm"]);
    expect(
      await check({
        algorithm: UNKNOWN,
        ecdsaCurve: UNKNOWN,
        rsaBits: UNKNOWN,
      }),
    ).toEqual([]);
  });

  test("knows in a preview what was asked for and nothing else", async () => {
    const { id, outputs } = await new PrivateKey().create({
      ...request,
      preview: true,
      inputs: { algorithm: "ED25519" },
    });
    expect(id).toBe("");
    expect(outputs).toMatchObject({
      algorithm: "ED25519",
      publicKeyPem: UNKNOWN,
      privateKeyPem: secret(UNKNOWN),
    });
  });
});

describe("tls.CertRequest", () => {
  // Signatures of these keys are not random, so the whole request can be compared.
  test.each(requests)(
    "makes $name to the byte as the plugin does",
    async ({ inputs, certRequestPem, id, keyAlgorithm }) => {
      const made = await new CertRequest().create({
        ...request,
        inputs: inputs,
      });
      expect(made.id).toBe(id);
      expect(made.outputs).toMatchObject({
        certRequestPem,
        id,
        keyAlgorithm,
        privateKeyPem: secret(inputs.privateKeyPem),
      });
    },
  );

  test("is replaced by any change, but not by secrecy or by a list that becomes empty", async () => {
    const oldInputs: PropertyMap = {
      privateKeyPem: secret("k"),
      subject: { commonName: "a" },
    };
    const diff = (newInputs: PropertyMap) =>
      new CertRequest().diff({ ...existing, oldInputs, newInputs });
    expect(
      await diff({ ...oldInputs, privateKeyPem: "k", dnsNames: [] }),
    ).toMatchObject({ changes: "none" });
    expect(
      await diff({ ...oldInputs, privateKeyPem: secret("l") }),
    ).toMatchObject({ replaces: ["privateKeyPem"] });
    expect(await diff({ ...oldInputs, subject: UNKNOWN })).toMatchObject({
      replaces: ["subject"],
    });
  });

  test("refuses what it cannot sign, without repeating the key", async () => {
    const p224 =
      keys.find(({ name }) => name === "p224")?.outputs.privateKeyPem ?? "";
    const check = async (news: PropertyMap) =>
      (await new CertRequest().check({ ...request, olds: {}, news })).failures;
    expect(await check({ privateKeyPem: secret(p224) })).toEqual([
      {
        property: "privateKeyPem",
        reason: expect.stringContaining("P-256") as string,
      },
    ]);
    expect(
      await check({ privateKeyPem: "-----BEGIN EC PRIVATE KEY-----\nhush" }),
    ).toEqual([
      { property: "privateKeyPem", reason: "this is not a private key in PEM" },
    ]);
    expect(
      await check({
        privateKeyPem: UNKNOWN,
        ipAddresses: ["10.0.0"],
        subject: { title: "x" },
        other: 1,
      }),
    ).toMatchObject([
      { property: "other" },
      { property: "subject.title" },
      { property: "ipAddresses[0]" },
    ]);
  });
});
