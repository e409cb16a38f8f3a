import { createPrivateKey } from "node:crypto";
import * as tls from "node:tls";
import fc from "fast-check";
import type { KeystoreOrder } from "../../../pki/keystore/keystore";
import { makeKeystore } from "../../../pki/keystore/keystore";
import { splitPem } from "../../support/certificates";
import type { OpenSsl } from "../support/openssl";
import { describeOpenSsl } from "../support/openssl";
import type { Holder } from "./support/stores";
import { STORE_KEYS, holder } from "./support/stores";
import { aliases, passwords } from "./support/words";

const PASSWORD = "correct horse battery staple";

let device: Holder;

beforeAll(async () => {
  device = await holder({ algorithm: "ECDSA", ecdsaCurve: "P256" });
});

function store(overrides: Partial<KeystoreOrder> = {}): Buffer {
  const { privateKeyPem, chainPem } = device;
  const order = { format: "PKCS12", privateKeyPem, chainPem };
  const { content } = makeKeystore({
    ...order,
    password: PASSWORD,
    ...overrides,
  });
  return Buffer.from(content);
}

function trustStore(overrides: Partial<KeystoreOrder> = {}): Buffer {
  const { content } = makeKeystore({
    format: "PKCS12",
    trustAnchorsPem: device.trustAnchorsPem,
    password: PASSWORD,
    ...overrides,
  });
  return Buffer.from(content);
}

describe("the same store", () => {
  test("has the same bytes, for every password and name, and Node opens it", () => {
    fc.assert(
      fc.property(passwords, aliases, (password, alias) => {
        const pfx = store({ password, alias });
        expect(store({ password, alias }).equals(pfx)).toBe(true);
        tls.createSecureContext({ pfx, passphrase: password });
      }),
      { numRuns: 15 },
    );
  });

  test("has other bytes wherever anything is another", async () => {
    const other = await holder({ algorithm: "ECDSA", ecdsaCurve: "P256" });
    const all = [
      store(),
      store({ password: `${PASSWORD}!` }),
      store({ alias: "another" }),
      store({ chainPem: device.leaf.certificatePem }),
      store({ trustAnchorsPem: device.trustAnchorsPem }),
      store({ privateKeyPem: other.privateKeyPem, chainPem: other.chainPem }),
    ];
    const texts = all.map((bytes) => bytes.toString("hex"));
    expect(new Set(texts).size).toBe(all.length);
  });

  test("comes of the same key in another PEM form, and of anchors named twice", () => {
    const sec1 = createPrivateKey(device.privateKeyPem)
      .export({ type: "sec1", format: "pem" })
      .toString();
    expect(store({ privateKeyPem: sec1 })).toEqual(store());
    const { trustAnchorsPem } = device;
    expect(
      trustStore({ trustAnchorsPem: `# root\n${trustAnchorsPem.repeat(2)}` }),
    ).toEqual(trustStore());
  });
});

test("Node refuses another password", () => {
  expect(() =>
    tls.createSecureContext({ pfx: store(), passphrase: "incorrect horse" }),
  ).toThrow(/mac verify failure/);
});

test("a store in which one octet changed is refused", () => {
  const pfx = store();
  // Not every octet matters to a reader; those of the encrypted key do.
  pfx.writeUInt8(pfx.readUInt8(pfx.length - 200) ^ 1, pfx.length - 200);
  expect(() => tls.createSecureContext({ pfx, passphrase: PASSWORD })).toThrow(
    /mac verify failure/,
  );
});

test("key, password and names are not to be seen in the bytes", () => {
  const bytes = store({ trustAnchorsPem: device.trustAnchorsPem });
  const hidden = [
    createPrivateKey(device.privateKeyPem).export({
      type: "pkcs8",
      format: "der",
    }),
    Buffer.from(PASSWORD),
    Buffer.from(PASSWORD, "utf16le").swap16(),
    Buffer.from("Test Root CA"),
  ];
  expect(hidden.map((secret) => bytes.includes(secret))).toEqual(
    hidden.map(() => false),
  );
});

/** What OpenSSL says of a store. */
class Reader {
  constructor(private readonly openssl: OpenSsl) {}

  read(bytes: Buffer, password: string, ...args: readonly string[]): string {
    return this.openssl.run([
      "pkcs12",
      "-in",
      this.openssl.file("store.p12", bytes),
      "-passin",
      `file:${this.openssl.file("password.txt", `${password}\n`)}`,
      "-nodes",
      ...args,
    ]);
  }

  names(text: string): string[] {
    return [...text.matchAll(/friendlyName: (.*)/g)].map(([, name = ""]) =>
      name.trimEnd(),
    );
  }
}

describeOpenSsl("OpenSSL", (openssl) => {
  const reader = new Reader(openssl);

  test.each(STORE_KEYS)(
    "reads key and chain of a device with %s",
    async (_name, key) => {
      const { privateKeyPem, chainPem, leaf, ca } = await holder(key);
      const bytes = store({ privateKeyPem, chainPem });
      const text = reader.read(bytes, PASSWORD);
      expect(splitPem(text)).toEqual([leaf.certificatePem, ca.certificatePem]);
      const [block = ""] =
        /-----BEGIN PRIVATE KEY-----[^]+?-----END PRIVATE KEY-----/.exec(
          text,
        ) ?? [];
      expect(createPrivateKey(block).equals(leaf.key)).toBe(true);
      // The key and its certificate, not the CA.
      expect(reader.names(text)).toEqual(["devicekeyentry", "devicekeyentry"]);
      const ids = [...text.matchAll(/localKeyID: (.*)/g)].map(([, id]) => id);
      expect(ids).toHaveLength(2);
      expect(new Set(ids).size).toBe(1);
    },
  );

  test("finds the encryption and the code it should", () => {
    const { said } = openssl.try([
      "pkcs12",
      "-in",
      openssl.file("store.p12", store()),
      "-passin",
      `file:${openssl.file("password.txt", PASSWORD)}`,
      "-info",
      "-noout",
    ]);
    expect(said).toContain("MAC: sha256, Iteration 10000");
    const pbes2 =
      "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256";
    expect(said).toContain(`PKCS7 Encrypted data: ${pbes2}`);
    expect(said).toContain(`Shrouded Keybag: ${pbes2}`);
  });

  test("reads trusted certificates in their order, each under its name", () => {
    const { ca, leaf, authority } = device;
    const trustAnchorsPem = [authority, ca, authority, leaf]
      .map(({ certificatePem }) => certificatePem)
      .join("");
    const text = reader.read(trustStore({ trustAnchorsPem }), PASSWORD);
    expect(splitPem(text)).toEqual(
      [authority, ca, leaf].map(({ certificatePem }) => certificatePem),
    );
    expect(reader.names(text)).toEqual([
      "servercertificate",
      "servercertificate-2",
      "servercertificate-3",
    ]);
    expect(text).toContain("2.16.840.1.113894.746875.1.1");
    expect(text).not.toContain("PRIVATE KEY");
  });

  test("reads any password and name", () => {
    fc.assert(
      fc.property(
        passwords,
        aliases,
        aliases,
        (password, alias, trustAlias) => {
          fc.pre(alias !== trustAlias);
          const { trustAnchorsPem } = device;
          const names = { alias, trustAlias };
          const bytes = store({ trustAnchorsPem, password, ...names });
          const text = reader.read(bytes, password);
          expect(reader.names(text)).toEqual([alias, trustAlias, alias]);
          expect(splitPem(text)).toHaveLength(3);
        },
      ),
      { numRuns: 15 },
    );
  });
});
