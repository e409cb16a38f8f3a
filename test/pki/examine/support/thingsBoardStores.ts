import { X509Certificate, createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Constructed, OctetString, fromBER } from "asn1js";
import type { AsnType } from "asn1js";
import type { ThingsBoardKeystoreFiles } from "../../../../pki/examine/thingsBoardKeystore";
import { writeJks } from "../../../../pki/keystore/jks";
import { makeKeystore } from "../../../../pki/keystore/keystore";
import { writePkcs12 } from "../../../../pki/keystore/pkcs12";
import type { SeedFolder } from "./seeds";
import type { Material } from "./thingsBoardMaterial";
import { Fate } from "./thingsBoardRow";

export const STORE_PASSWORD = "correct horse";
const OTHER_PASSWORD = "battery staple";

/** What makes stores of a server's files. */
export class StoreMaker {
  private count = 0;

  /** @param keytool `undefined` where there is no Java */
  constructor(
    readonly place: SeedFolder,
    readonly material: Material,
    readonly keytool: string | undefined,
  ) {
    place.write("stored.pem", material.leaf);
    place.write("issuers.pem", material.intermediate, material.root);
  }

  /** By `openssl pkcs12 -export`. */
  openssl(...more: readonly string[]): Buffer {
    const name = this.next();
    this.place.run(
      ...["pkcs12", "-export", "-out", name],
      ...["-in", "stored.pem", "-certfile", "issuers.pem"],
      ...["-inkey", this.material.paths.key],
      ...["-passout", `pass:${STORE_PASSWORD}`, "-name", "MQTT", ...more],
    );
    return this.read(name);
  }

  /** A store of Java's own, with the key of this server once for each of these passwords. */
  java(type: string, keyPasswords: readonly string[]): Buffer {
    const target = this.next();
    const store = this.openssl();
    keyPasswords.forEach((keyPassword, index) => {
      const source = this.next();
      this.write(source, store);
      this.runKeytool(
        ...["-importkeystore", "-noprompt", "-deststoretype", type],
        ...["-srckeystore", source, "-srcstorepass", STORE_PASSWORD],
        ...["-destkeystore", target, "-deststorepass", STORE_PASSWORD],
        ...["-srcalias", "mqtt", "-destalias", `key-${index}`],
        ...["-destkeypass", keyPassword],
      );
    });
    return this.read(target);
  }

  private runKeytool(...args: readonly string[]): void {
    const { status, said } = this.place.try(
      this.keytool ?? "",
      "-J-XX:TieredStopAtLevel=1",
      ...args,
    );
    if (status !== 0) {
      throw new Error(`keytool ${args.join(" ")}: ${said}`);
    }
  }

  private next(): string {
    this.count += 1;
    return `store-${this.count}`;
  }

  private read(name: string): Buffer {
    return readFileSync(join(this.place.path, name));
  }

  private write(name: string, content: Buffer): void {
    this.place.writeBytes(name, content);
  }
}

/** One row of the acceptance matrix of key stores. */
export interface StoreRow {
  readonly input: string;
  /** Passwords are right but for what is said. */
  readonly files: (
    maker: StoreMaker,
  ) => Partial<ThingsBoardKeystoreFiles> & { readonly content: Uint8Array };
  readonly fate: string;
  /** What Java makes of it, where we are stricter. */
  readonly java?: string;
  readonly row: RegExp;
  /** Whether only Java's keytool makes such a store. */
  readonly keytool?: boolean;
}

const { Serves, Starts, Refused } = Fate;
const PKCS12 = /^PKCS#12 key store$/;
const JKS = /^JKS key store$/;
const NO_KEY = /^key store without private key$/;
const KEY_PASSWORD = /^key store, wrong password of the key$/;

const of =
  (...more: readonly string[]) =>
  (maker: StoreMaker): { content: Buffer } => ({
    content: maker.openssl(...more),
  });

const END_OF_CONTENTS = Buffer.alloc(2);

