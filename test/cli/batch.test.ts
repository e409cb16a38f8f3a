import { randomUUID } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { formatInventory, inventoryEntry } from "../../pki/batch/inventory";
import { exportPkcs8 } from "../../pki/key";
import { intermediate } from "../pki/support/authority";
import type { Authorities } from "../pki/batch/support/bundles";
import {
  BUNDLE_OPTIONS,
  TestBatch,
  bundleBytes,
  makeAuthorities,
} from "../pki/batch/support/bundles";
import type { Party } from "../pki/support/authority";
import { issue } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import { runCli } from "./support/run";

const NDJSON = { format: "ndjson", compression: "none" };

describe("batch verify", () => {
  const folder = scratchFolder();
  const ca = join(folder, "root.pem");
  let authorities: Authorities;

  beforeAll(async () => {
    authorities = await makeAuthorities();
    writeFileSync(ca, authorities.top.certificatePem);
  });

  const newBatch = (options = NDJSON): TestBatch =>
    new TestBatch(join(folder, randomUUID()), authorities, options);
  const verify = (batch: TestBatch, ...args: readonly string[]) =>
    runCli(["batch", "verify", batch.directory, ...args]);

  test.each(BUNDLE_OPTIONS)(
    "a batch is good as updates leave it: $format, $compression",
    async (options) => {
      const batch = newBatch(options);
      await batch.issue(["a/1", "b", ".c"]);
      await batch.issue(["d", "b"]);
      batch.inventory.setStatus("removed", ["d"]);
      const { code, out, error } = await verify(batch, "--ca", ca);
      expect({ code, error }).toEqual({ code: 0, error: "" });
      expect(out).toContain("4 good files");
      expect(out).toContain(
        "5 certificates held against inventory and CA, 5 keys against their certificates",
      );
      expect(out).toContain("2 verified in full, up to the root");
      expect(out).toMatch(/: good\n$/);
      expect(out).not.toContain("PRIVATE");
    },
  );

  test("keys that were handed over are no finding; without a root, it says what it could not do", async () => {
    const batch = newBatch();
    await batch.issue(["a", "b"]);
    rmSync(batch.path("bundles", "000001-keys.ndjson"));
    const { code, out } = await verify(batch);
    expect(code).toBe(0);
    expect(out).toContain("1 good file, 1 of keys handed over");
    expect(out).toContain("none verified up to a root");
  });

  test("as JSON, and with a seed that picks the same ones again", async () => {
    const batch = newBatch();
    await batch.issue(["a", "b", "c", "d", "e", "f", "g", "h"]);
    const run = async (seed: string): Promise<Record<string, unknown>> => {
      const { out } = await verify(
        batch,
        ...["--json", "--ca", ca, "--sample", "2", "--seed", seed],
      );
      return JSON.parse(out) as Record<string, unknown>;
    };
    const report = await run("x");
    expect(report).toMatchObject({
      schema: "mqtt-pki/batch-verify/1",
      certificates: 8,
      keys: 8,
      seed: "x",
      found: 0,
      findings: [],
      exitCode: 0,
    });
    expect((await run("x")).sampled).toBe(report.sampled);
  });

  const certificates = "000001-certificates.ndjson";
  const keys = "000001-keys.ndjson";
  const lines = (text: string): string[] => text.trimEnd().split("\n");

  test.each<{
    what: string;
    spoil: (batch: TestBatch) => void | Promise<void>;
    found: readonly string[];
    says: string;
  }>([
    {
      what: "a file of certificates that is gone",
      spoil: (batch) => {
        rmSync(batch.path("bundles", certificates));
      },
      found: ["file-missing", "key-unknown", "certificate-missing"],
      says: "bundles/000001-certificates.ndjson is not there",
    },
    {
      what: "a file that its update has not named",
      spoil: (batch) => {
        const path = batch.path("bundles", keys);
        renameSync(path, `${path}.partial`);
      },
      found: ["file-unfinished"],
      says: "the next update gives it its own",
    },
    {
      what: "a file with another line at its end",
      spoil: (batch) => {
        const path = batch.path("bundles", certificates);
        appendFileSync(path, `${lines(readFileSync(path, "utf8"))[0] ?? ""}\n`);
      },
      found: ["certificate-twice", "file-changed"],
      says: 'holds two certificates for "a"',
    },
    {
      what: "a file that lacks a line",
      spoil: (batch) => {
        const path = batch.path("bundles", certificates);
        const [one, , three] = lines(readFileSync(path, "utf8"));
        writeFileSync(path, [one, three, ""].join("\n"));
      },
      found: ["certificate-missing", "file-changed", "key-unknown"],
      says: 'lacks 1 of its 3 certificates, among them those of "b"',
    },
    {
      what: "a damaged file",
      spoil: (batch) => {
        writeFileSync(batch.path("bundles", keys), "no JSON\n");
      },
      found: ["file-damaged"],
      says: "is damaged: line 1 is no JSON",
    },
    {
      what: "a file of keys of other devices",
      spoil: async (batch) => {
        const other = new Map<string, Party>();
        for (const id of ["a", "b", "x"]) {
          other.set(id, await issue(authorities.ca));
        }
        writeFileSync(
          batch.path("bundles", keys),
          await bundleBytes("keys", other, NDJSON),
        );
      },
      found: ["key-differs", "key-unknown", "file-changed"],
      says: 'has a key for "a" that does not belong to its certificate',
    },
    {
      what: "certificates that another CA of the same name signed",
      spoil: async (batch) => {
        const stranger = await intermediate(authorities.top);
        const other = new Map<string, Party>();
        for (const id of ["a", "b", "c"]) {
          other.set(id, await issue(stranger, { subject: { commonName: id } }));
        }
        writeFileSync(
          batch.path("bundles", certificates),
          await bundleBytes("certificates", other, NDJSON),
        );
      },
      found: ["certificate-forged", "certificate-differs", "file-changed"],
      says: 'holds a certificate for "a" with another SHA-256, text, serial number, ThingsBoard credentials id, public key',
    },
    {
      what: "a row that was edited",
      spoil: (batch) => {
        batch.tamper(
          "UPDATE device SET notAfter = notAfter + 60 WHERE id = 'b'",
        );
      },
      found: ["rows-changed", "certificate-differs"],
      says: 'holds a certificate for "b" with another end than the inventory says',
    },
    {
      what: "a row that was deleted",
      spoil: (batch) => {
        batch.tamper("DELETE FROM device WHERE id = 'b'");
      },
      found: ["rows-missing", "certificate-unknown", "certificate-missing"],
      says: 'holds a certificate for "b" that the inventory does not know',
    },
    {
      what: "a bundle of a CA that nobody named",
      spoil: (batch) => {
        writeFileSync(batch.path("bundles", "chain.pem"), "");
      },
      found: ["issuer-unknown"],
      says: "name its certificate with --ca",
    },
  ])("$what is found", async ({ spoil, found, says }) => {
    const batch = newBatch();
    await batch.issue(["a", "b", "c"]);
    await spoil(batch);
    const { code, out } = await verify(batch, "--ca", ca, "--json");
    expect(code).toBe(1);
    const { findings } = JSON.parse(out) as {
      findings: { code: string; place: string; message: string }[];
    };
    expect(findings.map((finding) => finding.code)).toEqual(
      expect.arrayContaining([...found]),
    );
    expect(
      findings.map(({ place, message }) => `${place} ${message}`).join("\n"),
    ).toContain(says);
    expect(out).not.toContain("PRIVATE KEY");
  });

  test("certificates whose time has ended are counted, once a bundle", async () => {
    const batch = newBatch();
    await batch.issue(["a", "b", "c"]);
    batch.inventory.setStatus("removed", ["c"]);
    const { code, out } = await verify(batch, "--ca", ca, "--at", "2027-03-01");
    expect(code).toBe(1);
    expect(out).toContain(
      "✗ bundle 1 has 2 certificates of active devices whose time has ended; the next update renews them. [certificate-ended]",
    );
    expect(out).not.toContain("chain-refused");
  });

  test("on threads, where there are many", async () => {
    const batch = newBatch();
    await batch.issue(["a", "b"]);
    await batch.issue(["c", "d"]);
    // The inventory says more than it has, so that the work is worth threads; each says what it finds.
    batch.tamper("UPDATE bundle SET devices = 3000");
    const { code, out } = await verify(batch, "--ca", ca);
    expect(code).toBe(1);
    expect(out).toContain(
      "4 certificates held against inventory and CA, 4 keys",
    );
    expect(out).toContain("bundle 2 lacks 2998 of its 3000 certificates");
  });

  test.each([
    { args: ["verify", "/nowhere"], error: '"/nowhere" is not there' },
    {
      args: ["verify", ".", "--sample", "0"],
      error: '--sample "0" is no number',
    },
    {
      args: ["verify", ".", "--ca", "/nowhere"],
      error: "--ca /nowhere is not there.",
    },
    {
      args: ["show", "."],
      error: "holds neither inventory.sqlite nor inventory.csv",
    },
    { args: ["export", "."], error: "required option '--format <name>'" },
  ])("$args is refused with exit code 2", async ({ args, error }) => {
    const run = await runCli(["batch", ...args]);
    expect(run.code).toBe(2);
    expect(run.error).toContain(error);
  });

  test("an inventory that is no database is refused with a sentence", async () => {
    const directory = join(folder, "broken");
    mkdirSync(directory);
    writeFileSync(join(directory, "inventory.sqlite"), "x".repeat(5000));
    const { code, error } = await runCli(["batch", "verify", directory]);
    expect({ code, error }).toEqual({
      code: 2,
      error: expect.stringContaining(
        "bring it back as the last update left it",
      ) as string,
    });
  });

  describe("of a small batch, with a folder for each device", () => {
    const small = async (): Promise<string> => {
      const directory = join(folder, randomUUID());
      const entries = [];
      for (const id of ["a", "b"]) {
        const device = await issue(authorities.ca, {
          subject: { commonName: id },
        });
        mkdirSync(join(directory, id), { recursive: true });
        writeFileSync(join(directory, id, "cert.pem"), device.certificatePem);
        writeFileSync(
          join(directory, id, "chain.pem"),
          authorities.ca.certificatePem,
        );
        writeFileSync(join(directory, id, "key.pem"), exportPkcs8(device.key));
        entries.push(inventoryEntry(id, device.certificatePem));
      }
      writeFileSync(join(directory, "inventory.csv"), formatInventory(entries));
      return directory;
    };
    const run = (directory: string) =>
      runCli(["batch", "verify", directory, "--ca", ca]);

    test("all is good", async () => {
      const { code, out } = await run(await small());
      expect(code).toBe(0);
      expect(out).toContain(
        "2 certificates held against inventory and CA, 2 keys",
      );
    });

    test("what was exchanged or deleted is found", async () => {
      const directory = await small();
      renameSync(
        join(directory, "a", "key.pem"),
        join(directory, "b", "key.pem"),
      );
      writeFileSync(join(directory, "a", "chain.pem"), "");
      const { code, out } = await run(directory);
      expect(code).toBe(1);
      expect(out).toContain(
        "b/cert.pem has a key.pem beside it that is not its key",
      );
      expect(out).toContain("a/cert.pem was signed by no CA");
      rmSync(join(directory, "b", "cert.pem"));
      expect((await run(directory)).out).toContain("b/cert.pem is not there");
    });
  });
});

