import { createHash } from "node:crypto";
import type { Device } from "../../pki/batch/device";
import { checkSecrets } from "../../provider/deviceSecrets";
import { deviceBatchInputs } from "../../provider/deviceBatchInputs";
import { Bench } from "./support/batch";
import type { Properties } from "./support/wire";
import { isSecret } from "./support/wire";

const MEBIBYTE = 1024 * 1024;
const bench = new Bench();

/** How many devices like these are let into one Secret. */
function mostAllowed(
  inputs: Properties,
  device: Omit<Device, "id">,
  secretShards = 1,
): number {
  const parsed = deviceBatchInputs.parse({
    ...inputs,
    signer: { ...(inputs.signer as Properties), privateKeyPem: "KEY" },
    secretShards,
  });
  let most = 0;
  for (let step = 16_384; step >= 1; step /= 2) {
    const devices = Array.from({ length: most + step }, (_, place) => ({
      ...device,
      id: `d${String(place).padStart(63, "0")}`,
    }));
    if (checkSecrets(devices, parsed).length === 0) {
      most += step;
    }
  }
  return most;
}

const LONG = `${"a".repeat(60)}.`.repeat(4);

describe("a Secret that the check lets through holds no more than Kubernetes takes", () => {
  test.each([
    ["with P-256 keys", {}, {}, 3],
    ["with chains up to the root", { includeRoot: true }, {}, 3],
    [
      "with P-521 keys",
      { key: { algorithm: "ECDSA", ecdsaCurve: "P521" } },
      {},
      3,
    ],
    ["with RSA keys", { key: { algorithm: "RSA", rsaBits: 3072 } }, {}, 1],
    [
      "with a long subject",
      {
        subject: {
          organization: "o".repeat(64),
          organizationalUnit: "u".repeat(64),
          province: "p".repeat(128),
          locality: "l".repeat(128),
        },
      },
      { serialNumber: "1".repeat(64) },
      3,
    ],
    [
      "with many long names",
      {},
      {
        dnsNames: Array.from({ length: 10 }, (_, at) => `n${at}.${LONG}de`),
        uris: [`urn:${"x".repeat(500)}`],
      },
      3,
    ],
  ])("%s", async (_what, overrides, device, count) => {
    const ids = Array.from(
      { length: count },
      (_, place) => `d${String(place).padStart(63, "0")}`,
    );
    const batch = bench.batch([], {
      ...overrides,
      devices: ids.map((id) => ({ ...device, id })),
    });
    await batch.create();
    const { data } = await bench.plugin.invoke(
      "mqtt-pki:index:readDeviceBatch",
      { outputDirectory: batch.output, digest: "", shard: 0, shards: 1 },
    );
    const entries = Object.entries(
      isSecret(data) ? (data.value as Record<string, string>) : {},
    );
    expect(entries).toHaveLength(2 * count);
    const bytes = entries.reduce(
      (sum, [key, text]) => sum + key.length + text.length,
      0,
    );
    const most = mostAllowed(batch.inputs, { ...device, source: "" });
    expect(most * (bytes / count)).toBeLessThanOrEqual(MEBIBYTE);
    // And it does not refuse what would fit easily.
    expect(most * (bytes / count)).toBeGreaterThan(MEBIBYTE / 2);
  });
});

test.each([2, 8, 32])(
  "with %d Secrets the fullest one holds no more either",
  async (shards) => {
    const id = (place: number): string => `thermometer-${place}`;
    const batch = await bench.batch([id(10_000)]).create();
    const { data } = await bench.plugin.invoke(
      "mqtt-pki:index:readDeviceBatch",
      { outputDirectory: batch.output, digest: "", shard: 0, shards: 1 },
    );
    const bytes = Object.entries(
      isSecret(data) ? (data.value as Record<string, string>) : {},
    ).reduce((sum, [key, text]) => sum + key.length + text.length, 0);
    const most = mostAllowed(batch.inputs, { source: "" }, shards);
    const sizes = new Map<number, number>();
    for (let place = 0; place < most; place += 1) {
      const hash = createHash("sha256").update(id(place)).digest();
      const shard = hash.readUInt32BE(0) % shards;
      sizes.set(shard, (sizes.get(shard) ?? 0) + bytes);
    }
    expect(sizes.size).toBe(shards);
    expect(Math.max(...sizes.values())).toBeLessThanOrEqual(MEBIBYTE);
  },
);
