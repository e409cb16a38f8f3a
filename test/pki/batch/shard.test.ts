import fc from "fast-check";
import type { Device } from "../../../pki/batch/device";
import { inShard, shardOf } from "../../../pki/batch/shard";

const ID = fc.stringMatching(/^[A-Za-z0-9._@/-]{1,64}$/);

function devices(ids: readonly string[]): Device[] {
  return ids.map((id, index) => ({ id, source: `fleet.csv:${index + 2}` }));
}

describe("shards", () => {
  test("are disjoint, cover the list and keep its order, for any number of them", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(ID, { maxLength: 200 }),
        fc.integer({ min: 1, max: 64 }),
        (ids, of) => {
          const all = devices(ids);
          const shards = Array.from({ length: of }, (_, index) =>
            inShard(all, { index, of }),
          );
          expect(shards.flat()).toHaveLength(all.length);
          expect(new Set(shards.flat())).toEqual(new Set(all));
          for (const [index, shard] of shards.entries()) {
            expect(shard).toEqual(
              all.filter(({ id }) => shardOf(id, of) === index),
            );
          }
        },
      ),
    );
  });

  test("hang on the id alone: neither on the list nor on the place in it", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(ID, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 100_000 }),
        (ids, of) => {
          for (const id of ids) {
            const shard = { index: shardOf(id, of), of };
            expect(inShard(devices([id]), shard)).toHaveLength(1);
            expect(
              inShard(devices([...ids].reverse()), shard).map(
                (device) => device.id,
              ),
            ).toContain(id);
          }
        },
      ),
    );
  });

  test("stay where they are from version to version, since each has a folder", () => {
    expect(
      ["device-0", "thermometer-0000001", "a/b", "Ä".normalize("NFD")].map(
        (id) => shardOf(id, 16),
      ),
    ).toEqual([2, 15, 0, 7]);
  });

  test("are of about one size", () => {
    const of = 16;
    const counts = new Array<number>(of).fill(0);
    for (let number = 0; number < 100_000; number += 1) {
      const index = shardOf(`thermometer-${number}`, of);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    // Five standard deviations of 100,000 devices over 16 shards.
    for (const count of counts) {
      expect(Math.abs(count - 6_250)).toBeLessThan(5 * 77);
    }
  });
});
