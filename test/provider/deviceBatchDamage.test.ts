import {
  chmodSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { exportPkcs8, generateKey } from "../../pki/key";
import { scratchFolder } from "../pki/support/openssl";
import {
  changedPaths,
  deviceFolders,
  faults,
  modeOf,
  readDevice,
  snapshot,
} from "./support/devices";
import type { Hierarchy } from "./support/inputs";
import { batchInputs, hierarchy } from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";

const URN = urnOf("DeviceBatch", "fleet");
const folder = scratchFolder();

let above: Hierarchy;

beforeAll(async () => {
  above = await hierarchy();
});

describe("what a crash, a full disk or a hand may leave of a device", () => {
  let plugin: Plugin;
  let inputs: Properties;
  let outs: Properties;
  let count = 0;
  let output = "";
  const ids = ["a", "b", "c"];

  beforeAll(async () => {
    plugin = await Plugin.start({ cwd: folder });
  });

  afterAll(async () => {
    await plugin.stop();
  });

  beforeEach(async () => {
    count += 1;
    output = join(folder, `left-${count}`);
    inputs = batchInputs(above.signer, output, ids);
    ({ outs } = await plugin.create(URN, inputs));
  });

  const b = (name: string): string => join(output, "b", name);
  const otherKey = (): string =>
    exportPkcs8(generateKey({ algorithm: "ECDSA", ecdsaCurve: "P256" }));

  const rows: readonly [string, () => void, string][] = [
    [
      "the certificate is gone",
      () => {
        rmSync(b("cert.pem"));
      },
      "1 new",
    ],
    [
      "certificate and chain are gone",
      () => {
        rmSync(b("cert.pem"));
        rmSync(b("chain.pem"));
      },
      "1 new",
    ],
    [
      "the key is another one",
      () => {
        writeFileSync(b("key.pem"), otherKey());
      },
      "1 changed",
    ],
    [
      "the key is gone",
      () => {
        rmSync(b("key.pem"));
      },
      "1 changed",
    ],
    [
      "the key is cut short",
      () => {
        truncateSync(b("key.pem"), 80);
      },
      "1 changed",
    ],
    [
      "the certificate is cut short",
      () => {
        truncateSync(b("cert.pem"), 200);
      },
      "1 changed",
    ],
    [
      "the certificate is empty",
      () => {
        truncateSync(b("cert.pem"), 0);
      },
      "1 changed",
    ],
    [
      "the certificate is another device's",
      () => {
        writeFileSync(b("cert.pem"), readDevice(output, "a").certificatePem);
      },
      "1 changed",
    ],
  ];

  test.each(rows)(
    "%s: the next update mends it and leaves the others",
    async (_what, damage, said) => {
      const before = snapshot(output);
      damage();
      expect(await plugin.diff(URN, outs, inputs)).toEqual({
        changes: "some",
        replaces: [],
      });
      expect(plugin.log.at(-1)?.text).toContain(said);
      const updated = await plugin.update(URN, outs, inputs);
      expect(faults(output, ids, above.ca.certificatePem)).toEqual([]);
      expect(
        changedPaths(before, snapshot(output)).every(
          (path) => path.startsWith("b/") || path === "inventory.csv",
        ),
      ).toBe(true);
      expect((await plugin.diff(URN, updated, inputs)).changes).toBe("none");
    },
  );

  test("a chain that is gone or another one is written again", async () => {
    const before = snapshot(output);
    writeFileSync(b("chain.pem"), "words");
    rmSync(join(output, "c", "chain.pem"));
    // The state cannot see it, so a preview does not; any update mends it.
    const news = { ...inputs, devices: [...ids, "d"].map((id) => ({ id })) };
    await plugin.update(URN, outs, news);
    expect(
      changedPaths(before, snapshot(output)).filter(
        (path) => !path.startsWith("d/") && path !== "inventory.csv",
      ),
    ).toEqual([]);
  });

  test("a half-written file of a killed run is replaced, and its mode with it", async () => {
    rmSync(b("cert.pem"));
    writeFileSync(b("key.pem.partial"), "half a key", { mode: 0o644 });
    chmodSync(b("key.pem.partial"), 0o644);
    await plugin.update(URN, outs, inputs);
    expect(faults(output, ids, above.ca.certificatePem)).toEqual([]);
    expect(modeOf(b("key.pem"))).toBe("600");
  });

  test("an inventory that was changed by hand is written anew from the certificates", async () => {
    const file = join(output, "inventory.csv");
    const good = readFileSync(file, "utf8");
    writeFileSync(file, good.replace(/^b,.*\n/m, ""));
    expect((await plugin.diff(URN, outs, inputs)).changes).toBe("none");
    await plugin.update(URN, outs, inputs);
    expect(readFileSync(file, "utf8")).toBe(good);
  });

  test("an inventory that cannot be read is refused by its name, not with a crash", async () => {
    writeFileSync(join(output, "inventory.csv"), 'id\n"a\n');
    for (const call of [
      () => plugin.diff(URN, outs, inputs),
      () => plugin.delete(URN, outs),
    ]) {
      expect(await plugin.refusal(call())).toMatch(/inventory/);
    }
    expect(deviceFolders(output)).toHaveLength(3);
  });
});
