import { rmSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "../pki/support/openssl";
import { readDevice } from "./support/devices";
import type { Hierarchy } from "./support/inputs";
import { batchInputs, hierarchy } from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { isSecret } from "./support/wire";

const TOKEN = "mqtt-pki:index:readDeviceBatch";
const URN = urnOf("DeviceBatch", "fleet");
const folder = scratchFolder();
const output = join(folder, "fleet");
const ids = Array.from({ length: 30 }, (_, place) => `device-${place}`);

let plugin: Plugin;
let above: Hierarchy;
let inputs: Properties;
let outs: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  above = await hierarchy();
  inputs = batchInputs(above.signer, output, ids);
  ({ outs } = await plugin.create(URN, inputs));
});

afterAll(async () => {
  await plugin.stop();
});

async function read(
  shard: number,
  shards: number,
): Promise<Record<string, string>> {
  const { data } = await plugin.invoke(TOKEN, {
    outputDirectory: output,
    digest: outs.digest,
    shard,
    shards,
  });
  if (!isSecret(data)) {
    throw new Error("the data is no secret");
  }
  return data.value as Record<string, string>;
}

test("chains and keys come as one secret, under names a Secret can have", async () => {
  const data = await read(0, 1);
  expect(Object.keys(data).sort()).toEqual(
    ids.flatMap((id) => [`${id}.chain.pem`, `${id}.key.pem`]).sort(),
  );
  for (const id of ids) {
    const device = readDevice(output, id);
    expect(data[`${id}.chain.pem`]).toBe(device.chainPem);
    expect(data[`${id}.key.pem`]).toBe(device.keyPem);
  }
});

test("every device is in exactly one shard, and stays there when others come and go", async () => {
  const shardsOf = async (): Promise<Map<string, number>> => {
    const shards = await Promise.all([0, 1, 2].map((shard) => read(shard, 3)));
    return new Map(
      shards.flatMap((data, shard) =>
        Object.keys(data).map((key) => [key, shard] as const),
      ),
    );
  };
  const before = await shardsOf();
  expect(before.size).toBe(60);
  const news = {
    ...inputs,
    devices: [{ id: "new" }, { id: "device-7" }, { id: "device-3" }],
  };
  const updated = await plugin.update(URN, outs, news);
  const after = await shardsOf();
  expect([...after.keys()].sort()).toEqual(
    ["device-3", "device-7", "new"].flatMap((id) => [
      `${id}.chain.pem`,
      `${id}.key.pem`,
    ]),
  );
  for (const id of ["device-3", "device-7"]) {
    expect(after.get(`${id}.key.pem`)).toBe(before.get(`${id}.key.pem`));
  }
  outs = await plugin.update(URN, updated, inputs);
  expect(await shardsOf()).toEqual(before);
});

test("a folder without an inventory holds nothing", async () => {
  const { data } = await plugin.invoke(TOKEN, {
    outputDirectory: join(folder, "none"),
    digest: "",
    shard: 0,
    shards: 1,
  });
  expect(isSecret(data) && data.value).toEqual({});
});

test("a device of the inventory whose certificate is gone is refused by its id", async () => {
  rmSync(join(output, "device-5", "cert.pem"));
  expect(await plugin.refusal(read(0, 1))).toMatch(
    /^outputDirectory: .*holds no certificate of "device-5", which its inventory names/,
  );
});

test.each([
  [
    "a folder",
    { digest: "", shard: 0, shards: 1 },
    /^outputDirectory: must be a string/,
  ],
  [
    "a number of shards",
    { outputDirectory: "x", digest: "", shard: 0 },
    /^shards: must be a number/,
  ],
  [
    "a known argument",
    { outputDirectory: "x", digest: "", shard: 0, shards: 1, ids: [] },
    /^ids: is no known argument/,
  ],
])("what lacks %s is refused", async (_what, args, reason) => {
  expect(await plugin.refusal(plugin.invoke(TOKEN, args))).toMatch(reason);
});
