import { spawn } from "node:child_process";
import {
  X509Certificate,
  createPublicKey,
  generateKeyPairSync,
} from "node:crypto";
import { once } from "node:events";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { ProtectionInputs } from "../../provider/deviceProtection";
import { scratchFolder } from "../pki/support/openssl";
import { runCommand } from "../support/command";
import type { NativeAge } from "../support/nativeAge";
import type { PlainKeyReport } from "../support/plainKeyWatch";
import { PlainKeyWatch } from "../support/plainKeyWatch";
import type { Hierarchy } from "./support/inputs";
import { hierarchy } from "./support/inputs";
import type { Recipient } from "./support/protected";
import {
  makeRecipient,
  openSealed,
  protectedInputs,
} from "./support/protected";
import type { Properties } from "./support/wire";

jest.mock("age-encryption", () =>
  jest.requireActual<NativeAge>("../support/nativeAge").loadAge(),
);

const ROOT = join(__dirname, "..", "..");
const folder = scratchFolder();
const IDS = Array.from({ length: 40 }, (_, place) => `device-${place}`);
const keystore = { password: "correct horse battery staple" };

let above: Hierarchy;
let factory: Recipient;
let seal: NonNullable<ProtectionInputs["seal"]>;

beforeAll(async () => {
  above = await hierarchy();
  factory = await makeRecipient();
  seal = { recipients: [factory.recipient] };
});

/** An output folder and one for temporary files. */
function places(name: string): { output: string; temporary: string } {
  const output = join(folder, name, "output");
  const temporary = join(folder, name, "temporary");
  for (const path of [output, temporary]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  return { output, temporary };
}

function command(): [string, ...string[]] {
  const register = join(ROOT, "bin", "register.cjs");
  const program = join(__dirname, "support", "issueOnce.ts");
  return [process.execPath, "-r", register, program];
}

function environment(temporary: string): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: temporary, TMP: temporary, TEMP: temporary };
}

/** One update in a process of its own. */
async function run(
  { output, temporary }: ReturnType<typeof places>,
  protection: ProtectionInputs,
  overrides: Properties = {},
): Promise<void> {
  const [program, ...args] = command();
  const { code, stderr } = await runCommand(program, args, {
    cwd: temporary,
    env: environment(temporary),
    input: JSON.stringify(
      protectedInputs(above, output, IDS, protection, overrides),
    ),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

/** The same, killed once that many files are there. */
async function killedRun(
  { output, temporary }: ReturnType<typeof places>,
  protection: ProtectionInputs,
  files: number,
): Promise<void> {
  const [program, ...args] = command();
  const child = spawn(program, args, {
    cwd: temporary,
    env: environment(temporary),
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.stdin.end(
    JSON.stringify(protectedInputs(above, output, IDS, protection)),
  );
  const ended = once(child, "exit");
  while (
    child.exitCode === null &&
    readdirSync(output, { recursive: true }).length < files
  ) {
    await pause(5);
  }
  child.kill("SIGKILL");
  await ended;
  // Where the run was faster than the kill, this would show nothing.
  expect(child.signalCode).toBe("SIGKILL");
}

async function watched(
  where: ReturnType<typeof places>,
  action: (watch: PlainKeyWatch) => Promise<unknown>,
): Promise<PlainKeyReport> {
  const watch = await PlainKeyWatch.start([where.output, where.temporary]);
  let report: PlainKeyReport | undefined;
  try {
    await action(watch);
  } finally {
    // Its thread would keep jest from ending.
    report = await watch.stop();
  }
  return report;
}

test.each<[string, Properties]>([
  ["ECDSA P-256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
  ["Ed25519", { algorithm: "ED25519" }],
])(
  "a sealed run brings no plain key to the disk at any time: %s, with keystores",
  async (name, key) => {
    const where = places(`sealed ${name}`);
    const report = await watched(where, () =>
      run(where, { seal, keystore }, { key }),
    );
    expect(report.found).toEqual([]);
    // It looked while files were being written, not only at what came of it.
    const partial = report.files.filter((file) => file.endsWith(".partial"));
    expect(partial.length).toBeGreaterThan(0);
    const sealed = report.files.filter((file) => file.endsWith(".age"));
    expect(sealed).toHaveLength(2 * IDS.length);
    expect(report.rounds).toBeGreaterThan(10);
  },
);

test("a sealed run that is killed again and again leaves no plain key either, and ends with each key for its certificate", async () => {
  const where = places("killed");
  const { found } = await watched(where, async () => {
    for (const files of [10, 60, 110]) {
      await killedRun(where, { seal, keystore }, files);
    }
    await run(where, { seal, keystore });
  });
  expect(found).toEqual([]);
  for (const id of IDS) {
    const { publicKey } = new X509Certificate(
      readFileSync(join(where.output, id, "cert.pem")),
    );
    const path = join(where.output, id, "key.pem.age");
    const key = createPublicKey(await openSealed(path, factory));
    expect(key.equals(publicKey)).toBe(true);
  }
});

test("a plain run is found out, by every one of its keys", async () => {
  const where = places("plain");
  const { found } = await watched(where, () => run(where, {}));
  for (const id of IDS) {
    const path = join(where.output, id, "key.pem");
    expect(found).toContain(`${path}: PRIVATE KEY-----`);
    expect(found).toContain(`${path}: PKCS#8 of P-256 in base64`);
  }
});

test("a keystore that is not sealed is found out", async () => {
  const where = places("keystores");
  const { found } = await watched(where, () => run(where, { keystore }));
  const path = join(where.output, "device-0", "keystore.p12");
  expect(found).toContain(`${path}: key bag of PKCS#12`);
});

test("a plain key is found out that is there for a moment only, in any form", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  const der = privateKey.export({ type: "pkcs8", format: "der" });
  const sec1 = privateKey.export({ type: "sec1", format: "der" });
  const forms: readonly [string, string | Buffer][] = [
    ["pem", pem],
    ["der", der],
    ["sec1", sec1],
    ["hex", der.toString("hex")],
    ["inner base64", Buffer.from(`data: ${String(pem)}`).toString("base64")],
    ["base64 of der", `x${der.toString("base64")}`],
    ["gzip", gzipSync(pem)],
    ["zstd", zstdCompressSync(pem)],
    // As it is while more is still being written.
    [
      "half of a zstd",
      zstdCompressSync(
        Buffer.concat([
          Buffer.from(pem),
          Buffer.from("x"),
          Buffer.alloc(1 << 20, der),
        ]),
      ).subarray(0, -4),
    ],
  ];
  const where = places("moments");
  const { found } = await watched(where, async (watch) => {
    for (const [name, octets] of forms) {
      const path = join(where.temporary, name);
      writeFileSync(path, octets);
      await watch.look();
      rmSync(path);
    }
  });
  for (const [name] of forms) {
    const path = join(where.temporary, name);
    expect(found.filter((line) => line.startsWith(`${path}: `))).not.toEqual(
      [],
    );
  }
});
