import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, sep } from "node:path";
import { gzipSync } from "node:zlib";
import type { Device } from "../../../../pki/batch/device";
import type {
  DeviceListOptions,
  DeviceRange,
  DeviceSource,
} from "../../../../pki/batch/manifest";
import {
  ProblemList,
  digestOfSource,
  readDeviceList,
} from "../../../../pki/batch/manifest";
import { readToEnd } from "../../../../pki/batch/manifest/fileBytes";
import { compileTemplates } from "../../../../pki/batch/nameTemplates";
import { InputError, formatProblem } from "../../../../pki/problem";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "device-list-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function manifest(name: string, content: string | Buffer): DeviceSource {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { manifest: path };
}

async function read(
  source: DeviceSource,
  options?: DeviceListOptions,
): Promise<Device[]> {
  const devices: Device[] = [];
  for await (const chunk of readDeviceList(source, options)) {
    expect(chunk.length).toBeGreaterThan(0);
    expect(chunk.length).toBeLessThanOrEqual(1_000);
    devices.push(...chunk);
  }
  return devices;
}

/** What a list is refused for; paths without the folder. */
async function refusals(
  source: DeviceSource,
  options?: DeviceListOptions,
): Promise<string[]> {
  try {
    await read(source, options);
  } catch (error) {
    if (error instanceof InputError) {
      return error.problems.map((problem) =>
        formatProblem(problem).replaceAll(`${folder}${sep}`, ""),
      );
    }
    throw error;
  }
  throw new Error("the list was not refused");
}

const ids = (devices: readonly Device[]): string[] =>
  devices.map(({ id }) => id);

