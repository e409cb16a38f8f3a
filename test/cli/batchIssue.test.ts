import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ShardResult } from "../../pki/batch/issuance/shardResult";
import { exportPkcs8, generateKey } from "../../pki/key";
import type { Authorities } from "../pki/batch/support/bundles";
import { makeAuthorities } from "../pki/batch/support/bundles";
import { scratchFolder } from "../pki/support/openssl";
import {
  bundleFaults,
  ids,
  readEntries,
  readRows,
} from "../provider/support/largeBatch";
import { runCommand } from "../support/command";
import { ROOT } from "../support/fleet";
import type { OrderFiles } from "./support/orders";
import { issuerOf, writeOrder } from "./support/orders";
import type { Run } from "./support/run";
import { runCli } from "./support/run";

const scratch = scratchFolder();
let authorities: Authorities;
let root: string;

beforeAll(async () => {
  authorities = await makeAuthorities();
  root = join(scratch, "root.pem");
  writeFileSync(root, authorities.top.certificatePem);
});

function ordered(
  devices: readonly string[],
  overrides: Readonly<Record<string, unknown>> = {},
): OrderFiles {
  const folder = join(scratch, randomUUID());
  return writeOrder(folder, authorities, devices, overrides);
}

function issue(
  { folder, order, key }: OrderFiles,
  shard: string,
  ...args: readonly string[]
): Promise<Run> {
  const output = join(folder, `shard-${shard.replace("/", "-")}`);
  return runCli([
    "batch",
    "issue",
    order,
    "--shard",
    shard,
    "--output",
    output,
    "--signer-key",
    key,
    ...args,
  ]);
}

async function issued(
  files: OrderFiles,
  shard: string,
  ...args: readonly string[]
): Promise<ShardResult> {
  const { code, out, error } = await issue(files, shard, ...args);
  expect({ code, error: code === 0 ? "" : error }).toEqual({
    code: 0,
    error: "",
  });
  return JSON.parse(out) as ShardResult;
}

function outputOf({ folder }: OrderFiles, shard: string): string {
  return join(folder, `shard-${shard.replace("/", "-")}`);
}

