import type { KeyObject } from "node:crypto";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
} from "node:crypto";
import type { KeySpec } from "../../pki/key";
import {
  checkKeySpec,
  describeKey,
  exportPkcs8,
  formatKeySpec,
  generateKey,
  importSigningKey,
  keyIdentifier,
  publicKeyDer,
  readPrivateKey,
} from "../../pki/key";
import { InputError } from "../../pki/problem";
import { KEYS } from "./support/authority";
import { child, readDer } from "./support/der";
import { describeOpenSsl } from "./support/openssl";

/** SHA-1 over the bits of the BIT STRING, without the octet that counts unused ones. */
function identifierByHand(key: KeyObject): string {
  const bitString = child(readDer(publicKeyDer(key)), 1);
  return createHash("sha1").update(bitString.content.subarray(1)).digest("hex");
}

async function refusal(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof InputError) {
      return error.message;
    }
    throw error;
  }
  throw new Error("nothing was refused");
}

describe.each(KEYS)("a key of $name", ({ name, key: spec }) => {
  const key = generateKey(spec);

  test("is what was asked for", () => {
    expect(checkKeySpec(spec)).toEqual([]);
    expect(key.type).toBe("private");
    expect(describeKey(key)).toEqual(spec);
    expect(formatKeySpec(spec).replace(" P", " P-")).toMatch(
      new RegExp(`^${name}$`, "i"),
    );
  });

  test("has SHA-1 over the bits of its public key as identifier, whichever half is asked", () => {
    const expected = identifierByHand(key);
    expect(keyIdentifier(publicKeyDer(key))).toBe(expected);
    expect(keyIdentifier(publicKeyDer(createPublicKey(key)))).toBe(expected);
    expect(expected).toMatch(/^[0-9a-f]{40}$/);
  });

  test("goes through unencrypted PKCS#8 unchanged", () => {
    const pem = exportPkcs8(key);
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(readPrivateKey(pem, "key").equals(key)).toBe(true);
  });

  test("signs, and its signing form cannot be exported again", async () => {
    const signing = await importSigningKey(key, "key");
    expect(signing.keyIdentifier).toBe(identifierByHand(key));
    expect(signing.key.extractable).toBe(false);
    expect(signing.key.usages).toEqual(["sign"]);
  });
});

test("two keys of one kind have different identifiers", () => {
  const identifiers = Array.from({ length: 20 }, () =>
    keyIdentifier(publicKeyDer(generateKey({ algorithm: "ED25519" }))),
  );
  expect(new Set(identifiers).size).toBe(20);
});