describe("batch show", () => {
  const folder = scratchFolder();
  let batch: TestBatch;

  beforeAll(async () => {
    batch = new TestBatch(
      join(folder, "batch"),
      await makeAuthorities(),
      NDJSON,
    );
    await batch.issue(["a", "b", "c"]);
    await batch.issue(["b"], { validityDays: 400, generation: "2027a" });
    batch.inventory.setStatus("revoked", ["c"]);
    rmSync(batch.path("bundles", "000001-keys.ndjson"));
  });

  test("a batch: devices, generations, months, renewal, files", async () => {
    const { code, out } = await runCli(["batch", "show", batch.directory]);
    expect(code).toBe(0);
    expect(out).toContain("3 devices (2 active, 1 revoked)");
    expect(out).toContain("issued by: 2026a (1), 2027a (1)");
    expect(out).toContain("ending in: 2027-02 (1), 2027-12 (1)");
    expect(out).toContain("next renewal: 2027-01-19T12:00:00Z");
    expect(out).toContain("earlier certificates that have not ended: 1");
    expect(out).toMatch(/000001-keys\.ndjson {2}\S+ kB {2}gone/);
    expect(out).toMatch(/000001-certificates\.ndjson {2}\S+ kB {2}there/);
    const later = await runCli([
      "batch",
      "show",
      batch.directory,
      "--at",
      "2027-02-01",
    ]);
    expect(later.out).toContain("(1 due by now)");
  });

  test("as JSON", async () => {
    const { out } = await runCli(["batch", "show", batch.directory, "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      schema: "mqtt-pki/batch/1",
      form: "bundles",
      devices: { active: 2, revoked: 1 },
      issuers: { "2026a": 1, "2027a": 1 },
      expiry: { "2027-02": 1, "2027-12": 1 },
      due: 0,
      superseded: 1,
      bundles: [
        { number: 1, devices: 3 },
        { number: 2, devices: 1 },
      ],
    });
  });

  test("a device: what it has and had; one that was never there is none", async () => {
    const { code, out } = await runCli(["batch", "show", batch.directory, "b"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^b: active\nnow:\n[^]*2027a[^]*before:\n[^]*2026a/);
    const json = await runCli([
      "batch",
      "show",
      batch.directory,
      "c",
      "--json",
    ]);
    expect(JSON.parse(json.out)).toMatchObject({
      schema: "mqtt-pki/batch-device/1",
      id: "c",
      status: "revoked",
      certificate: { bundle: 1, generation: "2026a" },
      superseded: [],
    });
    const none = await runCli(["batch", "show", batch.directory, "z"]);
    expect(none).toMatchObject({
      code: 1,
      error: 'error: "z" is no device of this batch, and never was.\n',
    });
  });
});
