import { createPrivateKey } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { splitCertificates } from "../../pki/pem";
import { describeOpenSsl } from "../pki/support/openssl";
import { KeySearch } from "../support/keySearch";
import { RequestFiles } from "../support/requestFiles";
import { Bench, NO_CHANGE, UPDATE } from "./support/batch";
import {
  changedPaths,
  deviceFolders,
  readInventory,
  snapshot,
} from "./support/devices";
import { withPlugin } from "./support/killed";
import { certificateOf, requestBatch } from "./support/requestBatch";

const bench = new Bench();
const DAY = 86_400_000;
const IDS = ["pump-1", "pump-2", "pump-3"];

describeOpenSsl("a batch of requests that OpenSSL made", (openssl) => {
  let files: RequestFiles;
  let count = 0;

  /** A folder of its own for each test, with the requests of three devices: PEM, DER, and one for names. */
  beforeEach(() => {
    count += 1;
    files = new RequestFiles(
      openssl,
      join(bench.folder, `requests-${count}`),
      join(bench.folder, `keys-${count}`),
    );
    files.make("pump-1");
    files.make("pump-2", { file: "pump-2.der", der: true });
    files.make("pump-3", {
      file: "pump-3.pem",
      newKey: "rsa:2048",
      extensions: [
        "subjectAltName=DNS:pump-3.example.com,URI:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
      ],
    });
  });

  const fileOf = (id: string): string =>
    ({ "pump-2": "pump-2.der", "pump-3": "pump-3.pem" })[id] ?? `${id}.csr`;

  /** Every certificate is for the key of its own request, and no private key is there. */
  function expectCertified(output: string, ids: readonly string[]): void {
    for (const id of ids) {
      const certificate = certificateOf(output, id);
      const key = createPrivateKey(files.keyOf(fileOf(id)));
      expect(certificate.subject).toBe(`CN=${id}`);
      expect(certificate.checkPrivateKey(key)).toBe(true);
    }
    const paths = [...snapshot(output).keys()];
    expect(paths.filter((path) => path.endsWith("key.pem"))).toEqual([]);
    expect([...snapshot(output).values()].join("")).not.toMatch(/PRIVATE KEY/);
  }

  test("is issued, verifies, and holds no key", async () => {
    const { output, outs } = await requestBatch(bench, files.folder).create();
    expect(outs).toMatchObject({ count: 3, issued: 3, renewed: 0 });
    expectCertified(output, IDS);
    expect(readInventory(output).map(({ id }) => id)).toEqual(IDS);
    for (const id of IDS) {
      expect(
        openssl.refusal({
          chain: splitCertificates(
            readFileSync(join(output, id, "chain.pem"), "utf8"),
          ),
          anchors: [bench.above.authority.certificatePem],
          args: ["-purpose", "sslclient"],
        }),
      ).toBe("");
    }
    expect(certificateOf(output, "pump-3").subjectAltName).toBe(
      "DNS:pump-3.example.com, URI:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    );
  });

  test("reads the label of keytool and Windows, and no hidden files", async () => {
    const path = files.make("pump-1", { sameKey: true });
    const pem = readFileSync(path, "utf8");
    writeFileSync(path, pem.replaceAll("CERTIFICATE", "NEW CERTIFICATE"));
    writeFileSync(join(files.folder, "._pump-1.csr"), "of another system");
    writeFileSync(join(files.folder, "README.txt"), "words");
    const { output, outs } = await requestBatch(bench, files.folder).create();
    expect(outs.count).toBe(3);
    expectCertified(output, IDS);
  });

  test("stays where requests are made anew for the same keys and names", async () => {
    const batch = await requestBatch(bench, files.folder).create();
    files.make("pump-1", { sameKey: true });
    expect(
      await bench.plugin.diff(batch.urn, batch.outs, batch.inputs),
    ).toEqual(NO_CHANGE);
  });

  test("issues anew for the one request that has another key", async () => {
    const batch = await requestBatch(bench, files.folder).create();
    const before = snapshot(batch.output);
    files.make("pump-1");
    expect(await batch.update({})).toBe(
      "+0 new, 1 changed, 0 due, 2 unchanged",
    );
    expect(batch.outs).toMatchObject({ issued: 1, renewed: 0 });
    expect(changedPaths(before, snapshot(batch.output))).toEqual([
      "inventory.csv",
      "pump-1/cert.pem",
      "pump-1/chain.pem",
    ]);
    expectCertified(batch.output, IDS);
  });

  test("takes in what is added, notes what is gone, and gives a new name to the same key", async () => {
    const batch = await requestBatch(bench, files.folder).create();
    rmSync(join(files.folder, "pump-2.der"));
    files.make("pump-4");
    files.make("pump-1", {
      sameKey: true,
      extensions: ["subjectAltName=DNS:pump-1.example.com"],
    });
    expect(await batch.update({})).toBe(
      "+1 new, 1 changed, 0 due, 1 unchanged, 1 removed",
    );
    expect(batch.outs).toMatchObject({ count: 3, issued: 1, renewed: 1 });
    expectCertified(batch.output, ["pump-1", "pump-3", "pump-4"]);
    expect(
      readInventory(batch.output).map(({ id, status }) => [id, status]),
    ).toEqual([
      ["pump-1", "active"],
      ["pump-2", "removed"],
      ["pump-3", "active"],
      ["pump-4", "active"],
    ]);
  });

  test("is renewed for the keys it has", async () => {
    const batch = await requestBatch(bench, files.folder, {
      validityDays: 90,
      allowClockOverride: true,
    }).create();
    const serials = IDS.map(
      (id) => certificateOf(batch.output, id).serialNumber,
    );
    const now = new Date(Date.now() + 80 * DAY).toISOString();
    await withPlugin({ cwd: bench.folder, now }, async (plugin) => {
      const { urn, outs, inputs } = batch;
      expect(await plugin.diff(urn, outs, inputs)).toEqual(UPDATE);
      const renewed = await plugin.update(urn, outs, inputs);
      expect(renewed).toMatchObject({ issued: 0, renewed: 3 });
      expect(await plugin.diff(urn, renewed, inputs)).toEqual(NO_CHANGE);
    });
    expectCertified(batch.output, IDS);
    IDS.forEach((id, place) => {
      expect(certificateOf(batch.output, id).serialNumber).not.toBe(
        serials[place],
      );
    });
  });

  test("gets other certificates for the same keys by a new reissue text", async () => {
    const batch = await requestBatch(bench, files.folder).create();
    const serial = certificateOf(batch.output, "pump-1").serialNumber;
    await batch.update({ reissue: "audit of May" });
    expect(batch.outs).toMatchObject({ issued: 0, renewed: 3 });
    expect(certificateOf(batch.output, "pump-1").serialNumber).not.toBe(serial);
    expectCertified(batch.output, IDS);
  });

  test("takes over devices whose keys were made here, whose old keys go, and the way back", async () => {
    const batch = await bench.batch(IDS).create();
    const { inputs } = batch;
    expect(snapshot(batch.output).has("pump-1/key.pem")).toBe(true);
    const { urn, outs } = batch;
    const { devices, ...rest } = inputs;
    const asking = { ...rest, requests: files.folder };
    expect(await bench.plugin.check(urn, asking, inputs)).toEqual([]);
    const updated = await bench.plugin.update(urn, outs, asking);
    expect(updated).toMatchObject({ count: 3, issued: 3 });
    expectCertified(batch.output, IDS);
    expect(await bench.plugin.diff(urn, updated, asking)).toEqual(NO_CHANGE);
    const back = await bench.plugin.update(urn, updated, inputs);
    expect(back).toMatchObject({ count: 3, issued: 3 });
    const key = readFileSync(join(batch.output, "pump-1", "key.pem"));
    expect(
      certificateOf(batch.output, "pump-1").checkPrivateKey(
        createPrivateKey(key),
      ),
    ).toBe(true);
    expect(await bench.plugin.diff(urn, back, inputs)).toEqual(NO_CHANGE);
  });

  test("tells in one line what requests asked for and did not get, when it is issued", async () => {
    for (let place = 10; place < 15; place += 1) {
      files.make(`valve-${place}`, {
        subject: `/O=Acme ${place}/CN=valve-${place}`,
        extensions: [
          "keyUsage=critical,keyCertSign",
          `subjectAltName=IP:192.0.2.${place}`,
        ],
      });
    }
    const before = bench.plugin.log.length;
    const batch = await requestBatch(bench, files.folder, {
      subject: { organization: "Acme 10" },
    }).create();
    const told = bench.plugin.log
      .slice(before)
      .filter(({ text }) => text.includes("leaves out"));
    const source = (place: number): string =>
      join(files.folder, `valve-${place}.csr`);
    const first = [10, 11, 12].map(source).join(", ");
    expect(told).toEqual([
      {
        severity: "warning",
        text: `leaves out what requests asked for: ipAddresses in 5 (${first}, …), keyUsage in 5 (${first}, …), organization in 4 (${[11, 12, 13].map(source).join(", ")}, …)`,
        urn: batch.urn,
      },
    ]);
    const certificate = certificateOf(batch.output, "valve-11");
    expect(certificate.subject).toBe("O=Acme 10\nCN=valve-11");
    expect(certificate.subjectAltName).toBeUndefined();
    const after = bench.plugin.log.length;
    await batch.update({ includeRoot: true });
    expect(
      bench.plugin.log
        .slice(after)
        .filter(({ text }) => text.includes("leaves")),
    ).toEqual([]);
  });

  test("is deleted with all that it wrote; requests stay, and a key that somebody put there", async () => {
    const batch = await requestBatch(bench, files.folder).create();
    writeFileSync(join(batch.output, "pump-1", "key.pem"), "of the device");
    await bench.plugin.delete(batch.urn, batch.outs);
    expect([...snapshot(batch.output).keys()]).toEqual(["pump-1/key.pem"]);
    expect(deviceFolders(batch.output)).toEqual(["pump-1"]);
    expect([...snapshot(files.folder).keys()].sort()).toEqual(
      IDS.map(fileOf).sort(),
    );
  });

  test("shows no key of a device in anything it said", () => {
    const keys = Object.fromEntries(
      [...snapshot(bench.folder)].filter(([path]) => path.endsWith(".key")),
    );
    expect(Object.keys(keys).length).toBeGreaterThan(30);
    expect(bench.plugin.said.length).toBeGreaterThan(20);
    expect(new KeySearch(keys).find(bench.plugin.said.join("\n"))).toEqual([]);
  });
});
