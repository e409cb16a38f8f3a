import { join } from "node:path";
import { Bench, NO_CHANGE } from "./support/batch";
import {
  changedPaths,
  deviceFolders,
  faults,
  readDevice,
  readInventory,
  snapshot,
} from "./support/devices";
import { hierarchy, renewedCa } from "./support/inputs";
import type { Properties } from "./support/wire";
import { secret } from "./support/wire";

const bench = new Bench();

function rows(...ids: readonly string[]): Properties {
  return { devices: ids.map((id) => ({ id })) };
}

describe("an update touches what changed and nothing else", () => {
  test("an added row is issued", async () => {
    const batch = await bench.batch(["a", "b"]).create();
    const before = snapshot(batch.output);
    const said = await batch.update(rows("a", "b", "c"));
    expect(said).toBe("+1 new, 0 changed, 0 due, 2 unchanged");
    expect(changedPaths(before, snapshot(batch.output))).toEqual([
      "c/cert.pem",
      "c/chain.pem",
      "c/key.pem",
      "inventory.csv",
    ]);
    expect(batch.outs).toMatchObject({ count: 3, issued: 1, renewed: 0 });
  });

  test("a changed row gets a new certificate for its old key", async () => {
    const batch = await bench.batch(["a", "b"]).create();
    const before = snapshot(batch.output);
    const devices = [{ id: "a" }, { id: "b", dnsNames: ["b.example.com"] }];
    expect(await batch.update({ devices })).toBe(
      "+0 new, 1 changed, 0 due, 1 unchanged",
    );
    expect(changedPaths(before, snapshot(batch.output))).toEqual([
      "b/cert.pem",
      "b/chain.pem",
      "inventory.csv",
    ]);
    expect(readDevice(batch.output, "b").certificate.subjectAltName).toBe(
      "DNS:b.example.com",
    );
    expect(batch.outs).toMatchObject({ issued: 0, renewed: 1 });
  });

  test("another kind of key makes a new key for everyone", async () => {
    const batch = await bench.batch(["a"]).create();
    const before = snapshot(batch.output);
    await batch.update({ key: { algorithm: "ECDSA", ecdsaCurve: "P384" } });
    expect(changedPaths(before, snapshot(batch.output))).toContain("a/key.pem");
    expect(
      readDevice(batch.output, "a").certificate.publicKey.asymmetricKeyDetails,
    ).toEqual({ namedCurve: "secp384r1" });
    expect(batch.outs).toMatchObject({ issued: 1, renewed: 0 });
  });

  test("a row taken out stays in the inventory as removed, with its files; put in again, it is as it was", async () => {
    const batch = await bench.batch(["a", "b"]).create();
    const before = snapshot(batch.output);
    expect(await batch.update(rows("a"))).toBe(
      "+0 new, 0 changed, 0 due, 1 unchanged, 1 removed",
    );
    expect(changedPaths(before, snapshot(batch.output))).toEqual([
      "inventory.csv",
    ]);
    expect(
      readInventory(batch.output).map(({ id, status }) => [id, status]),
    ).toEqual([
      ["a", "active"],
      ["b", "removed"],
    ]);
    expect(batch.outs.count).toBe(1);
    await batch.update(rows("a", "b"));
    expect(changedPaths(before, snapshot(batch.output))).toEqual([]);
  });

  test("rows in another order change nothing", async () => {
    const batch = await bench.batch(["a", "b", "c"]).create();
    const news = { ...batch.inputs, ...rows("c", "a", "b") };
    expect(await bench.plugin.diff(batch.urn, batch.outs, news)).toEqual(
      NO_CHANGE,
    );
  });

  test("an issuer renewed with its key changes the chains and no certificate", async () => {
    const batch = await bench.batch(["a", "b"]).create();
    const before = snapshot(batch.output);
    const renewed = await renewedCa(bench.above);
    const said = await batch.update({
      signer: {
        ...bench.above.signer,
        certificatePem: renewed,
        chainPem: renewed,
      },
    });
    expect(said).toBe("+0 new, 0 changed, 0 due, 2 unchanged");
    expect(changedPaths(before, snapshot(batch.output))).toEqual([
      "a/chain.pem",
      "b/chain.pem",
    ]);
  });

  test("an issuer with another key signs everyone anew", async () => {
    const batch = await bench.batch(["a", "b"]).create();
    const other = await hierarchy();
    expect(await batch.update({ signer: other.signer })).toBe(
      "+0 new, 2 changed, 0 due, 0 unchanged",
    );
    expect(faults(batch.output, batch.ids, other.ca.certificatePem)).toEqual(
      [],
    );
  });

  test("a new reissue text gives everyone a new key and certificate, once", async () => {
    const batch = await bench.batch(["a", "b"]).create();
    const before = snapshot(batch.output);
    await batch.update({ reissue: "stolen laptop, 3 May" });
    expect(changedPaths(before, snapshot(batch.output))).toHaveLength(7);
    expect(batch.outs).toMatchObject({ issued: 2, renewed: 0 });
    expect(
      faults(batch.output, batch.ids, bench.above.ca.certificatePem),
    ).toEqual([]);
  });

  test("another bench.folder is a replacement", async () => {
    const batch = await bench.batch(["a"]).create();
    const news = {
      ...batch.inputs,
      outputDirectory: join(bench.folder, "elsewhere"),
    };
    expect(await bench.plugin.diff(batch.urn, batch.outs, news)).toEqual({
      changes: "some",
      replaces: ["outputDirectory"],
    });
  });

  test("outputs that the engine hands back as secrets are read, too", async () => {
    const batch = await bench.batch(["a"]).create();
    const hidden = Object.fromEntries(
      Object.entries(batch.outs).map(([name, value]) => [name, secret(value)]),
    );
    expect(await bench.plugin.diff(batch.urn, hidden, batch.inputs)).toEqual(
      NO_CHANGE,
    );
    await bench.plugin.update(batch.urn, hidden, batch.inputs);
    await bench.plugin.delete(batch.urn, hidden);
    expect(deviceFolders(batch.output)).toEqual([]);
  });
});