describe("batch issue", () => {
  test("three shards give each device one certificate, and list together what one run lists", async () => {
    const devices = ids(500);
    const files = ordered(devices);
    const shards = ["0/3", "1/3", "2/3"];
    const results: ShardResult[] = [];
    const paths = shards.map((_, index) => join(files.folder, `${index}.json`));
    for (const [index, shard] of shards.entries()) {
      results.push(await issued(files, shard, "--result", paths[index] ?? ""));
    }
    const whole = await issued(files, "0/1");
    expect(whole).toMatchObject({ count: 500, listed: 500, issued: 500 });
    expect(results.reduce((sum, { count }) => sum + count, 0)).toBe(500);
    const rows = shards.flatMap((shard) => [
      ...readRows(outputOf(files, shard)).values(),
    ]);
    const alone = [...readRows(outputOf(files, "0/1")).values()];
    const said = (all: typeof rows) =>
      all
        .map(({ id, notAfter, status }) => `${id} ${notAfter} ${status}`)
        .sort();
    expect(said(rows)).toEqual(said(alone));
    expect(new Set(rows.map(({ serialNumber }) => serialNumber)).size).toBe(
      500,
    );
    for (const shard of shards) {
      const output = outputOf(files, shard);
      const own = [...readRows(output).keys()];
      expect(
        await bundleFaults(output, own, authorities.ca.certificatePem),
      ).toEqual([]);
      const verified = await runCli([
        "batch",
        "verify",
        output,
        "--ca",
        root,
        "--sample",
        "50",
      ]);
      expect(verified.out).toMatch(/: good\n$/);
      expect(await readEntries(output, "keys")).toHaveLength(own.length);
    }
    const collected = await runCli(["batch", "collect", ...paths, "--json"]);
    expect(collected.error).toBe("");
    expect(JSON.parse(collected.out)).toMatchObject({
      schema: "mqtt-pki/batch-collect/1",
      of: 3,
      count: 500,
      issued: 500,
      renewed: 0,
      issuer: whole.issuer,
      expiresFirst: whole.expiresFirst,
    });
  });

  test("again, it signs nothing and says the same digest; a longer list gets what is missing", async () => {
    const files = ordered(ids(120));
    const first = await issued(files, "0/1");
    const again = await issued(files, "0/1");
    expect(again).toEqual({ ...first, issued: 0 });
    writeFileSync(
      join(files.folder, "fleet.csv"),
      ["id", ...ids(121), ""].join("\n"),
    );
    const longer = await issue(files, "0/1");
    expect(longer.error).toContain(
      "shard 0/1: +1 new, 0 changed, 0 due, 120 unchanged",
    );
    expect(JSON.parse(longer.out)).toMatchObject({ count: 121, issued: 1 });
  });

  test("an RSA batch of a range, with index and count from the environment", async () => {
    const files = ordered([], {
      manifest: undefined,
      range: { id: "gateway-{number}", from: 1, to: 8, digits: 3 },
      key: { algorithm: "RSA", rsaBits: 2048 },
    });
    const result = join(files.folder, "result.json");
    const { code, stdout } = await runCommand(
      process.execPath,
      [
        join(ROOT, "bin/run.mjs"),
        "batch",
        "issue",
        files.order,
        "--output",
        join(files.folder, "out"),
        "--result",
        result,
      ],
      {
        env: {
          ...process.env,
          JOB_COMPLETION_INDEX: "1",
          MQTT_PKI_SHARDS: "2",
          MQTT_PKI_SIGNER_KEY_FILE: files.key,
        },
      },
    );
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync(result, "utf8"));
    expect(Buffer.byteLength(stdout)).toBeLessThan(1024);
    expect(JSON.parse(stdout)).toMatchObject({ shard: 1, of: 2, listed: 8 });
  });

  test("killed at any moment, the next run goes on: nobody is left out, nobody is signed twice", async () => {
    const devices = ids(2_000);
    const files = ordered(devices);
    const output = join(files.folder, "out");
    const args = [
      join(ROOT, "bin/run.mjs"),
      "batch",
      "issue",
      files.order,
      "--shard",
      "0/1",
      "--output",
      output,
      "--signer-key",
      files.key,
    ];
    let kills = 0;
    for (let round = 0; round < 4; round += 1) {
      kills += (await killed(args, join(output, "bundles"))) ? 1 : 0;
    }
    const { code, stdout } = await runCommand(process.execPath, args);
    expect(code).toBe(0);
    expect(kills).toBeGreaterThan(0);
    expect(JSON.parse(stdout)).toMatchObject({ count: 2_000 });
    expect(
      await bundleFaults(output, devices, authorities.ca.certificatePem),
    ).toEqual([]);
    const entries = await readEntries(output, "certificates");
    expect(entries).toHaveLength(2_000);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(2_000);
  });
});

/** Starts a run in a group of its own and kills it as soon as another bundle stands there. */
function killed(args: readonly string[], bundles: string): Promise<boolean> {
  const before = existsSync(bundles) ? list(bundles) : 0;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], {
      detached: true,
      stdio: "ignore",
    });
    let hit = false;
    const timer = setInterval(() => {
      if (existsSync(bundles) && list(bundles) > before && !hit) {
        hit = true;
        process.kill(-(child.pid ?? 0), "SIGKILL");
      }
    }, 1);
    child.on("close", () => {
      clearInterval(timer);
      resolve(hit);
    });
  });
}

function list(folder: string): number {
  return readdirSync(folder).length;
}