describeOpenSsl("OpenSSL", (openssl) => {
  test.each(KEYS)("makes the same identifier of $name", ({ key: spec }) => {
    const key = generateKey(spec);
    const file = openssl.file("key.pem", exportPkcs8(key));
    const config = openssl.file(
      "ski.cnf",
      "[req]\ndistinguished_name=dn\n[dn]\n[v3]\nsubjectKeyIdentifier=hash\n",
    );
    const pem = openssl.run([
      ..."req -x509 -new -subj /CN=x -extensions v3 -config".split(" "),
      config,
      "-key",
      file,
    ]);
    const shown = openssl.run(
      ["x509", "-noout", "-ext", "subjectKeyIdentifier"],
      pem,
    );
    expect(shown.replace(/[\s\S]*:\s*\n\s*/, "").replace(/[:\s]/g, "")).toBe(
      keyIdentifier(publicKeyDer(key)).toUpperCase(),
    );
  });

  test.each([
    ["SEC1", "ecparam -genkey -noout -name prime256v1"],
    ["SEC1 after its parameters", "ecparam -genkey -name prime256v1"],
    ["PKCS#1", "genrsa -traditional 2048"],
    ["PKCS#8", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"],
  ])("writes %s, and it is read", (_form, command) => {
    const pem = openssl.run(command.split(" "));
    expect(describeKey(readPrivateKey(pem, "key"))).toBeDefined();
  });
});

describe("refusals of a description", () => {
  const rows: readonly {
    readonly rule: string;
    readonly key: KeySpec;
    readonly path: string;
    readonly message: RegExp;
  }[] = [
    {
      rule: "P-224",
      key: { algorithm: "ECDSA", ecdsaCurve: "P224" },
      path: "ecdsaCurve",
      message: /"P224" is below the 128-bit level.*write "P256"/,
    },
    {
      rule: "a curve nobody knows",
      key: { algorithm: "ECDSA", ecdsaCurve: "secp256k1" },
      path: "ecdsaCurve",
      message: /"secp256k1" is no known curve/,
    },
    {
      rule: "a curve named like something every object has",
      key: { algorithm: "ECDSA", ecdsaCurve: "constructor" },
      path: "ecdsaCurve",
      message: /is no known curve/,
    },
    {
      rule: "ECDSA without a curve",
      key: { algorithm: "ECDSA" },
      path: "ecdsaCurve",
      message: /undefined is no known curve/,
    },
    {
      rule: "RSA of 1024 bits",
      key: { algorithm: "RSA", rsaBits: 1024 },
      path: "rsaBits",
      message: /1024 bits are too small/,
    },
    {
      rule: "RSA of 2047 bits",
      key: { algorithm: "RSA", rsaBits: 2047 },
      path: "rsaBits",
      message: /2047 bits are too small/,
    },
    {
      rule: "RSA of 8192 bits",
      key: { algorithm: "RSA", rsaBits: 8192 },
      path: "rsaBits",
      message: /not taken by every TLS stack/,
    },
    {
      rule: "RSA of half a bit",
      key: { algorithm: "RSA", rsaBits: 2048.5 },
      path: "rsaBits",
      message: /is no key size/,
    },
    {
      rule: "RSA without a size",
      key: { algorithm: "RSA" },
      path: "rsaBits",
      message: /undefined is no key size/,
    },
    {
      rule: "an algorithm nobody knows",
      key: { algorithm: "DSA" },
      path: "algorithm",
      message: /"DSA" is no known key algorithm/,
    },
    {
      rule: "an algorithm in small letters",
      key: { algorithm: "ecdsa", ecdsaCurve: "P256" },
      path: "algorithm",
      message: /"ecdsa" is no known key algorithm/,
    },
    {
      rule: "a size for an elliptic curve",
      key: { algorithm: "ECDSA", ecdsaCurve: "P256", rsaBits: 2048 },
      path: "rsaBits",
      message: /says nothing about a key of algorithm "ECDSA"/,
    },
    {
      rule: "a curve for RSA",
      key: { algorithm: "RSA", ecdsaCurve: "P256", rsaBits: 2048 },
      path: "ecdsaCurve",
      message: /says nothing about a key of algorithm "RSA"/,
    },
    {
      rule: "a curve for Ed25519",
      key: { algorithm: "ED25519", ecdsaCurve: "P256" },
      path: "ecdsaCurve",
      message: /says nothing/,
    },
  ];

  test.each(rows)("$rule", ({ key, path, message }) => {
    expect(checkKeySpec(key)).toEqual([
      { path, message: expect.stringMatching(message) as string },
    ]);
  });
});

describe("refusals of a key", () => {
  test.each([
    ["P-224", () => ec("secp224r1"), /"P224" is below/],
    [
      "secp256k1",
      () => ec("secp256k1"),
      /of a kind that signs no certificates/,
    ],
    [
      "RSA of 1024 bits",
      () => generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey,
      /1024 bits are too small/,
    ],
    [
      "RSA-PSS",
      () => generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey,
      /of a kind that signs no certificates/,
    ],
    [
      "X25519",
      () => generateKeyPairSync("x25519").privateKey,
      /of a kind that signs no certificates/,
    ],
  ])(
    "%s signs nothing, and the message says nothing of it",
    async (_name, make, reason) => {
      const key = make();
      const message = await refusal(() => importSigningKey(key, "signer.key"));
      expect(message).toMatch(/^signer\.key: /);
      expect(message).toMatch(reason);
      expect(quotedParts(message, exportPkcs8(key))).toEqual([]);
    },
  );

  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sec1 = privateKey.export({ type: "sec1", format: "pem" }).toString();
  const body = sec1.replace(/-----[^-]+-----/g, "").replaceAll("\n", "");
  const rows: readonly [string, string][] = [
    ["an encrypted key", encrypted(privateKey)],
    ["a key cut in half", sec1.slice(0, 120)],
    ["base64 without its PEM lines", body],
    [
      "the secret number in hex",
      String(privateKey.export({ format: "jwk" }).d),
    ],
    [
      "a public key",
      createPublicKey(privateKey)
        .export({ type: "spki", format: "pem" })
        .toString(),
    ],
    ["nothing", ""],
    ["a file name", "ca.key"],
  ];

  test.each(rows)(
    "%s is refused, and the message holds no part of it",
    async (_name, text) => {
      const message = await refusal(() => readPrivateKey(text, "signer.key"));
      expect(message).toBe(
        "signer.key: is no unencrypted private key in PEM; give PKCS#8, SEC1 or PKCS#1 text.",
      );
      expect(quotedParts(message, text)).toEqual([]);
    },
  );
});

test("a key of a kind nobody here uses has no description", () => {
  expect(describeKey(generateKeyPairSync("ed448").privateKey)).toBeUndefined();
  expect(describeKey(createPrivateKey(exportPkcs8(ec("secp256k1"))))).toBe(
    undefined,
  );
});

function ec(namedCurve: string): KeyObject {
  return generateKeyPairSync("ec", { namedCurve }).privateKey;
}

/** The parts of a secret text, of eight characters and more, that a message repeats. */
function quotedParts(message: string, secret: string): string[] {
  const body = secret.replace(/-----[^-]+-----/g, "").replace(/\s/g, "");
  return Array.from({ length: Math.max(0, body.length - 7) }, (_, at) =>
    body.slice(at, at + 8),
  ).filter((part) => message.includes(part));
}

function encrypted(key: KeyObject): string {
  return key
    .export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "of this test",
    })
    .toString();
}
