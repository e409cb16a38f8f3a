import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeySearch } from "../support/keySearch";
import { splitCertificates } from "../../pki/pem";
import type { Batch } from "./support/batch";
import { Bench } from "./support/batch";
import {
  deviceFolders,
  faults,
  modeOf,
  readDevice,
  readInventory,
  snapshot,
} from "./support/devices";
import type { Properties } from "./support/wire";

const bench = new Bench();

describe("a batch that is created", () => {
  test("gives every device a bench.folder with certificate, chain and key, and an inventory", async () => {
    const { output, ids, outs } = await bench
      .batch(["a", "b", "c.d_e-f@g"])
      .create();
    expect(deviceFolders(output).sort()).toEqual(ids);
    expect(faults(output, ids, bench.above.ca.certificatePem)).toEqual([]);
    expect(outs).toMatchObject({ count: 3, issued: 3, renewed: 0 });
    const ends = readInventory(output)
      .map(({ notAfter }) => notAfter)
      .sort();
    expect(outs.expiresFirst).toBe(ends[0]);
    expect(outs.expiresLast).toBe(ends.at(-1));
  });

  test("keeps others out: folders 0700, files 0600", async () => {
    const { output } = await bench.batch(["a/b"]).create();
    expect(modeOf(output)).toBe("700");
    expect(modeOf(join(output, "a%2Fb"))).toBe("700");
    for (const name of snapshot(output).keys()) {
      expect([name, modeOf(join(output, name))]).toEqual([name, "600"]);
    }
  });

  test("writes chains of leaf and issuing CA, and of the root as well where asked", async () => {
    const [plain, full] = [
      await bench.batch(["a"]).create(),
      await bench.batch(["a"], { includeRoot: true }).create(),
    ];
    const chain = (batch: Batch): string[] =>
      splitCertificates(readDevice(batch.output, "a").chainPem).slice(1);
    expect(chain(plain)).toEqual([bench.above.ca.certificatePem]);
    expect(chain(full)).toEqual([
      bench.above.ca.certificatePem,
      bench.above.authority.certificatePem,
    ]);
  });

  test("reads its devices from a manifest, relative to the project", async () => {
    writeFileSync(
      join(bench.folder, "fleet.csv"),
      "id,serialNumber,uris,validityDays\nm-1,SN 1,urn:m-1,\nm-2,,,30\n",
    );
    const batch = bench.batch([]);
    const { devices, ...rest } = batch.inputs;
    batch.inputs = {
      ...rest,
      manifest: "fleet.csv",
      subject: { organization: "IoT" },
    };
    await batch.create();
    const one = readDevice(batch.output, "m-1").certificate;
    expect(one.subject).toBe("O=IoT\nCN=m-1\nserialNumber=SN 1");
    expect(one.subjectAltName).toBe("URI:urn:m-1");
    const two = readDevice(batch.output, "m-2").certificate;
    const days = (new Date(two.validTo).getTime() - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
  });

  test("answers with as much for forty devices as for one", async () => {
    const ids = Array.from({ length: 40 }, (_, place) => `device-${place}`);
    const [one, forty] = [
      await bench.batch(["d"]).create(),
      await bench.batch(ids).create(),
    ];
    expect(Object.keys(forty.outs).sort()).toEqual(
      Object.keys(one.outs).sort(),
    );
    const size = ({ outs }: Batch): number => JSON.stringify(outs).length;
    // Two digits for one in count and issued, perhaps in the bench.folder's name.
    expect(size(forty) - size(one)).toBeLessThanOrEqual(4);
    expect(JSON.stringify(forty.outs)).not.toMatch(/BEGIN|device-1/);
    expect(faults(forty.output, ids, bench.above.ca.certificatePem)).toEqual(
      [],
    );
  });

  test("of no devices at all is a bench.folder with an empty inventory", async () => {
    const { output, outs } = await bench.batch([]).create();
    expect(readInventory(output)).toEqual([]);
    expect(outs).toMatchObject({ count: 0, expiresFirst: "", expiresLast: "" });
  });

  test("takes the place of no file of the batch, whatever the devices are called", async () => {
    const ids = ["inventory.csv", ".batch", "inventory.csv.partial"];
    const { output } = await bench.batch(ids).create();
    expect(readInventory(output).map(({ id }) => id)).toEqual(ids.toSorted());
    expect(deviceFolders(output)).toHaveLength(3);
  });
});

describe("a batch that is deleted", () => {
  test("takes its own files away and leaves all others", async () => {
    const { urn, output, outs } = await bench.batch(["a", "b/c"]).create();
    mkdirSync(join(output, "mine"));
    writeFileSync(join(output, "mine", "cert.pem"), "not of this batch");
    writeFileSync(join(output, "a", "notes.txt"), "mine, too");
    await bench.plugin.delete(urn, outs);
    expect([...snapshot(output).keys()].sort()).toEqual([
      "a/notes.txt",
      "mine/cert.pem",
    ]);
  });

  test("takes the bench.folder away where nothing else is in it, also with removed devices", async () => {
    const batch = await bench.batch(["a", "b"]).create();
    await batch.update({ devices: [{ id: "a" }] });
    await bench.plugin.delete(batch.urn, batch.outs);
    expect(() => snapshot(batch.output)).toThrow(/ENOENT/);
    await bench.plugin.delete(batch.urn, batch.outs);
  });

  test("takes away what a killed update had issued and not yet noted", async () => {
    const batch = await bench.batch(["a"]).create();
    const inventory = join(batch.output, "inventory.csv");
    const noted = readFileSync(inventory, "utf8");
    const { outs } = batch;
    await batch.update({ devices: [{ id: "a" }, { id: "b/c" }] });
    // As it is where the update is killed before its last step.
    writeFileSync(inventory, noted);
    await bench.plugin.delete(batch.urn, outs);
    expect(() => snapshot(batch.output)).toThrow(/ENOENT/);
  });

  test("takes what was killed between a key and its certificate, and leaves a folder of somebody else's", async () => {
    const batch = await bench.batch(["sensor-1"]).create();
    const left = join(batch.output, "sensor-2");
    const foreign = join(batch.output, "notes");
    for (const folder of [left, foreign]) {
      mkdirSync(folder);
      writeFileSync(join(folder, "chain.pem"), "");
    }
    writeFileSync(join(left, "cert.pem.partial"), "");
    writeFileSync(join(foreign, "why.txt"), "mine");
    await bench.plugin.delete(batch.urn, batch.outs);
    expect([...snapshot(batch.output).keys()].sort()).toEqual([
      "notes/chain.pem",
      "notes/why.txt",
    ]);
  });
});

test("the digest is SHA-256 over what devices and brokers get to see", async () => {
  const batch = await bench.batch(["a"]).create();
  const files = snapshot(batch.output);
  expect(batch.outs.digest).toBe(
    createHash("sha256")
      .update(files.get("inventory.csv") ?? "")
      .update(bench.above.ca.certificatePem)
      .digest("hex"),
  );
});

test("nothing the plugin said holds a key of a CA or of a device", () => {
  const keys: Record<string, string> = {
    ca: String((bench.above.signer.privateKeyPem as Properties).value),
  };
  for (const [path, text] of snapshot(bench.folder)) {
    if (path.endsWith("key.pem")) {
      keys[path] = text;
    }
  }
  expect(Object.keys(keys).length).toBeGreaterThan(50);
  expect(new KeySearch(keys).find(bench.plugin.said.join("\n"))).toEqual([]);
});