describe("batch issue refuses", () => {
  const refused = async (
    files: OrderFiles,
    shard = "0/2",
    ...args: readonly string[]
  ): Promise<string> => {
    const { code, out, error } = await issue(files, shard, ...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(error).not.toContain("BEGIN");
    return error;
  };

  test.each([
    ["2/2", "--shard: there is no shard 2 of 2; they count from 0 to 1."],
    ["0/0", "--shard: there cannot be 0 shards; write 1 to 100000."],
    ["one", '--shard "one" is no shard; write its index, from 0'],
    ["-1/2", '--shard "-1/2" is no shard'],
  ])("the shard %s", async (shard, message) => {
    expect(await refused(ordered(["a"]), shard)).toContain(message);
  });

  test.each([
    [{}, "no shard is named; write --shard 3/16"],
    [
      { JOB_COMPLETION_INDEX: "1" },
      "MQTT_PKI_SHARDS is not set, and JOB_COMPLETION_INDEX is; set it to the Job's completions",
    ],
    [
      { MQTT_PKI_SHARDS: "2" },
      "JOB_COMPLETION_INDEX is not set, and MQTT_PKI_SHARDS is; let the Job have completionMode: Indexed",
    ],
    [
      { JOB_COMPLETION_INDEX: "x", MQTT_PKI_SHARDS: "2" },
      'JOB_COMPLETION_INDEX is "x", and not a number',
    ],
    [
      { JOB_COMPLETION_INDEX: "2", MQTT_PKI_SHARDS: "2" },
      "there is no shard 2 of 2",
    ],
  ])("no shard, with %j in the environment", async (variables, message) => {
    const { order, key, folder } = ordered(["a"]);
    Object.assign(process.env, variables);
    try {
      const { code, error } = await runCli([
        "batch",
        "issue",
        order,
        "--output",
        join(folder, "out"),
        "--signer-key",
        key,
      ]);
      expect(code).toBe(2);
      expect(error).toContain(message);
    } finally {
      for (const name of Object.keys(variables)) {
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- that is how a variable is unset
        delete process.env[name];
      }
    }
  });

  test("the key of another CA", async () => {
    const files = ordered(["a"]);
    const other = generateKey({ algorithm: "ECDSA", ecdsaCurve: "P256" });
    writeFileSync(files.key, exportPkcs8(other));
    expect(await refused(files)).toContain(
      "--signer-key: is not the key of the order's signer.certificatePem",
    );
    expect(existsSync(outputOf(files, "0/2"))).toBe(false);
  });

  test("a key that others may read, that is not there, is none, or stands on the command line", async () => {
    const files = ordered(["a"]);
    chmodSync(files.key, 0o644);
    expect(await refused(files)).toMatch(
      /--signer-key .*ca\.key has the mode 644, .* chmod 600/,
    );
    chmodSync(files.key, 0o440);
    expect((await issue(files, "0/2")).code).toBe(0);
    const missing = { ...files, key: join(files.folder, "none") };
    expect(await refused(missing)).toContain("none is not there.");
    chmodSync(files.key, 0o600);
    writeFileSync(files.key, "no key");
    expect(await refused(files)).toContain("--signer-key: ");
    const pem = exportPkcs8(authorities.ca.key);
    expect(await refused({ ...files, key: pem })).toContain(
      "wants the path of a file and was given a key itself",
    );
  });

  test.each([
    [
      "no JSON {",
      "order.json: is no JSON; give the order that the stack wrote.",
    ],
    ["{}", 'order.json: schema: is not "mqtt-pki/batch-order/1"'],
    ["-----BEGIN PRIVATE KEY-----", "order.json: holds a private key"],
  ])("the order %s", async (text, message) => {
    const files = ordered(["a"]);
    writeFileSync(files.order, text);
    expect(await refused(files)).toContain(message);
  });

  test("an order with mistakes, all of them at once", async () => {
    const files = ordered(["a"], {
      keys: 1,
      name: "",
      key: { algorithm: "ECDSA", ecdsaCurve: 256 },
      signer: { certificatePem: authorities.ca.certificatePem },
    });
    const error = await refused(files);
    expect(error).toContain("order.json: name: is no name of a batch");
    expect(error).toContain("order.json: key.ecdsaCurve: must be a string");
    expect(error).toContain(
      "order.json: signer.trustAnchorsPem: must be a str",
    );
    expect(error).toContain("order.json: keys: is no known argument");
  });

  test("what the preview of a stack refuses: profile, validity, recipients, source", async () => {
    const error = await refused(
      ordered(["a"], {
        profile: "server",
        validityDays: 0,
        range: { id: "a-{number}", from: 1, to: 2 },
        seal: { recipients: [] },
      }),
    );
    expect(error).toContain('profile: "server" is not for devices');
    expect(error).toContain("validityDays");
    expect(error).toContain("manifest: and range exclude each other");
    expect(error).toContain("seal.recipients: is empty");
    expect(await refused(ordered(["a"], { validityDays: 40_000 }))).toContain(
      "validityDays",
    );
  });

  test("an order that is not there, and a list that is not the one that was ordered", async () => {
    const files = ordered(["a"]);
    expect(await refused({ ...files, order: "none.json" })).toContain(
      "the order none.json is not there.",
    );
    expect(
      await refused(ordered(["a"], { listSha256: "0".repeat(64) })),
    ).toContain("manifest: is not the list that was checked, or ordered");
    const gone = ordered(["a"]);
    rmSync(join(gone.folder, "fleet.csv"));
    expect(await refused(gone)).toContain("fleet.csv");
  });

  test("a mistake in a row of any shard, before anything is signed", async () => {
    const twice = ordered([...ids(50), "device-7"]);
    const bad = ordered([...ids(50), "no id!"]);
    for (const shard of ["0/3", "1/3", "2/3"]) {
      expect(await refused(twice, shard)).toMatch(
        /fleet\.csv:52\.id: "device-7" stands at .*fleet\.csv:9 already/,
      );
      expect(await refused(bad, shard)).toContain("fleet.csv:52");
      expect(readRows(outputOf(twice, shard)).size).toBe(0);
    }
  });

  test("the folder of another shard, another batch or another number of shards, and one whose inventory is gone", async () => {
    const files = ordered(ids(20));
    await issued(files, "0/2");
    const output = outputOf(files, "0/2");
    const into = (order: string, shard: string) =>
      runCli([
        "batch",
        "issue",
        order,
        "--shard",
        shard,
        "--output",
        output,
        "--signer-key",
        files.key,
      ]);
    for (const shard of ["1/2", "0/3"]) {
      const { code, error } = await into(files.order, shard);
      expect(code).toBe(2);
      expect(error).toContain(
        `belongs to "fleet shard 0/2", and this is "fleet shard ${shard}"`,
      );
    }
    const other = ordered(ids(20), { name: "other" });
    expect((await into(other.order, "0/2")).error).toContain(
      'belongs to "fleet shard 0/2", and this is "other shard 0/2"',
    );
    rmSync(join(output, "inventory.sqlite"));
    expect((await into(files.order, "0/2")).error).toContain(
      "holds bundles of this shard, and no longer their inventory",
    );
  });

  test("an inventory that was edited by hand", async () => {
    const files = ordered(ids(20));
    await issued(files, "0/1");
    const inventory = new DatabaseSync(
      join(outputOf(files, "0/1"), "inventory.sqlite"),
    );
    inventory.exec("DELETE FROM device WHERE id = 'device-3'");
    inventory.close();
    expect(await refused(files, "0/1")).toContain("--output: ");
  });

  test("what a file system may get over: exit code 1, by which Kubernetes starts the pod again", async () => {
    const files = ordered(ids(20));
    const output = outputOf(files, "0/1");
    mkdirSync(output);
    symlinkSync("bundles", join(output, "bundles"));
    const { code, out, error } = await issue(files, "0/1");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(error).toMatch(
      /error: the shard is not issued to its end \(E[A-Z]+\); what is stays, and the same command goes on\.\n$/,
    );
    rmSync(join(output, "bundles"));
    expect(await issued(files, "0/1")).toMatchObject({ issued: 20 });
  });

  test("a result that cannot be written", async () => {
    expect(
      await refused(ordered(["a"]), "0/1", "--result", "/none/result"),
    ).toContain("the shard is issued, but --result /none/result");
  });

  test("an order whose CA ends before its devices", async () => {
    const { code, error } = await issue(
      ordered(["a"], {
        validity: { notAfter: "20900101000000Z" },
        validityDays: undefined,
        signer: issuerOf(authorities),
      }),
      "0/1",
    );
    expect(code).toBe(2);
    expect(error).toContain("validity.notAfter");
  });
});
