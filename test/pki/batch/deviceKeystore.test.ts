import { createPrivateKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tls from "node:tls";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import type { DeviceKeystoreOrder } from "../../../pki/batch/deviceKeystore";
import {
  checkKeystorePassword,
  makeDeviceKeystore,
} from "../../../pki/batch/deviceKeystore";
import { makeKeystore } from "../../../pki/keystore/keystore";
import { splitPem } from "../../support/certificates";
import { describeWith, findProgram, runCommand } from "../../support/command";
import type { Holder } from "../keystore/support/stores";
import { STORE_KEYS, holder } from "../keystore/support/stores";
import { aliases, passwords } from "../keystore/support/words";
import { describeOpenSsl, scratchFolder } from "../support/openssl";

const PASSWORD = "correct horse battery staple";
const ID = "Valve-1/a@b.c_d";

let device: Holder;

beforeAll(async () => {
  device = await holder({ algorithm: "ECDSA", ecdsaCurve: "P256" });
});

function order(
  { privateKeyPem, chainPem }: Holder = device,
  overrides: Partial<DeviceKeystoreOrder> = {},
): DeviceKeystoreOrder {
  return {
    id: ID,
    privateKey: privateKeyPem,
    chain: chainPem,
    password: PASSWORD,
    ...overrides,
  };
}

/** The same, in DER. */
function derOrder(holding: Holder): DeviceKeystoreOrder {
  return order(holding, {
    privateKey: createPrivateKey(holding.privateKeyPem).export({
      type: "pkcs8",
      format: "der",
    }),
    chain: splitPem(holding.chainPem).map((pem) =>
      Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64"),
    ),
  });
}

test("a store has the same bytes each time, from PEM and from DER, and is the one Keystore makes", () => {
  fc.assert(
    fc.property(passwords, aliases, (password, id) => {
      const one = Buffer.from(makeDeviceKeystore({ ...order(), password, id }));
      const other = makeDeviceKeystore({ ...derOrder(device), password, id });
      expect(one.equals(other)).toBe(true);
      const { privateKeyPem, chainPem } = device;
      const { content } = makeKeystore({
        format: "PKCS12",
        privateKeyPem,
        chainPem,
        password,
        alias: id,
      });
      expect(one.equals(content)).toBe(true);
    }),
    { numRuns: 10 },
  );
});

test.each(STORE_KEYS)("Node opens a store with a key of %s", async (_, key) => {
  const pfx = Buffer.from(makeDeviceKeystore(order(await holder(key))));
  tls.createSecureContext({ pfx, passphrase: PASSWORD });
});

test("is made in a worker thread from plain data", async () => {
  const root = join(__dirname, "..", "..", "..");
  const worker = new Worker(
    `const { makeDeviceKeystore } = require(${JSON.stringify(join(root, "pki", "batch", "deviceKeystore"))});
     const { parentPort, workerData } = require("node:worker_threads");
     parentPort.postMessage(makeDeviceKeystore(workerData));`,
    {
      eval: true,
      workerData: derOrder(device),
      execArgv: ["-r", join(root, "bin", "register.cjs")],
    },
  );
  const store = await new Promise<Uint8Array>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  expect(Buffer.from(makeDeviceKeystore(order())).equals(store)).toBe(true);
});

test.each([
  ["an empty password", "", /too short; write 6/],
  ["a weak one", "12345", /too short; write 6/],
  ["one with letters that Java refuses", "pässword", /no printable ASCII/],
  ["one that is too long", "x".repeat(513), /512 characters at most/],
])(
  "%s is refused by the rules of a Keystore, and not repeated",
  (_, password, expected) => {
    const problems = checkKeystorePassword(password);
    expect(problems).toMatchObject([
      {
        path: "keystore.password",
        message: expect.stringMatching(expected) as string,
      },
    ]);
    if (password !== "") {
      expect(JSON.stringify(problems)).not.toContain(password);
    }
    expect(checkKeystorePassword("123456")).toEqual([]);
  },
);

describeOpenSsl("OpenSSL", (openssl) => {
  const folder = scratchFolder();

  test.each(STORE_KEYS)(
    "reads key, chain and the device's id as friendly name: %s",
    async (name, key) => {
      const holding = await holder(key);
      const path = join(folder, `${name}.p12`);
      writeFileSync(path, makeDeviceKeystore(order(holding)), { mode: 0o600 });
      const text = openssl.run([
        ...["pkcs12", "-in", path, "-nodes"],
        ...["-passin", `pass:${PASSWORD}`],
      ]);
      expect(text.match(/friendlyName: .*/g)).toEqual([
        `friendlyName: ${ID}`,
        `friendlyName: ${ID}`,
      ]);
      expect(splitPem(text)).toEqual(splitPem(holding.chainPem));
      const pem = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/;
      expect(`${pem.exec(text)?.[0] ?? ""}\n`).toBe(holding.privateKeyPem);
    },
  );
});

describeWith(
  { name: "keytool", path: findProgram("keytool") },
  "apt-get install default-jdk-headless",
  "keytool",
  (program) => {
    const folder = scratchFolder();

    test("lists the key with its chain, the id in lower case", async () => {
      const path = join(folder, "keystore.p12");
      writeFileSync(path, makeDeviceKeystore(order()), { mode: 0o600 });
      const { code, stdout } = await runCommand(
        program,
        [
          ...["-J-Duser.language=en", "-list", "-v", "-keystore", path],
          ...["-storepass:env", "STORE_PASSWORD"],
        ],
        { env: { ...process.env, STORE_PASSWORD: PASSWORD } },
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(`Alias name: ${ID.toLowerCase()}\n`);
      expect(stdout).toMatch("Entry type: PrivateKeyEntry\n");
      expect(stdout).toMatch("Certificate chain length: 2\n");
    });
  },
);

describeWith(
  { name: "java", path: findProgram("java") },
  "apt-get install default-jdk-headless",
  "Java",
  (program) => {
    const folder = scratchFolder();

    test("signs with the key", async () => {
      const path = join(folder, "keystore.p12");
      writeFileSync(path, makeDeviceKeystore(order()), { mode: 0o600 });
      const source = join(
        ...[__dirname, "..", "..", "interop", "programs", "Keystores.java"],
      );
      const { stdout } = await runCommand(program, [source], {
        input: `list\tPKCS12\t${path}\t${PASSWORD}\n`,
      });
      expect(stdout).toBe(`key=${ID.toLowerCase()}=2=signs\n`);
    });
  },
);
