import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeySearch } from "../support/keySearch";
import { scratchFolder } from "../pki/support/openssl";
import { splitCertificates } from "../../pki/pem";
import {
  changedPaths,
  deviceFolders,
  faults,
  modeOf,
  readDevice,
  readInventory,
  snapshot,
} from "./support/devices";
import type { Hierarchy } from "./support/inputs";
import { batchInputs, hierarchy, renewedCa } from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { secret } from "./support/wire";

const NO_CHANGE = { changes: "none", replaces: [] };
const UPDATE = { changes: "some", replaces: [] };
const folder = scratchFolder();

let plugin: Plugin;
let above: Hierarchy;
let count = 0;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  above = await hierarchy();
});

afterAll(async () => {
  await plugin.stop();
});

/** A batch in a folder of its own. */
class Batch {
  readonly urn: string;
  readonly output: string;
  inputs: Properties;
  outs: Properties = {};

  constructor(
    readonly ids: readonly string[],
    overrides: Properties = {},
  ) {
    count += 1;
    this.urn = urnOf("DeviceBatch", `batch-${count}`);
    this.output = join(folder, `batch-${count}`);
    this.inputs = batchInputs(above.signer, this.output, ids, overrides);
  }

  async create(): Promise<this> {
    expect(await plugin.check(this.urn, this.inputs)).toEqual([]);
    ({ outs: this.outs } = await plugin.create(this.urn, this.inputs));
    expect(await plugin.diff(this.urn, this.outs, this.inputs)).toEqual(
      NO_CHANGE,
    );
    return this;
  }

  /** Updates to other inputs; says what the preview said. */
  async update(overrides: Properties): Promise<string> {
    const news = { ...this.inputs, ...overrides };
    expect(await plugin.check(this.urn, news, this.inputs)).toEqual([]);
    expect(await plugin.diff(this.urn, this.outs, news)).toEqual(UPDATE);
    const said = plugin.log.at(-1)?.text ?? "";
    this.outs = await plugin.update(this.urn, this.outs, news);
    this.inputs = news;
    expect(await plugin.diff(this.urn, this.outs, news)).toEqual(NO_CHANGE);
    return said;
  }
}

function rows(...ids: readonly string[]): Properties {
  return { devices: ids.map((id) => ({ id })) };
}

describe("a batch that is created", () => {
  test("gives every device a folder with certificate, chain and key, and an inventory", async () => {
    const { output, ids, outs } = await new Batch([
      "a",
      "b",
      "c.d_e-f@g",
    ]).create();
    expect(deviceFolders(output).sort()).toEqual(ids);
    expect(faults(output, ids, above.ca.certificatePem)).toEqual([]);
    expect(outs).toMatchObject({ count: 3, issued: 3, renewed: 0 });
    const ends = readInventory(output)
      .map(({ notAfter }) => notAfter)
      .sort();
    expect(outs.expiresFirst).toBe(ends[0]);
    expect(outs.expiresLast).toBe(ends.at(-1));
  });

  test("keeps others out: folders 0700, files 0600", async () => {
    const { output } = await new Batch(["a/b"]).create();
    expect(modeOf(output)).toBe("700");
    expect(modeOf(join(output, "a%2Fb"))).toBe("700");
    for (const name of snapshot(output).keys()) {
      expect([name, modeOf(join(output, name))]).toEqual([name, "600"]);
    }
  });

  test("writes chains of leaf and issuing CA, and of the root as well where asked", async () => {
    const [plain, full] = [
      await new Batch(["a"]).create(),
      await new Batch(["a"], { includeRoot: true }).create(),
    ];
    const chain = (batch: Batch): string[] =>
      splitCertificates(readDevice(batch.output, "a").chainPem).slice(1);
    expect(chain(plain)).toEqual([above.ca.certificatePem]);
    expect(chain(full)).toEqual([
      above.ca.certificatePem,
      above.authority.certificatePem,
    ]);
  });

  test("reads its devices from a manifest, relative to the project", async () => {
    writeFileSync(
      join(folder, "fleet.csv"),
      "id,serialNumber,uris,validityDays\nm-1,SN 1,urn:m-1,\nm-2,,,30\n",
    );
    const batch = new Batch([]);
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
      await new Batch(["d"]).create(),
      await new Batch(ids).create(),
    ];
    expect(Object.keys(forty.outs).sort()).toEqual(
      Object.keys(one.outs).sort(),
    );
    const size = ({ outs }: Batch): number => JSON.stringify(outs).length;
    // Two digits for one in count and issued, perhaps in the folder's name.
    expect(size(forty) - size(one)).toBeLessThanOrEqual(4);
    expect(JSON.stringify(forty.outs)).not.toMatch(/BEGIN|device-1/);
    expect(faults(forty.output, ids, above.ca.certificatePem)).toEqual([]);
  });

  test("of no devices at all is a folder with an empty inventory", async () => {
    const { output, outs } = await new Batch([]).create();
    expect(readInventory(output)).toEqual([]);
    expect(outs).toMatchObject({ count: 0, expiresFirst: "", expiresLast: "" });
  });

  test("takes the place of no file of the batch, whatever the devices are called", async () => {
    const ids = ["inventory.csv", ".batch", "inventory.csv.partial"];
    const { output } = await new Batch(ids).create();
    expect(readInventory(output).map(({ id }) => id)).toEqual(ids.toSorted());
    expect(deviceFolders(output)).toHaveLength(3);
  });
});