/** The same store, its outer values without lengths, and its content in pieces. */
function inPieces(store: Buffer): Buffer {
  const [version, authSafe, macData] = valuesOf(fromBER(store).result);
  const [type, wrapped] = valuesOf(authSafe);
  const [content] = valuesOf(wrapped);
  const octets =
    content instanceof OctetString ? Buffer.from(content.getValue()) : store;
  const pieces: Buffer[] = [];
  for (let at = 0; at < octets.length; at += 1000) {
    const valueHex = octets.subarray(at, at + 1000);
    pieces.push(encoded(new OctetString({ valueHex })));
  }
  const unlimited = (tag: number, ...parts: readonly Buffer[]): Buffer =>
    Buffer.concat([Buffer.from([tag, 0x80]), ...parts, END_OF_CONTENTS]);
  return unlimited(
    0x30,
    encoded(version),
    unlimited(0x30, encoded(type), unlimited(0xa0, unlimited(0x24, ...pieces))),
    encoded(macData),
  );
}

function valuesOf(value: AsnType | undefined): AsnType[] {
  return value instanceof Constructed ? value.valueBlock.value : [];
}

function encoded(value: AsnType | undefined): Buffer {
  return Buffer.from(value?.toBER() ?? new ArrayBuffer());
}

const LEGACY = ["-legacy", "-keypbe", "PBE-SHA1-3DES", "-certpbe"];

