import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { KeySpec } from "../../pki/key";
import { exportPkcs8 } from "../../pki/key";
import type { KeystoreOrder } from "../../pki/keystore/keystore";
import { makeKeystore } from "../../pki/keystore/keystore";
import type { Party } from "../pki/support/authority";
import { intermediate, issue, root } from "../pki/support/authority";
import { STORE_KEYS } from "../pki/keystore/support/stores";
import { aliases, passwords } from "../pki/keystore/support/words";
import { describeWith, findProgram, runCommand } from "../support/command";

const PROGRAM = join(__dirname, "programs", "Keystores.java");
/** A program of a second is compiled no better than need be. */
const QUICKLY = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const PASSWORD = "correct horse battery staple";
const HOST = "mqtt.example.com";
const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-stores-"));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A store on disk, as a program is told of it. */
interface StoreFile {
  /** The type to open it as. */
  readonly type: string;
  readonly path: string;
  readonly password: string;
}

let files = 0;

/** Writes a store. */
function store(order: Partial<KeystoreOrder>, type?: string): StoreFile {
  const complete = { format: "PKCS12", password: PASSWORD, ...order };
  const path = join(folder, `store-${files}`);
  files += 1;
  writeFileSync(path, makeKeystore(complete).content, { mode: 0o600 });
  return {
    type: type ?? complete.format,
    path,
    password: complete.password,
  };
}

/** One side of a connection: a leaf, and the CAs it shows with it. */
interface Side {
  readonly leaf: Party;
  readonly chainPem: string;
  readonly anchor: string;
}

async function side(profile: string, key: KeySpec): Promise<Side> {
  const now = new Date();
  const name = profile === "server" ? HOST : "thermometer-1";
  const authority = await root(
    { subject: { commonName: `${profile} root` } },
    now,
  );
  const ca = await intermediate(
    authority,
    { subject: { commonName: `${profile} CA` } },
    now,
  );
  const leaf = await issue(
    ca,
    {
      profile,
      subject: { commonName: name },
      key,
      ...(profile === "server" && { dnsNames: [HOST] }),
    },
    now,
  );
  const chainPem = leaf.certificatePem + ca.certificatePem;
  return { leaf, chainPem, anchor: authority.certificatePem };
}

function keyOrder({ leaf, chainPem }: Side): Partial<KeystoreOrder> {
  return { privateKeyPem: exportPkcs8(leaf.key), chainPem };
}

const P256: KeySpec = { algorithm: "ECDSA", ecdsaCurve: "P256" };

let server: Side;
let device: Side;

beforeAll(async () => {
  server = await side("server", P256);
  device = await side("device", P256);
});

describeWith(
  { name: "keytool", path: findProgram("keytool") },
  "apt-get install default-jdk-headless",
  "keytool",
  (program) => {
    /** What it lists, by alias, or its complaint. */
    const list = async (file: StoreFile): Promise<Record<string, string>> => {
      const { stdout } = await runCommand(
        program,
        [
          "-J-Duser.language=en",
          "-list",
          "-v",
          "-keystore",
          file.path,
          "-storepass:env",
          "STORE_PASSWORD",
        ],
        { env: { ...process.env, STORE_PASSWORD: file.password } },
      );
      const entries = stdout.matchAll(
        /Alias name: (.*)\n(?:.*\n)?Entry type: (\w+)(?:\nCertificate chain length: (\d+))?/g,
      );
      const found = [...entries].map(([, alias = "", type = "", length]) => [
        alias,
        [type, length].filter(Boolean).join(" "),
      ]);
      return found.length > 0
        ? (Object.fromEntries(found) as Record<string, string>)
        : { refused: stdout };
    };

    test("lists a key with its chain", async () => {
      expect(await list(store(keyOrder(device)))).toEqual({
        devicekeyentry: "PrivateKeyEntry 2",
      });
    });

    test.each(["PKCS12", "JKS"])(
      "lists the trusted certificates of a %s store",
      async (format) => {
        const trustAnchorsPem = server.anchor + device.anchor;
        expect(await list(store({ format, trustAnchorsPem }))).toEqual({
          servercertificate: "trustedCertEntry",
          "servercertificate-2": "trustedCertEntry",
        });
      },
    );

    test("lists both of a store with both; the chain then ends in the root that is trusted", async () => {
      const names = { alias: "valve 1/a@b", trustAlias: "root" };
      const both = { ...keyOrder(device), trustAnchorsPem: device.anchor };
      expect(await list(store({ ...both, ...names }))).toEqual({
        "valve 1/a@b": "PrivateKeyEntry 3",
        root: "trustedCertEntry",
      });
    });

    test.each(["PKCS12", "JKS"])(
      "refuses a %s store with another password",
      async (format) => {
        const file = store({ format, trustAnchorsPem: server.anchor });
        const { refused } = await list({ ...file, password: "incorrect" });
        expect(refused).toMatch(/password was incorrect/);
      },
    );
  },
);

/** Fields of a line of `Keystores.java`. */
function fields({ type, path, password }: StoreFile): string[] {
  return [type, path, password];
}

