import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Batch } from "./support/batch";
import { Bench } from "./support/batch";
import { without } from "./support/inputs";
import { certificateOf } from "./support/requestBatch";
import type { Properties } from "./support/wire";

const bench = new Bench();

/** A batch whose devices are listed elsewhere than in the program. */
function batchOf(source: Properties): Batch {
  const batch = bench.batch([], source);
  batch.inputs = without(batch.inputs, "devices");
  return batch;
}

function manifest(name: string, text: string): string {
  writeFileSync(join(bench.folder, name), text);
  return name;
}

const TEMPLATES = {
  subject: { organizationalUnit: "{site}" },
  dnsNames: ["{id}.{site}.example"],
  uris: ["urn:device:{serialNumber}"],
};

test.each([
  [
    "CSV",
    "fleet.csv",
    "id,serialNumber,site,dnsNames\na,TH-1,berlin,\nb,TH-2,munich,own.example\n",
  ],
  [
    "NDJSON",
    "fleet.ndjson",
    '{"id":"a","serialNumber":"TH-1","site":"berlin"}\n{"id":"b","serialNumber":"TH-2","site":"munich","dnsNames":"own.example"}\n',
  ],
])(
  "templates are filled in from the columns of a manifest in %s, and a changed value changes one device",
  async (_form, name, text) => {
    const batch = await batchOf({
      manifest: manifest(name, text),
      ...TEMPLATES,
    }).create();
    expect(certificateOf(batch.output, "a").subject).toBe(
      "OU=berlin\nCN=a\nserialNumber=TH-1",
    );
    expect(certificateOf(batch.output, "a").subjectAltName).toBe(
      "DNS:a.berlin.example, URI:urn:device:TH-1",
    );
    expect(certificateOf(batch.output, "b").subjectAltName).toBe(
      "DNS:own.example, DNS:b.munich.example, URI:urn:device:TH-2",
    );
    manifest(name, text.replace("munich", "hamburg"));
    expect(await batch.update({})).toBe(
      "+0 new, 1 changed, 0 due, 1 unchanged",
    );
    expect(certificateOf(batch.output, "b").subject).toContain("OU=hamburg");
  },
);

test("a range is issued, and grows by its last number", async () => {
  const range = { id: "t-{number}", from: 1, to: 3, digits: 2 };
  const batch = await batchOf({ range, uris: ["urn:t:{number}"] }).create();
  expect(certificateOf(batch.output, "t-03").subjectAltName).toBe(
    "URI:urn:t:03",
  );
  expect(await batch.update({ range: { ...range, to: 5 } })).toBe(
    "+2 new, 0 changed, 0 due, 3 unchanged",
  );
});

test("all that is wrong with templates is told by the preview", async () => {
  const refused = async (source: Properties): Promise<string[]> => {
    const { urn, inputs } = batchOf(source);
    return bench.plugin.check(urn, inputs);
  };
  const bad = manifest(
    "bad.csv",
    "id,serialNumber,site\na,,berlin\nb,TH,b_1\n",
  );
  expect(await refused({ manifest: bad, ...TEMPLATES })).toEqual([
    'bad.csv:2.serialNumber: is empty, and uris[0] "urn:device:{serialNumber}" needs it; write a value.',
    expect.stringMatching(
      /^bad\.csv:3\.dnsNames\[0\]: "b\.b_1\.example" is no/,
    ),
  ]);
  expect(await refused({ manifest: bad, dnsNames: ["{site"] })).toEqual([
    expect.stringMatching(/^dnsNames\[0\]: "\{site" opens a brace/),
  ]);
  expect(await refused({ manifest: bad, uris: ["urn:x:{line}"] })).toEqual([
    expect.stringMatching(/^bad\.csv:1: "site" is no known column and no temp/),
    expect.stringMatching(/^bad\.csv:1: names no column "line", which uris/),
  ]);
});
