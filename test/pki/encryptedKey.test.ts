import type { KeyObject } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import fc from "fast-check";
import {
  encryptPkcs8,
  encryptTraditional,
  readEncryptedPrivateKey,
} from "../../pki/encryptedKey";
import type { KeySpec } from "../../pki/key";
import { exportPkcs8, generateKey } from "../../pki/key";
import { InputError } from "../../pki/problem";
import { KeySearch } from "../support/keySearch";
import { KEYS } from "./support/authority";
import { describeOpenSsl } from "./support/openssl";
import { passwords } from "./keystore/support/words";

const PASSPHRASE = "correct horse battery staple";
const P256: KeySpec = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/** Every kind of key in every form there is of it. */
const FORMS = KEYS.flatMap(({ name, key }) => {
  const made = generateKey(key);
  return [
    { name: `${name} as PKCS#8`, key: made, encrypt: encryptPkcs8 },
    ...(key.algorithm === "ED25519"
      ? []
      : [
          {
            name: `${name} in the traditional form`,
            key: made,
            encrypt: encryptTraditional,
          },
        ]),
  ];
});

function read(pem: string, passphrase = PASSPHRASE): KeyObject {
  return readEncryptedPrivateKey(pem, passphrase, "existing.privateKeyPem");
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) {
      return error.message;
    }
    throw error;
  }
  return "";
}

describe.each(FORMS)("$name", ({ key, encrypt }) => {
  const pem = encrypt(key, PASSPHRASE);

  test("reads back, and is the same text again", () => {
    expect(read(pem).equals(key)).toBe(true);
    expect(encrypt(key, PASSPHRASE)).toBe(pem);
    expect(encrypt(key, `${PASSPHRASE}!`)).not.toBe(pem);
  });

  test("shows nothing of the key", () => {
    const search = new KeySearch({ key: exportPkcs8(key) });
    expect(search.find(pem)).toEqual([]);
  });

  test("is refused with another passphrase, by its path and without either", () => {
    const said = refusal(() => read(pem, "incorrect-horse"));
    expect(said).toMatch(
      /^existing\.privateKeyPem: cannot be decrypted: its passphrase is another one/,
    );
    expect(said).not.toMatch(/correct.horse/);
  });

  test("keeps to lines of 64 characters", () => {
    expect(pem).toMatch(/^(.{1,64}\n|\n)+$/);
  });
});

test("any passphrase reads back, from either form", () => {
  const key = generateKey(P256);
  fc.assert(
    fc.property(passwords, (passphrase) => {
      for (const encrypt of [encryptPkcs8, encryptTraditional]) {
        const pem = encrypt(key, passphrase);
        expect(encrypt(key, passphrase)).toBe(pem);
        expect(read(pem, passphrase).equals(key)).toBe(true);
      }
    }),
    { numRuns: 25 },
  );
});

test("other keys and forms never share salt or initialization vector", () => {
  const keys = Array.from({ length: 5 }, () => generateKey(P256));
  const beginnings = keys.flatMap((key) => [
    encryptPkcs8(key, PASSPHRASE).slice(0, 180),
    encryptTraditional(key, PASSPHRASE).split("\n")[2],
  ]);
  expect(new Set(beginnings).size).toBe(10);
});

test("the traditional form has the headers ThingsBoard's reader looks for", () => {
  for (const [spec, label] of [
    [P256, "EC"],
    [{ algorithm: "RSA", rsaBits: 2048 }, "RSA"],
  ] as const) {
    expect(encryptTraditional(generateKey(spec), PASSPHRASE)).toMatch(
      new RegExp(
        `^-----BEGIN ${label} PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,[0-9A-F]{32}\n\n[A-Za-z0-9+/=\n]+\n-----END ${label} PRIVATE KEY-----\n$`,
      ),
    );
  }
});

test("what others encrypted is read: Node's PKCS#8, SEC1 and PKCS#1", () => {
  const ec = generateKey(P256);
  const rsa = generateKey({ algorithm: "RSA", rsaBits: 2048 });
  const rows = [
    [ec, "pkcs8"],
    [ec, "sec1"],
    [rsa, "pkcs8"],
    [rsa, "pkcs1"],
  ] as const;
  for (const [key, type] of rows) {
    for (const cipher of ["aes-128-cbc", "aes-256-cbc", "des-ede3-cbc"]) {
      const pem = key.export({
        type,
        format: "pem",
        cipher,
        passphrase: PASSPHRASE,
      } as never);
      expect(read(String(pem)).equals(key)).toBe(true);
      expect(read(`a word before\n${String(pem)}`).equals(key)).toBe(true);
    }
  }
});

describe("is refused", () => {
  const rows: readonly [string, () => unknown, RegExp][] = [
    [
      "a key that is not encrypted",
      () => read(exportPkcs8(generateKey(P256))),
      /^existing\.privateKeyPem: is not encrypted; leave its passphrase out\.$/,
    ],
    [
      "text that is no key",
      () => read("key.pem"),
      /^existing\.privateKeyPem: holds no encrypted private key in PEM/,
    ],
    [
      "a key cut short",
      () => read(encryptPkcs8(generateKey(P256), PASSPHRASE).slice(0, 150)),
      /^existing\.privateKeyPem: cannot be decrypted/,
    ],
    [
      "Ed25519 in the traditional form, which there is none of",
      () => encryptTraditional(generateKey({ algorithm: "ED25519" }), "secret"),
      /^privateKeyPem: is a key without a traditional form/,
    ],
    [
      "a short passphrase",
      () => encryptPkcs8(generateKey(P256), "12345"),
      /^passphrase: is too short/,
    ],
    [
      "a passphrase beyond ASCII",
      () => encryptTraditional(generateKey(P256), "schlüssel"),
      /^passphrase: holds a character that is no printable ASCII/,
    ],
  ];

  test.each(rows)("%s", (_name, action, reason) => {
    expect(refusal(action)).toMatch(reason);
  });
});

describeOpenSsl("OpenSSL", (openssl) => {
  test.each(FORMS)("decrypts $name", ({ key, encrypt }) => {
    const text = openssl.run([
      "pkey",
      "-in",
      openssl.file("key.pem", encrypt(key, PASSPHRASE)),
      "-passin",
      `file:${openssl.file("passphrase.txt", `${PASSPHRASE}\n`)}`,
    ]);
    expect(createPrivateKey(text).equals(key)).toBe(true);
  });
});
