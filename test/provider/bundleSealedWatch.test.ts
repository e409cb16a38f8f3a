import { spawn } from "node:child_process";
import { X509Certificate, createPublicKey } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { zstdDecompressSync } from "node:zlib";
import { scratchFolder } from "../pki/support/openssl";
import type { NativeAge } from "../support/nativeAge";
import { PlainKeyWatch } from "../support/plainKeyWatch";
import type { PlainKeyReport } from "../support/plainKeyWatch";
import type { Moment } from "./support/bundleProof";
import { lookAt } from "./support/bundleProof";
import type { Places } from "./support/bundleRun";
import {
  bundleCommand,
  bundleEnvironment,
  bundleInputs,
  placesIn,
  runBundles,
} from "./support/bundleRun";
import type { Hierarchy } from "./support/inputs";
import { hierarchy } from "./support/inputs";
import { bundleFaults, readEntries } from "./support/largeBatch";
import type { Recipient } from "./support/protected";
import { makeRecipient, openSealed } from "./support/protected";
import type { Properties } from "./support/wire";

jest.mock("age-encryption", () =>
  jest.requireActual<NativeAge>("../support/nativeAge").loadAge(),
);

const DEVICES = 3_000;
const folder = scratchFolder();
const bundles = { devices: 300 };
const range = { id: "device-{number}", from: 0, to: DEVICES - 1 };
const ids = Array.from({ length: DEVICES }, (_, index) => `device-${index}`);

let above: Hierarchy;
let factory: Recipient;
let asked: Properties;

beforeAll(async () => {
  above = await hierarchy();
  factory = await makeRecipient();
  asked = { range, bundles, seal: { recipients: [factory.recipient] } };
});

async function watched(
  { output, temporary }: Places,
  action: () => Promise<unknown>,
): Promise<PlainKeyReport> {
  const watch = await PlainKeyWatch.start([output, temporary]);
  let report: PlainKeyReport | undefined;
  try {
    await action();
  } finally {
    // Its thread would keep the tests from ending.
    report = await watch.stop();
  }
  return report;
}

/** A run that is killed once so many files of bundles are there. */
async function killedRun(places: Places, files: number): Promise<void> {
  const [program, ...args] = bundleCommand();
  const child = spawn(program, args, {
    cwd: places.temporary,
    env: bundleEnvironment(places),
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.stdin.end(bundleInputs(above, places, asked));
  const ended = once(child, "exit");
  while (
    child.exitCode === null &&
    readdirSync(places.output, { recursive: true }).length < files
  ) {
    await pause(2);
  }
  child.kill("SIGKILL");
  await ended;
  // Where the run was faster than the kill, this would show nothing.
  expect(child.signalCode).toBe("SIGKILL");
}

/** Each device's private key, from the sealed bundles, and nobody's twice. */
async function openKeys(output: string): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  const names = readdirSync(join(output, "bundles"));
  for (const name of names.filter((text) => text.includes("-keys."))) {
    expect(name).toMatch(/\.ndjson\.zst\.age$/);
    const opened = await openSealed(join(output, "bundles", name), factory);
    const lines = zstdDecompressSync(opened).toString("utf8").trimEnd();
    for (const line of lines.split("\n")) {
      const entry = JSON.parse(line) as { id: string; privateKey: string };
      expect(keys.has(entry.id)).toBe(false);
      keys.set(entry.id, entry.privateKey);
    }
  }
  return keys;
}

async function expectWhole(output: string): Promise<void> {
  expect(await bundleFaults(output, ids, above.ca.certificatePem)).toEqual([]);
  const keys = await openKeys(output);
  expect(keys.size).toBe(DEVICES);
  for (const { id, pem } of await readEntries(output, "certificates")) {
    const { publicKey } = new X509Certificate(pem);
    expect(createPublicKey(keys.get(id) ?? "").equals(publicKey)).toBe(true);
  }
}

test("a sealed run in bundles brings no plain key to the disk at any time, and its keys are those of its certificates", async () => {
  const places = placesIn(folder, "sealed");
  const report = await watched(places, async () => {
    expect(await runBundles(above, places, asked)).toMatchObject({
      code: 0,
      stderr: "",
    });
  });
  expect(report.found).toEqual([]);
  const keys = report.files.filter((file) => file.includes("-keys."));
  expect(keys.filter((file) => file.endsWith(".age"))).toHaveLength(10);
  expect(keys.filter((file) => !/\.age(\.partial)?$/.test(file))).toEqual([]);
  // It looked while files were being written, not only at what came of it.
  expect(report.files.some((file) => file.endsWith(".partial"))).toBe(true);
  await expectWhole(places.output);
});

test("keystores are sealed as well, at any time", async () => {
  const places = placesIn(folder, "keystores");
  const report = await watched(places, async () => {
    const { code, stderr } = await runBundles(above, places, {
      ...asked,
      range: { ...range, to: 199 },
      bundles: { devices: 100 },
      keystore: { password: "correct horse battery staple" },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
  expect(report.found).toEqual([]);
  const names = readdirSync(join(places.output, "bundles"));
  expect(names.filter((name) => name.includes("-keystores."))).toEqual([
    "000001-keystores.tar.age",
    "000002-keystores.tar.age",
  ]);
});

test("one that is killed again and again leaves no plain key either, and ends whole", async () => {
  const places = placesIn(folder, "killed");
  const moments: Moment[] = [];
  const report = await watched(places, async () => {
    for (const files of [4, 10, 17]) {
      await killedRun(places, files);
      moments.push(lookAt(places.output, moments.at(-1)));
    }
    await runBundles(above, places, asked);
  });
  moments.push(lookAt(places.output, moments.at(-1)));
  expect(moments.flatMap(({ faults }) => faults)).toEqual([]);
  expect(report.found).toEqual([]);
  await expectWhole(places.output);
});

test("a run without a seal is found out", async () => {
  const places = placesIn(folder, "plain");
  const { found } = await watched(places, () =>
    runBundles(above, places, {
      range: { ...range, to: 9 },
      bundles: { compression: "none" },
    }),
  );
  const path = join(places.output, "bundles", "000001-keys.ndjson");
  expect(found).toContain(`${path}: PRIVATE KEY-----`);
});