describeWith(
  { name: "java", path: findProgram("java") },
  "apt-get install default-jdk-headless",
  "Java",
  (program) => {
    /** One answer for each case; all in one start, which takes longer than any of them. */
    const ask = async (
      cases: readonly (readonly string[])[],
    ): Promise<string[]> => {
      const { code, stdout, stderr } = await runCommand(
        program,
        [...QUICKLY, PROGRAM],
        {
          input: `${cases.map((line) => line.join("\t")).join("\n")}\n`,
        },
      );
      const answers = stdout.trimEnd().split("\n");
      if (code !== 0 || answers.length !== cases.length) {
        throw new Error(`java ended with exit code ${code}:\n${stderr}`);
      }
      return answers;
    };

    test("signs with every kind of key out of a store, also where it expects JKS, as ThingsBoard does by default", async () => {
      const sides = await Promise.all(
        STORE_KEYS.map(([, key]) => side("device", key)),
      );
      const cases = sides.flatMap((one) => [
        ["list", ...fields(store(keyOrder(one)))],
        ["list", ...fields(store(keyOrder(one), "JKS"))],
      ]);
      expect(await ask(cases)).toEqual(
        cases.map(() => "key=devicekeyentry=2=signs"),
      );
    });

    test("opens stores of any password and name, and finds every entry by its name", async () => {
      const words = fc
        .sample(fc.tuple(passwords, aliases, aliases), 15)
        .filter(([, alias, trustAlias]) => alias !== trustAlias);
      const trust = { trustAnchorsPem: server.anchor };
      const cases = words.flatMap(([password, alias, trustAlias]) => [
        ["list", ...fields(store({ ...keyOrder(device), password, alias }))],
        ["list", ...fields(store({ ...trust, password, trustAlias }))],
        [
          "list",
          ...fields(store({ ...trust, password, trustAlias, format: "JKS" })),
        ],
      ]);
      expect(await ask(cases)).toEqual(
        words.flatMap(([, alias, trustAlias]) => [
          `key=${alias}=2=signs`,
          `trusted=${trustAlias}`,
          `trusted=${trustAlias}`,
        ]),
      );
    });

    test("refuses another password, and a JKS store in which an octet changed", async () => {
      const order = { format: "JKS", trustAnchorsPem: server.anchor };
      const { content } = makeKeystore({ ...order, password: PASSWORD });
      const bytes = Buffer.from(content);
      // The first letter of the alias: all still reads well, but for the digest.
      bytes.writeUInt8(bytes.readUInt8(18) ^ 1, 18);
      const path = join(folder, "changed.jks");
      writeFileSync(path, bytes);
      const changed = { type: "JKS", path, password: PASSWORD };
      const wrong = [
        { ...store(keyOrder(device)), password: "incorrect" },
        { ...store(order), password: "incorrect" },
        changed,
      ];
      const answers = await ask(wrong.map((file) => ["list", ...fields(file)]));
      expect(answers).toEqual([
        expect.stringMatching(/^refused: .*password was incorrect/),
        expect.stringMatching(/^refused: .*password was incorrect/),
        expect.stringMatching(/^refused: .*(tampered|password was incorrect)/),
      ]);
    });

    test("connects a device and a broker that know each other by these stores alone", async () => {
      const sides = await Promise.all(
        STORE_KEYS.filter(([, { algorithm }]) => algorithm !== "ED25519").map(
          ([, key]) => Promise.all([side("server", key), side("device", key)]),
        ),
      );
      const cases = sides.flatMap(([broker, client]) =>
        ["PKCS12", "JKS"].flatMap((format) => {
          const stores = [
            store(keyOrder(broker)),
            store({ format, trustAnchorsPem: client.anchor }),
            store(keyOrder(client)),
            store({ format, trustAnchorsPem: broker.anchor }),
          ].flatMap(fields);
          return ["TLSv1.2", "TLSv1.3"].map((version) => [
            "handshake",
            version,
            HOST,
            ...stores,
          ]);
        }),
      );
      expect(await ask(cases)).toEqual(
        cases.map(() => `client: CN=${HOST}\tserver: CN=thermometer-1`),
      );
    });

    test("connects by stores that hold key and trust in one", async () => {
      const [broker, client] = [
        store({ ...keyOrder(server), trustAnchorsPem: device.anchor }),
        store({ ...keyOrder(device), trustAnchorsPem: server.anchor }),
      ].map(fields) as [string[], string[]];
      const line = [...broker, ...broker, ...client, ...client];
      expect(await ask([["handshake", "TLSv1.3", HOST, ...line]])).toEqual([
        `client: CN=${HOST}\tserver: CN=thermometer-1`,
      ]);
    });

    test("refuses, by a trust store of another root, the broker and the device, each for that reason", async () => {
      // Roots of the same names and other keys: what is compared is more than names.
      const strangers = await Promise.all([
        side("server", P256),
        side("device", P256),
      ]);
      const cases = ["PKCS12", "JKS"].flatMap((format) => {
        const trust = ({ anchor }: Side): StoreFile =>
          store({ format, trustAnchorsPem: anchor });
        const [broker, client] = [server, device].map((one) =>
          store(keyOrder(one)),
        ) as [StoreFile, StoreFile];
        const byClient = [broker, trust(device), client, trust(strangers[0])];
        const byServer = [broker, trust(strangers[1]), client, trust(server)];
        return ["TLSv1.2", "TLSv1.3"].flatMap((version) =>
          [byClient, byServer].map((stores) => [
            "handshake",
            version,
            HOST,
            ...stores.flatMap(fields),
          ]),
        );
      });
      const reason =
        "refused: [^\\t]*PKIX path validation failed[^\\t]*Path does not chain with any of the trust anchors";
      expect(await ask(cases)).toEqual(
        cases.map((_case, index): unknown =>
          // Who is refused is told in one way or another, or only finds the connection closed.
          expect.stringMatching(
            index % 2 === 0
              ? new RegExp(`^client: ${reason}[^\\t]*\\tserver: refused: `)
              : new RegExp(`^client: refused: [^\\t]*\\tserver: ${reason}`),
          ),
        ),
      );
    });
  },
);
