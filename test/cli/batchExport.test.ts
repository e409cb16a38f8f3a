import { X509Certificate } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { csvLine } from "../../pki/batch/exports/csv";
import { writeParts } from "../../pki/batch/exports/parts";
import { formatInventory, inventoryEntry } from "../../pki/batch/inventory";
import type { Party } from "../pki/support/authority";
import { issue } from "../pki/support/authority";

import { TestBatch, makeAuthorities } from "../pki/batch/support/bundles";
import { scratchFolder } from "../pki/support/openssl";
import { credentialsId } from "../support/certificates";
import { runCli } from "./support/run";

type Row = Readonly<Record<string, string>>;

const rowsOf = (text: string): Row[] => parse(text, { columns: true });

describe("batch export", () => {
  const folder = scratchFolder();
  let batch: TestBatch;
  let first: Map<string, Party>;
  let second: Map<string, Party>;

  beforeAll(async () => {
    batch = new TestBatch(join(folder, "batch"), await makeAuthorities());
    first = await batch.issue(["a", "b/1", "c", "d"]);
    second = await batch.issue(["b/1", "c"], { generation: "2027a" });
    batch.inventory.setStatus("removed", ["d"]);
    batch.inventory.setStatus("revoked", ["c"]);
  });

  const run = (...args: readonly string[]) =>
    runCli(["batch", "export", batch.directory, "--format", ...args]);

  test("csv: the inventory, all of it or some", async () => {
    const { code, out, error } = await run("csv");
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(rowsOf(out)).toEqual([
      ...batch.inventory.rows(
        "SELECT *, CAST(bundle AS TEXT) AS bundle FROM inventory ORDER BY id",
      ),
    ]);
    const ids = async (...args: readonly string[]) =>
      rowsOf((await run("csv", ...args)).out).map(({ id }) => id);
    expect(await ids("--status", "active")).toEqual(["a", "b/1"]);
    expect(await ids("--status", "revoked")).toEqual(["c"]);
    expect(await ids("--generation", "2026a")).toEqual(["a", "d"]);
    expect(await ids("--generation", "2027a", "--status", "active")).toEqual([
      "b/1",
    ]);
  });

  test("cumulocity: what its bulk registration takes, and no credentials", async () => {
    const { out } = await run(
      ...["cumulocity", "--type", "thermometer", "--path", "plant 7/hall 3"],
    );
    expect(out).toBe(
      [
        "ID,AUTH_TYPE,NAME,TYPE,PATH,com_cumulocity_model_Agent.active",
        "a,CERTIFICATES,a,thermometer,plant 7/hall 3,true",
        "b/1,CERTIFICATES,b/1,thermometer,plant 7/hall 3,true",
        "",
      ].join("\n"),
    );
    const file = join(folder, "cumulocity.csv");
    const written = await run("cumulocity", "--type", "t", "--output", file);
    expect(written.error).toBe(`2 rows in ${file}\n`);
    expect(rowsOf(readFileSync(file, "utf8"))).toHaveLength(2);
  });

  test("thingsboard: the present certificate of each active device, and what the columns are", async () => {
    const file = join(folder, "tb.csv");
    const { code } = await run(
      "thingsboard",
      "--type",
      'pump, "big"',
      "--output",
      file,
    );
    expect(code).toBe(0);
    const rows = rowsOf(readFileSync(file, "utf8"));
    expect(rows.map((row) => row.NAME)).toEqual(["a", "b/1"]);
    for (const { NAME = "", TYPE, X509 = "" } of rows) {
      const { certificatePem = "" } =
        (NAME === "a" ? first : second).get(NAME) ?? {};
      expect(TYPE).toBe('pump, "big"');
      expect(new X509Certificate(Buffer.from(X509, "base64")).raw).toEqual(
        new X509Certificate(certificatePem).raw,
      );
      expect(credentialsId(X509)).toBe(
        batch.inventory
          .prepare(
            "SELECT thingsBoardCredentialsId AS id FROM inventory WHERE id = ?",
          )
          .get(NAME)?.id,
      );
    }
    expect(
      JSON.parse(readFileSync(join(folder, "tb-mapping.json"), "utf8")),
    ).toEqual({
      columns: [{ type: "NAME" }, { type: "TYPE" }, { type: "X509" }],
      delimiter: ",",
      header: true,
      update: true,
    });
  });

  test("thingsboard: whole bodies of requests, below the limit", async () => {
    const file = join(folder, "body.json");
    await run(
      "thingsboard",
      "--bodies",
      "--rows-per-file",
      "1",
      "--output",
      file,
    );
    const bodies = [1, 2].map(
      (part) =>
        JSON.parse(
          readFileSync(join(folder, `body-00${part}.json`), "utf8"),
        ) as { file: string; mapping: { update: boolean } },
    );
    expect(
      bodies.flatMap((body) => rowsOf(body.file).map((row) => row.NAME)),
    ).toEqual(["a", "b/1"]);
    expect(bodies[0]?.mapping.update).toBe(true);
  });

  test("thingsboard: a file of certificates that is missing is named, and nothing is left half-written", async () => {
    const damaged = new TestBatch(
      join(folder, "damaged"),
      await makeAuthorities(),
    );
    await damaged.issue(["a"]);
    rmSync(damaged.path("bundles", "000001-certificates.ndjson.zst"));
    const file = join(folder, "none.csv");
    const { code, error } = await runCli([
      "batch",
      "export",
      damaged.directory,
      "--format",
      "thingsboard",
      "--output",
      file,
    ]);
    expect(code).toBe(2);
    expect(error).toContain("000001-certificates.ndjson.zst: is not there");
    expect(
      readdirSync(folder).filter((name) => name.startsWith("none")),
    ).toEqual([]);
  });

  test("cumulocity-crl: all that a device had until it was revoked", async () => {
    const { out } = await run("cumulocity-crl");
    const [header, ...rows] = out.trimEnd().split("\n");
    expect(header).toBe("SERIALNO,DATE");
    expect(rows.sort()).toEqual(
      [first, second]
        .map(
          (devices) =>
            `${devices.get("c")?.serialNumber ?? ""},2026-11-20T12:00:00.000Z`,
        )
        .sort(),
    );
    const back = new TestBatch(join(folder, "back"), await makeAuthorities());
    const before = await back.issue(["a", "b"]);
    back.inventory.setStatus("revoked", ["a"]);
    await back.issue(["a"]);
    const list = await runCli([
      "batch",
      "export",
      back.directory,
      "--format",
      "cumulocity-crl",
    ]);
    expect(list.out.match(/^[0-9a-f]{34}/gm)).toEqual([
      before.get("a")?.serialNumber,
    ]);
    const alike = await run("cumulocity-crl", "--status", "revoked");
    expect(alike.out).toBe(out);
  });

  test("of a small batch, with a folder for each device", async () => {
    const directory = join(folder, "small");
    const device = await issue((await makeAuthorities()).ca, {
      subject: { commonName: "a" },
    });
    mkdirSync(join(directory, "a"), { recursive: true });
    writeFileSync(join(directory, "a", "cert.pem"), device.certificatePem);
    writeFileSync(
      join(directory, "inventory.csv"),
      formatInventory([inventoryEntry("a", device.certificatePem)]),
    );
    const text = async (...args: readonly string[]): Promise<string> =>
      (await runCli(["batch", "export", directory, "--format", ...args])).out;
    expect(rowsOf(await text("csv"))).toMatchObject([
      { id: "a", serialNumber: device.serialNumber, status: "active" },
    ]);
    expect(await text("cumulocity", "--type", "t")).toContain(
      "a,CERTIFICATES,a,t,true",
    );
    const file = join(folder, "small.csv");
    await text("thingsboard", "--output", file);
    expect(rowsOf(readFileSync(file, "utf8"))).toMatchObject([
      { NAME: "a", TYPE: "default" },
    ]);
  });

  test.each([
    {
      args: ["xml"],
      error:
        '--format "xml" is no export; write one of csv, cumulocity, thingsboard, cumulocity-crl.',
    },
    {
      args: ["csv", "--status", "gone"],
      error: '--status "gone" is no status',
    },
    {
      args: ["csv", "--type", "t"],
      error: "--type is for cumulocity and thingsboard only",
    },
    { args: ["csv", "--rows-per-file", "3"], error: "name them with --output" },
    {
      args: ["csv", "--rows-per-file", "x", "--output", "f"],
      error: '--rows-per-file "x" is no number',
    },
    { args: ["cumulocity"], error: "--type is needed for Cumulocity" },
    {
      args: ["cumulocity", "--type", "a;b"],
      error: '--type "a;b" holds a comma, semicolon',
    },
    {
      args: ["cumulocity", "--type", "a", "--path", "a,b"],
      error: '--path "a,b" holds a comma',
    },
    { args: ["thingsboard"], error: "name the first with --output" },
    {
      args: ["cumulocity-crl", "--status", "active"],
      error: "lists revoked devices; leave it out",
    },
    {
      args: ["csv", "--output", "/nowhere/file.csv"],
      error: "a file could not be read or written",
    },
  ])("$args is refused", async ({ args, error }) => {
    const refused = await run(...args);
    expect(refused.code).toBe(2);
    expect(refused.error).toContain(error);
  });
});