describe("a list in a file", () => {
  test.each([
    ["fleet.csv", "\uFEFFid,dnsNames\r\na,a.example\r\nb,\r\n"],
    [
      "fleet.ndjson",
      '\uFEFF{"id":"a","dnsNames":["a.example"]}\r\n{"id":"b"}\n',
    ],
    ["fleet.jsonl", '{"id":"a","dnsNames":"a.example"}\n{"id":"b"}'],
    ["FLEET.CSV", "id,dnsNames\na,a.example\nb,\n"],
  ])("%s is read", async (name, content) => {
    const devices = await read(manifest(name, content));
    expect(devices).toEqual([
      expect.objectContaining({ id: "a", dnsNames: ["a.example"] }),
      expect.objectContaining({ id: "b" }),
    ]);
  });

  test("is read in chunks of up to 1,000, in its order, wherever blocks of the file end", async () => {
    const rows = Array.from({ length: 60_000 }, (_, at) => `gerät-ü-${at}`);
    const devices = await read(
      manifest("fleet.csv", `id\n${rows.join("\n")}\n`),
      { check: false },
    );
    expect(ids(devices)).toEqual(rows);
    expect(devices.at(-1)?.source).toMatch(/fleet\.csv:60001$/);
  });

  test("has the digest of its bytes, which is another one when it changed meanwhile", async () => {
    const content = "id\na\nb\n";
    const source = manifest("fleet.csv", content);
    const before = await digestOfSource(source);
    expect(before).toBe(createHash("sha256").update(content).digest("hex"));
    const list = readDeviceList(source);
    expect(() => list.digest()).toThrow("when the whole list was read");
    await readToEnd(list);
    expect(list.digest()).toBe(before);
    appendFileSync(join(folder, "fleet.csv"), "c\n");
    const changed = readDeviceList(source);
    await readToEnd(changed);
    expect(changed.digest()).not.toBe(before);
    expect(changed.digest()).toBe(await digestOfSource(source));
  });

  test("has one bad row in the middle found, with its line and column, and that row left out", async () => {
    const rows = Array.from({ length: 50_000 }, (_, at) => `d-${at}`);
    rows[23_456] = "d 1";
    const source = manifest("fleet.csv", `id\n${rows.join("\n")}\n`);
    const problems = new ProblemList();
    const devices = await read(source, { problems });
    expect(devices).toHaveLength(49_999);
    expect(ids(devices)).not.toContain("d 1");
    expect(problems.count).toBe(1);
    expect(await refusals(source)).toEqual([
      expect.stringMatching(/^fleet\.csv:23458\.id: "d 1" holds a character/),
    ]);
  });

  test("has of very many problems the first 50 told, and how many more there are", async () => {
    const rows = "a,b\n".repeat(1_284);
    const found = await refusals(manifest("fleet.csv", `id\n${rows}`));
    expect(found).toHaveLength(51);
    expect(found[49]).toMatch(/^fleet\.csv:51: has 2 fields/);
    expect(found[50]).toBe("… and 1,234 more");
  });

  test("tells what was found before the reading had to end", async () => {
    expect(await refusals(manifest("fleet.csv", 'id\na,b\n"c"d\ne\n'))).toEqual(
      [
        expect.stringMatching(/^fleet\.csv:2: has 2 fields/),
        expect.stringMatching(/^fleet\.csv:3: is no well-formed CSV/),
      ],
    );
  });

  test.each<[string, string, string | Buffer, string | RegExp]>([
    ["nothing", "a.csv", "", "a.csv: is empty; the first line names the col"],
    ["a mark alone", "a.csv", "\uFEFF", "a.csv: is empty; the first line"],
    ["no line", "a.ndjson", "", "a.ndjson: is empty; write one device a line"],
    [
      "Latin-1",
      "a.csv",
      Buffer.from("id\na\nb\nger\xe4t\n", "latin1"),
      /^a\.csv:4: is no UTF-8 \(byte 0xE4\); save the manifest as UTF-8\.$/,
    ],
    [
      "half a character at the end",
      "a.csv",
      Buffer.from("id\na\nü").subarray(0, 6),
      "a.csv:3: is no UTF-8 (byte 0xC3)",
    ],
    [
      "UTF-16",
      "a.csv",
      Buffer.from("\uFEFFid\na\n", "utf16le"),
      "a.csv: is UTF-16; save it as UTF-8.",
    ],
    [
      "UTF-16 without a mark",
      "a.csv",
      Buffer.from("id\na\n", "utf16le"),
      "a.csv: holds NUL bytes and is no text",
    ],
    [
      "gzip",
      "a.csv",
      gzipSync("id\na\n"),
      "a.csv: is compressed with gzip; unpack it first",
    ],
    [
      "a spreadsheet",
      "a.csv",
      Buffer.from("PK\x03\x04rest"),
      "a.csv: is a ZIP archive, which spreadsheets are",
    ],
    [
      "no known form",
      "a.txt",
      "id\na\n",
      /^manifest: ".*a\.txt" is no CSV file, and no NDJSON file either; name one that ends with/,
    ],
  ])("is refused where it is %s", async (_what, name, content, message) => {
    const [first] = await refusals(manifest(name, content));
    expect(first).toEqual(
      typeof message === "string"
        ? expect.stringContaining(message)
        : expect.stringMatching(message),
    );
  });

  test("is refused where Latin-1 begins after 600 kB of good rows, by its line", async () => {
    const good = "id\n" + "thermometer\n".repeat(50_000);
    const content = Buffer.concat([
      Buffer.from(good),
      Buffer.from("ger\xe4t\n", "latin1"),
      Buffer.from("a\n".repeat(50_000)),
    ]);
    expect(await refusals(manifest("a.csv", content))).toEqual([
      "a.csv:50002: is no UTF-8 (byte 0xE4); save the manifest as UTF-8.",
    ]);
  });

  test("is refused where it is not there, or a folder", async () => {
    const none = { manifest: join(folder, "none.csv") };
    const message =
      'manifest: "none.csv" is not there; name a file relative to the folder of Pulumi.yaml.';
    expect(await refusals(none)).toEqual([message]);
    await expect(digestOfSource(none)).rejects.toThrow("is not there");
    mkdirSync(join(folder, "dir.csv"));
    expect(await refusals({ manifest: join(folder, "dir.csv") })).toEqual([
      'manifest: "dir.csv" cannot be read (EISDIR).',
    ]);
  });

  // The super-user may read everything.
  (userInfo().uid === 0 ? test.skip : test)(
    "is refused where this user may not read it",
    async () => {
      const source = manifest("a.csv", "id\na\n");
      chmodSync(join(folder, "a.csv"), 0o000);
      expect(await refusals(source)).toEqual([
        'manifest: "a.csv" cannot be read (EACCES).',
      ]);
    },
  );
});