export const STORE_ROWS: readonly StoreRow[] = [
  { input: "OpenSSL 3", files: of(), fate: Serves, row: PKCS12 },
  {
    input: "OpenSSL 3, certificates by RC2 of 40 bits (-legacy)",
    files: of("-legacy"),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "certificates by RC2 of 128 bits",
    files: of(...LEGACY, "PBE-SHA1-RC2-128"),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "certificates by 3DES",
    files: of(...LEGACY, "PBE-SHA1-3DES"),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "certificates not encrypted",
    files: of("-certpbe", "NONE"),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "HMAC with SHA-1",
    files: of("-macalg", "sha1"),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "HMAC with SHA-512",
    files: of("-macalg", "sha512"),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "BER of unknown lengths, in pieces, as BouncyCastle writes it",
    files: (maker) => ({ content: inPieces(maker.openssl()) }),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "more bytes behind the store",
    files: (maker) => ({
      content: Buffer.concat([maker.openssl(), Buffer.from("\n")]),
    }),
    fate: Serves,
    row: PKCS12,
  },
  { input: "without HMAC", files: of("-nomac"), fate: Serves, row: PKCS12 },
  {
    input: "key not encrypted, which Java passes over",
    files: of("-keypbe", "NONE"),
    fate: Refused,
    row: NO_KEY,
  },
  {
    input: "alias in other letters",
    files: (maker) => ({ content: maker.openssl(), keyAlias: "Mqtt" }),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "alias of nobody",
    files: (maker) => ({ content: maker.openssl(), keyAlias: "server" }),
    fate: Refused,
    row: /^key store without the alias$/,
  },
  {
    input: "other password of the store",
    files: (maker) => ({
      content: maker.openssl(),
      keystorePassword: OTHER_PASSWORD,
    }),
    fate: Refused,
    row: /^key store, wrong password$/,
  },
  {
    input: "other password of the store, without HMAC: nothing asks for it",
    files: (maker) => ({
      content: maker.openssl("-nomac"),
      keystorePassword: OTHER_PASSWORD,
    }),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "empty password of the store",
    files: (maker) => ({ content: maker.openssl(), keystorePassword: "" }),
    fate: Refused,
    row: /^key store, wrong password$/,
  },
  {
    input: "password of the key that differs from the store's",
    files: (maker) => ({
      content: maker.openssl(),
      keyPassword: OTHER_PASSWORD,
    }),
    fate: Refused,
    row: KEY_PASSWORD,
  },
  {
    input: "empty password of the key",
    files: (maker) => ({ content: maker.openssl(), keyPassword: "" }),
    fate: Refused,
    row: KEY_PASSWORD,
  },
  {
    input: "certificates alone",
    files: of("-nokeys"),
    fate: Refused,
    row: NO_KEY,
  },
  {
    input: "our own, as of Keystore",
    files: ({ material }) => ({
      content: makeKeystore({
        format: "PKCS12",
        password: STORE_PASSWORD,
        privateKeyPem: material.key,
        chainPem: material.leaf + material.intermediate,
      }).content,
    }),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "our own, with trusted certificates",
    files: ({ material }) => ({
      content: makeKeystore({
        format: "PKCS12",
        password: STORE_PASSWORD,
        privateKeyPem: material.key,
        chainPem: material.leaf + material.intermediate,
        trustAnchorsPem: material.stranger,
      }).content,
    }),
    fate: Serves,
    row: PKCS12,
  },
  {
    input: "alias of a trusted certificate",
    files: ({ material }) => ({
      content: makeKeystore({
        format: "PKCS12",
        password: STORE_PASSWORD,
        privateKeyPem: material.key,
        chainPem: material.leaf + material.intermediate,
        trustAnchorsPem: material.stranger,
      }).content,
      keyAlias: "servercertificate",
    }),
    fate: Refused,
    row: /^key store without the alias$/,
  },
  {
    input: "another key than the certificate's",
    files: ({ material }) => ({
      content: writePkcs12(
        {
          key: {
            alias: "mqtt",
            key: createPrivateKey(material.otherKey),
            certificate: new X509Certificate(material.leaf),
            issuers: [],
          },
          trusted: [],
        },
        STORE_PASSWORD,
      ),
    }),
    fate: Starts,
    row: /^other key of the certificate's kind$/,
  },
  {
    input: "key of another kind than the certificate's",
    files: ({ material }) => ({
      content: writePkcs12(
        {
          key: {
            alias: "mqtt",
            key: createPrivateKey(material.foreignKey),
            certificate: new X509Certificate(material.leaf),
            issuers: [],
          },
          trusted: [],
        },
        STORE_PASSWORD,
      ),
    }),
    fate: Refused,
    row: /^key of another kind than the certificate's$/,
  },
  {
    input: "trusted certificates in JKS",
    files: ({ material }) => ({
      content: writeJks(
        [{ alias: "root", certificate: new X509Certificate(material.root) }],
        STORE_PASSWORD,
      ),
    }),
    fate: Refused,
    row: NO_KEY,
  },
  {
    input: "a store that went through text",
    files: (maker) => ({
      content: Buffer.from(maker.openssl().toString("utf8")),
    }),
    fate: Refused,
    row: /^unreadable key store$/,
  },
  {
    input: "PEM for a store",
    files: ({ material }) => ({ content: Buffer.from(material.leaf) }),
    fate: Refused,
    row: /^unreadable key store$/,
  },
  {
    input: "an empty file",
    files: () => ({ content: Buffer.alloc(0) }),
    fate: Refused,
    row: /^unreadable key store$/,
  },
  {
    input: "a store that is cut off",
    files: (maker) => ({ content: maker.openssl().subarray(0, -9) }),
    fate: Refused,
    row: /^unreadable key store$/,
  },
  {
    input: "keytool, PKCS12",
    files: (maker) => ({
      content: maker.java("PKCS12", [STORE_PASSWORD]),
    }),
    fate: Serves,
    row: PKCS12,
    keytool: true,
  },
  {
    input: "keytool, JKS",
    files: (maker) => ({
      content: maker.java("JKS", [STORE_PASSWORD]),
    }),
    fate: Serves,
    row: JKS,
    keytool: true,
  },
  {
    input: "JKS, key with a password of its own, which is configured",
    files: (maker) => ({
      content: maker.java("JKS", [OTHER_PASSWORD]),
      keyPassword: OTHER_PASSWORD,
      keyAlias: "KEY-0",
    }),
    fate: Serves,
    row: JKS,
    keytool: true,
  },
  {
    input: "JKS, key with a password of its own, which is not",
    files: (maker) => ({
      content: maker.java("JKS", [OTHER_PASSWORD]),
    }),
    fate: Refused,
    row: KEY_PASSWORD,
    keytool: true,
  },
  {
    input: "JKS, other password of the store",
    files: (maker) => ({
      content: maker.java("JKS", [STORE_PASSWORD]),
      keystorePassword: OTHER_PASSWORD,
    }),
    fate: Refused,
    row: /^key store, wrong password$/,
    keytool: true,
  },
  {
    input: "JKS, a second key with another password",
    files: (maker) => ({
      content: maker.java("JKS", [STORE_PASSWORD, OTHER_PASSWORD]),
    }),
    fate: Starts,
    row: /^key store with a key of another password$/,
    keytool: true,
  },
  {
    input:
      "JKS, two keys with one password: which one is served is Java's choice",
    files: (maker) => ({
      content: maker.java("JKS", [STORE_PASSWORD, STORE_PASSWORD]),
    }),
    fate: Starts,
    java: Serves,
    row: /^key store with several keys$/,
    keytool: true,
  },
];
