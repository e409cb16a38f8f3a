import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describeOpenSsl, scratchFolder } from "../pki/support/openssl";
import { RequestFiles } from "../support/requestFiles";
import { Bench } from "./support/batch";
import { withPlugin } from "./support/killed";
import {
  LargeBatch,
  LargeBatches,
  bundleFaults,
  ids,
  readEntries,
  readRows,
} from "./support/largeBatch";
import { secret } from "./support/wire";

const PASSWORD = "open sesame 7";
const bench = new Bench();
const folder = scratchFolder();
const batches = new LargeBatches(bench);

describeOpenSsl("other forms of bundles", (openssl) => {
  test("tar archives, without compression, with a keystore for each device", async () => {
    const { batch } = await batches.created(ids(3), {
      bundles: { format: "tar", compression: "none" },
      keystore: secret({ password: PASSWORD }),
    });
    expect(
      await bundleFaults(batch.output, ids(3), bench.above.ca.certificatePem),
    ).toEqual([]);
    const stores = join(batch.output, "bundles", "000001-keystores.tar");
    expect(spawnSync("tar", ["-xf", stores, "-C", folder]).status).toBe(0);
    const listed = openssl.run(
      [
        ..."pkcs12 -nokeys -passin stdin -in".split(" "),
        join(folder, "device-1", "keystore.p12"),
      ],
      `${PASSWORD}\n`,
    );
    expect(listed).toContain("friendlyName: device-1");
    expect(listed.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    // Where the engine looks for it, and nowhere else.
    expect(JSON.stringify({ ...batch.outs, keystore: "" })).not.toContain(
      PASSWORD,
    );
  });

  test("gzip, which everything reads", async () => {
    const { batch } = await batches.created(ids(2), {
      bundles: { compression: "gzip" },
    });
    const name = join(batch.output, "bundles", "000001-keys.ndjson.gz");
    const lines = gunzipSync(readFileSync(name)).toString().trim().split("\n");
    expect(
      lines.map((line) => (JSON.parse(line) as { id: string }).id),
    ).toEqual(ids(2));
  });

  test.each([
    ["RSA", { algorithm: "RSA", rsaBits: 2048 }],
    ["P-384", { algorithm: "ECDSA", ecdsaCurve: "P384" }],
  ])("keys of %s", async (_, key) => {
    const { batch } = await batches.created(ids(2), { key });
    expect(
      await bundleFaults(batch.output, ids(2), bench.above.ca.certificatePem),
    ).toEqual([]);
    // Another kind of key is another key for everybody.
    await batch.update({ key: { algorithm: "ECDSA", ecdsaCurve: "P256" } });
    expect(batch.outs).toMatchObject({ issued: 2, renewed: 0 });
  });

  test("names that templates make of the list's columns", async () => {
    const list = batches.manifest(
      ["a,berlin", "b,bonn", "c,berlin"],
      "id,site",
    );
    const batch = LargeBatch.of(bench, batches.nextName(), {
      manifest: list,
      dnsNames: ["{id}.{site}.example.com"],
      subject: { organization: "IoT", organizationalUnit: "{site}" },
    });
    await batch.create();
    const certificates = await readEntries(batch.output, "certificates");
    const names = certificates.map(({ pem }) => {
      const { subject, subjectAltName } = new X509Certificate(pem);
      return `${subject.replaceAll("\n", ",")} ${subjectAltName ?? ""}`;
    });
    expect(names).toEqual([
      "O=IoT,OU=berlin,CN=a DNS:a.berlin.example.com",
      "O=IoT,OU=bonn,CN=b DNS:b.bonn.example.com",
      "O=IoT,OU=berlin,CN=c DNS:c.berlin.example.com",
    ]);
    // A device that moves gets another certificate for its key.
    batches.write(list, ["a,berlin", "b,berlin", "c,berlin"], "id,site");
    expect(await batch.update()).toBe("+0 new, 1 changed, 0 due, 2 unchanged");
  });

  test("a range of numbers, and one part of it", async () => {
    const name = batches.nextName();
    const range = { id: "pump-{number}", from: 1, to: 40, digits: 3 };
    const parts = await Promise.all(
      [0, 1].map(async (index) => {
        const part = LargeBatch.of(bench, `${name}-${index}`, {
          range,
          shard: { index, of: 2 },
        });
        await part.create();
        return [...readRows(part.output).keys()];
      }),
    );
    expect(parts.flat().sort()).toEqual(
      Array.from(
        { length: 40 },
        (_, at) => `pump-${String(at + 1).padStart(3, "0")}`,
      ),
    );
    expect(parts.every((part) => part.length > 5)).toBe(true);
  });

  test("requests: keys stay with their devices", async () => {
    const name = batches.nextName();
    const requests = join(bench.folder, `requests-${name}`);
    const keys = join(bench.folder, `keys-${name}`);
    const files = new RequestFiles(openssl, requests, keys);
    files.make("r-1");
    files.make("r-2", { newKey: "rsa:2048" });
    const batch = LargeBatch.of(bench, batches.nextName(), { requests });
    await batch.create();
    expect(readdirSync(join(batch.output, "bundles"))).toEqual([
      "000001-certificates.ndjson.zst",
      "chain.pem",
      "index.json",
      "issuers.pem",
    ]);
    expect(
      await bundleFaults(
        batch.output,
        ["r-1", "r-2"],
        bench.above.ca.certificatePem,
      ),
    ).toEqual([]);
  });
});

describe("renewal", () => {
  const later = (days: number): string =>
    new Date(Date.now() + days * 86_400_000).toISOString();

  test("what is due keeps its key, or gets a new one where the code says so", async () => {
    const { batch } = await batches.created(ids(4));
    const before = await readEntries(batch.output, "keys");
    const rows = readRows(batch.output);
    await withPlugin({ cwd: bench.folder, now: later(300) }, async (plugin) => {
      const due = batch.on(plugin, { allowClockOverride: true });
      expect(await due.update()).toBe("+0 new, 0 changed, 4 due, 0 unchanged");
      expect(due.outs).toMatchObject({ issued: 0, renewed: 4 });
      expect(await readEntries(batch.output, "keys")).toEqual(before);
      expect(
        await bundleFaults(batch.output, ids(4), bench.above.ca.certificatePem),
      ).toEqual([]);
    });
    expect(readRows(batch.output)).not.toEqual(rows);
    await withPlugin({ cwd: bench.folder, now: later(600) }, async (plugin) => {
      const due = batch.on(plugin, {
        allowClockOverride: true,
        newKeyOnRenewal: true,
      });
      await due.update();
      expect(due.outs).toMatchObject({ issued: 4, renewed: 0 });
    });
  });

  test("another point of renewal counts for what was issued before", async () => {
    const { batch } = await batches.created(ids(3));
    const said = await batch.update({ renewal: { beforeDays: 364 } });
    expect(said).toBe("+0 new, 0 changed, 0 due, 3 unchanged");
    await withPlugin({ cwd: bench.folder, now: later(2) }, async (plugin) => {
      const due = batch.on(plugin, { allowClockOverride: true });
      expect(await due.update()).toBe("+0 new, 0 changed, 3 due, 0 unchanged");
      // The new certificates are due a day after they begin, too.
      const next = new Date(String(due.outs.renewsFirst)).getTime();
      expect(Math.round((next - Date.now()) / 86_400_000)).toBe(3);
    });
  });
});