describe("templates", () => {
  const templates = compileTemplates({
    subject: { organizationalUnit: "{site}" },
    dnsNames: ["{id}.{site}.example"],
  });

  test("are asked of every row: a value that is empty, and a name that is none, by line and column", async () => {
    const source = manifest(
      "fleet.csv",
      "id,site\na,berlin\nb,\nc,two words\nd_1,munich\n",
    );
    const problems = new ProblemList();
    expect(ids(await read(source, { templates, problems }))).toEqual(["a"]);
    expect(await refusals(source, { templates })).toEqual([
      'fleet.csv:3.site: is empty, and dnsNames[0] "{id}.{site}.example" needs it; write a value.',
      expect.stringMatching(
        /^fleet\.csv:4\.dnsNames\[0\]: "c\.two words\.example" is no host name/,
      ),
      expect.stringMatching(/^fleet\.csv:5\.dnsNames\[0\]: "d_1\.munich\.exa/),
    ]);
  });

  test("find no column that the header does not name", async () => {
    const source = manifest("fleet.csv", "id,sites\na,berlin\n");
    expect(await refusals(source, { templates })).toEqual([
      'fleet.csv:1: "sites" is no known column and no template uses it; known are id, dnsNames, uris, serialNumber, validityDays, site.',
      'fleet.csv:1: names no column "site", which dnsNames[0] "{id}.{site}.example" needs; add it.',
      'fleet.csv:1: names no column "site", which subject.organizationalUnit "{site}" needs; add it.',
    ]);
  });

  test("take their values from the columns of a device in the program", async () => {
    const good = { id: "a", columns: { site: "berlin" } };
    expect(await read({ devices: [good] }, { templates })).toEqual([
      { ...good, source: "devices[0]" },
    ]);
    expect(
      await refusals(
        { devices: [{ id: "a" }, { id: "b", columns: { sight: "x" } }] },
        { templates },
      ),
    ).toEqual([
      expect.stringMatching(
        /^devices\[1\]\.columns\.sight: "sight" is no known/,
      ),
      expect.stringMatching(/^devices\[0\]\.site: is empty, and dnsNames\[0\]/),
      expect.stringMatching(/^devices\[1\]\.site: is empty, and dnsNames\[0\]/),
    ]);
  });
});

describe("devices in the program", () => {
  test("have a digest that does not hang on the order of members", async () => {
    const one = await digestOfSource({
      devices: [{ id: "a", serialNumber: "1", dnsNames: ["b.de", "a.de"] }],
    });
    const source: DeviceSource = {
      devices: [{ dnsNames: ["b.de", "a.de"], serialNumber: "1", id: "a" }],
    };
    expect(await digestOfSource(source)).toBe(one);
    const list = readDeviceList(source);
    await readToEnd(list);
    expect(list.digest()).toBe(one);
    expect(
      await digestOfSource({
        devices: [{ id: "a", serialNumber: "1", dnsNames: ["a.de", "b.de"] }],
      }),
    ).not.toBe(one);
  });
});

describe("a range", () => {
  test("names its devices by their numbers, with zeros in front where asked", async () => {
    const range = { id: "t-{number}-x", from: 8, to: 11, digits: 3 };
    expect(await read({ range })).toEqual(
      [8, 9, 10, 11].map((at) => ({
        id: `t-${String(at).padStart(3, "0")}-x`,
        source: `range[${at}]`,
      })),
    );
  });

  test("goes from its first to its last number, in chunks", async () => {
    const range = { id: "thermometer-{number}", from: 1, to: 2_500, digits: 7 };
    const devices = await read({ range });
    expect(devices).toHaveLength(2_500);
    expect(devices[0]).toEqual({
      id: "thermometer-0000001",
      source: "range[1]",
    });
    expect(devices.at(-1)?.id).toBe("thermometer-0002500");
    const plain = { id: "t{number}", from: 0, to: 0 };
    expect(ids(await read({ range: plain }))).toEqual(["t0"]);
  });

  test("gives templates its number as the id has it", async () => {
    const templates = compileTemplates({
      subject: {},
      uris: ["urn:device:{number}"],
    });
    const range = { id: "t-{number}", from: 7, to: 7, digits: 2 };
    const [device] = await read({ range }, { templates });
    expect(device?.columns).toEqual({ number: "07" });
    expect(
      await refusals(
        { range },
        {
          templates: compileTemplates({ subject: {}, uris: ["urn:x:{site}"] }),
        },
      ),
    ).toEqual([
      'uris[0]: "urn:x:{site}" needs "site", which no device of a range has; use {id} and {number}, or a manifest with this column.',
    ]);
  });

  test.each<[Partial<DeviceRange>, string]>([
    [
      { id: "thermometer" },
      'range.id: "thermometer" gives every device the same id',
    ],
    [
      { id: "{name}-{number}" },
      'range.id: "{name}-{number}" holds "{name}", and a range has nothing but',
    ],
    [
      { id: "t-{number" },
      'range.id: "t-{number" opens a brace that is never closed',
    ],
    [{ id: "t:{number}" }, 'range.id: "t:9" contains ":"'],
    [{ from: -1 }, "range.from: -1 is no number of a device"],
    [{ from: 1.5 }, "range.from: 1.5 is no number of a device"],
    [{ to: Number.MAX_VALUE }, "range.to: "],
    [
      { from: 10 },
      "range.to: 9 lies before from, 10; write the last number here.",
    ],
    [{ digits: 0 }, "range.digits: 0 is no number of digits; write 1 to 16."],
    [
      { to: 100, digits: 2 },
      "range.digits: 2 are too few for 100; write 3, or leave it out.",
    ],
    [{ id: `${"x".repeat(60)}{number}`, digits: 6 }, "range.id: "],
  ])("%p is refused", async (part, message) => {
    const range = { id: "t-{number}", from: 1, to: 9, ...part };
    expect(await refusals({ range })).toEqual([
      expect.stringContaining(message),
    ]);
  });
});