describe("files of an export", () => {
  const folder = scratchFolder();
  const header = "name\n";

  test("hold no more rows and octets than they may, and all rows in their order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.string({ unit: "grapheme", maxLength: 30 }), {
            maxLength: 5,
          }),
          { maxLength: 8 },
        ),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 150, max: 400 }),
        async (pages, rowsPerFile, bytesPerFile) => {
          const path = join(folder, "some.csv");
          for (const name of readdirSync(folder)) {
            rmSync(join(folder, name));
          }
          const lines = pages.map((page) =>
            page.map((value) => csvLine([`x${value}`])),
          );
          const { rows, files } = await writeParts(
            path,
            { header, rows: () => lines },
            { rowsPerFile, bytesPerFile },
          );
          expect(rows).toBe(lines.flat().length);
          const texts = files.map((file) => readFileSync(file, "utf8"));
          expect(texts.map((text) => text.slice(header.length)).join("")).toBe(
            lines.flat().join(""),
          );
          for (const [index, text] of texts.entries()) {
            expect(text.startsWith(header)).toBe(true);
            const count = parse(text, { relax_column_count: true }).length - 1;
            expect(count).toBeLessThanOrEqual(rowsPerFile);
            expect(
              count === 1 || statSync(files[index] ?? "").size <= bytesPerFile,
            ).toBe(true);
          }
          expect(readdirSync(folder)).toHaveLength(files.length);
          expect(existsSync(path)).toBe(files.length === 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("quoted values are read as they were", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" }), {
          minLength: 2,
          maxLength: 5,
        }),
        (values) => {
          expect(parse(csvLine(values))).toEqual([values]);
        },
      ),
    );
  });
});