describe("an update touches what changed and nothing else", () => {
  test("an added row is issued", async () => {
    const batch = await new Batch(["a", "b"]).create();
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
    const batch = await new Batch(["a", "b"]).create();
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
    const batch = await new Batch(["a"]).create();
    const before = snapshot(batch.output);
    await batch.update({ key: { algorithm: "ECDSA", ecdsaCurve: "P384" } });
    expect(changedPaths(before, snapshot(batch.output))).toContain("a/key.pem");
    expect(
      readDevice(batch.output, "a").certificate.publicKey.asymmetricKeyDetails,
    ).toEqual({ namedCurve: "secp384r1" });
    expect(batch.outs).toMatchObject({ issued: 1, renewed: 0 });
  });

  test("a row taken out stays in the inventory as removed, with its files; put in again, it is as it was", async () => {
    const batch = await new Batch(["a", "b"]).create();
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
    const batch = await new Batch(["a", "b", "c"]).create();
    const news = { ...batch.inputs, ...rows("c", "a", "b") };
    expect(await plugin.diff(batch.urn, batch.outs, news)).toEqual(NO_CHANGE);
  });

  test("an issuer renewed with its key changes the chains and no certificate", async () => {
    const batch = await new Batch(["a", "b"]).create();
    const before = snapshot(batch.output);
    const renewed = await renewedCa(above);
    const said = await batch.update({
      signer: { ...above.signer, certificatePem: renewed, chainPem: renewed },
    });
    expect(said).toBe("+0 new, 0 changed, 0 due, 2 unchanged");
    expect(changedPaths(before, snapshot(batch.output))).toEqual([
      "a/chain.pem",
      "b/chain.pem",
    ]);
  });

  test("an issuer with another key signs everyone anew", async () => {
    const batch = await new Batch(["a", "b"]).create();
    const other = await hierarchy();
    expect(await batch.update({ signer: other.signer })).toBe(
      "+0 new, 2 changed, 0 due, 0 unchanged",
    );
    expect(faults(batch.output, batch.ids, other.ca.certificatePem)).toEqual(
      [],
    );
  });

  test("a new reissue text gives everyone a new key and certificate, once", async () => {
    const batch = await new Batch(["a", "b"]).create();
    const before = snapshot(batch.output);
    await batch.update({ reissue: "stolen laptop, 3 May" });
    expect(changedPaths(before, snapshot(batch.output))).toHaveLength(7);
    expect(batch.outs).toMatchObject({ issued: 2, renewed: 0 });
    expect(faults(batch.output, batch.ids, above.ca.certificatePem)).toEqual(
      [],
    );
  });

  test("another folder is a replacement", async () => {
    const batch = await new Batch(["a"]).create();
    const news = {
      ...batch.inputs,
      outputDirectory: join(folder, "elsewhere"),
    };
    expect(await plugin.diff(batch.urn, batch.outs, news)).toEqual({
      changes: "some",
      replaces: ["outputDirectory"],
    });
  });

  test("outputs that the engine hands back as secrets are read, too", async () => {
    const batch = await new Batch(["a"]).create();
    const hidden = Object.fromEntries(
      Object.entries(batch.outs).map(([name, value]) => [name, secret(value)]),
    );
    expect(await plugin.diff(batch.urn, hidden, batch.inputs)).toEqual(
      NO_CHANGE,
    );
    await plugin.update(batch.urn, hidden, batch.inputs);
    await plugin.delete(batch.urn, hidden);
    expect(deviceFolders(batch.output)).toEqual([]);
  });
});

describe("a batch that is deleted", () => {
  test("takes its own files away and leaves all others", async () => {
    const { urn, output, outs } = await new Batch(["a", "b/c"]).create();
    mkdirSync(join(output, "mine"));
    writeFileSync(join(output, "mine", "cert.pem"), "not of this batch");
    writeFileSync(join(output, "a", "notes.txt"), "mine, too");
    await plugin.delete(urn, outs);
    expect([...snapshot(output).keys()].sort()).toEqual([
      "a/notes.txt",
      "mine/cert.pem",
    ]);
  });

  test("takes the folder away where nothing else is in it, also with removed devices", async () => {
    const batch = await new Batch(["a", "b"]).create();
    await batch.update(rows("a"));
    await plugin.delete(batch.urn, batch.outs);
    expect(() => snapshot(batch.output)).toThrow(/ENOENT/);
    await plugin.delete(batch.urn, batch.outs);
  });
});

test("the digest is SHA-256 over what devices and brokers get to see", async () => {
  const batch = await new Batch(["a"]).create();
  const files = snapshot(batch.output);
  expect(batch.outs.digest).toBe(
    createHash("sha256")
      .update(files.get("inventory.csv") ?? "")
      .update(above.ca.certificatePem)
      .digest("hex"),
  );
});

test("nothing the plugin said holds a key of a CA or of a device", () => {
  const keys: Record<string, string> = {
    ca: String((above.signer.privateKeyPem as Properties).value),
  };
  for (const [path, text] of snapshot(folder)) {
    if (path.endsWith("key.pem")) {
      keys[path] = text;
    }
  }
  expect(Object.keys(keys).length).toBeGreaterThan(50);
  expect(new KeySearch(keys).find(plugin.said.join("\n"))).toEqual([]);
});
