import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../../support/command";

/** A million with `MQTT_PKI_ROWS=1000000`. */
const ROWS = Number(process.env.MQTT_PKI_ROWS ?? 200_000);
const MAXIMUM_GROWTH = 40_000_000;
const ROOT = join(__dirname, "..", "..", "..", "..");

/** Reads the list to its end, and answers how many devices there were and by how many bytes the heap grew at most. */
const PROGRAM = `
const { readDeviceList } = require(${JSON.stringify(join(ROOT, "pki", "batch", "manifest"))});
const heap = () => { gc(); return process.memoryUsage().heapUsed; };
(async () => {
  const before = heap();
  let [count, seen, growth] = [0, 0, 0];
  for await (const chunk of readDeviceList(JSON.parse(process.argv[1]))) {
    count += chunk.length;
    if (count - seen >= 20_000) {
      seen = count;
      growth = Math.max(growth, heap() - before);
    }
  }
  console.log(JSON.stringify({ count, growth }));
})();
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "memory-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function write(
  name: string,
  header: string,
  row: (at: number) => string,
): Promise<string> {
  const path = join(folder, name);
  const file = createWriteStream(path);
  file.write(header);
  for (let at = 0; at < ROWS; at += 1) {
    if (!file.write(row(at))) {
      await once(file, "drain");
    }
  }
  file.end();
  await once(file, "close");
  return path;
}

test.each<[string, string, (at: number) => string]>([
  [
    "fleet.csv",
    "id,dnsNames,serialNumber\n",
    (at) => `thermometer-${at},t${at}.example,TH-${at}\n`,
  ],
  [
    "fleet.ndjson",
    "",
    (at) => `{"id":"thermometer-${at}","serialNumber":"TH-${at}"}\n`,
  ],
])(
  `${ROWS.toLocaleString("en-US")} rows of %s go through less than 40 MB of heap`,
  async (name, header, row) => {
    const manifest = await write(name, header, row);
    const { code, stdout, stderr } = await runCommand(process.execPath, [
      "--expose-gc",
      "-r",
      join(ROOT, "bin", "register.cjs"),
      "-e",
      PROGRAM,
      JSON.stringify({ manifest }),
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    const { count, growth } = JSON.parse(stdout) as {
      count: number;
      growth: number;
    };
    expect(count).toBe(ROWS);
    expect(growth).toBeLessThan(MAXIMUM_GROWTH);
  },
);
