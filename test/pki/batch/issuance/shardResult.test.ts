import fc from "fast-check";
import type {
  FoundResult,
  ShardResult,
} from "../../../../pki/batch/issuance/shardResult";
import {
  MAXIMUM_RESULT,
  combineShards,
  formatShardResult,
  parseShardResult,
} from "../../../../pki/batch/issuance/shardResult";

const SHA = "0123456789abcdef".repeat(4);

function result(overrides: Partial<ShardResult> = {}): ShardResult {
  return {
    schema: "mqtt-pki/batch-shard/1",
    shard: 0,
    of: 2,
    count: 10,
    digest: SHA,
    issued: 10,
    renewed: 0,
    expiresFirst: "2027-02-18T12:00:00Z",
    expiresLast: "2027-02-18T12:00:00Z",
    renewsFirst: "2027-01-18T12:00:00Z",
    issuer: "ab".repeat(20),
    listed: 20,
    listSha256: SHA,
    orderSha256: SHA,
    ...overrides,
  };
}

function found(...results: readonly Partial<ShardResult>[]): FoundResult[] {
  return results.map((overrides, index) => ({
    place: `pod ${index}`,
    result: result(overrides),
  }));
}

describe("the result of a shard", () => {
  test("fits into a termination message, whatever its figures are", () => {
    const most = Number.MAX_SAFE_INTEGER;
    const text = formatShardResult(
      result({
        shard: most,
        of: most,
        count: most,
        issued: most,
        renewed: most,
        listed: most,
        issuer: "ab".repeat(64),
      }),
    );
    expect(Buffer.byteLength(text)).toBeLessThan(MAXIMUM_RESULT / 2);
  });

  test("is read as it was written", () => {
    expect(parseShardResult(formatShardResult(result()), "pod")).toEqual(
      result(),
    );
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"schema":"mqtt-pki/batch-shard/2"}',
  ])("nothing else is taken for one: %j", (text) => {
    expect(() => parseShardResult(text, "pod a")).toThrow(
      /^pod a: .* is not what "mqtt-pki batch issue --result" writes/,
    );
  });

  test("any JSON is taken or refused, and never thrown over", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => parseShardResult(text, "pod")).toThrow(/^pod: /);
      }),
    );
  });
});

describe("all shards together", () => {
  const two = found(
    { expiresFirst: "2027-02-17T12:00:00Z" },
    { shard: 1, digest: SHA.toUpperCase().toLowerCase().replace("0", "1") },
  );

  test("sum up, in whatever order they come", () => {
    const combined = combineShards(two);
    expect(combined).toMatchObject({
      of: 2,
      count: 20,
      issued: 20,
      expiresFirst: "2027-02-17T12:00:00Z",
      expiresLast: "2027-02-18T12:00:00Z",
    });
    expect(combineShards([...two].reverse())).toEqual(combined);
    expect(combineShards(found({}, { shard: 1 })).digest).not.toBe(
      combined.digest,
    );
  });

  test("of a shard whose pod was started again after its end, the same is said twice", () => {
    const again = found({}, { shard: 1 }, { shard: 1, issued: 0 });
    expect(combineShards(again)).toMatchObject({ count: 20, issued: 20 });
    expect(combineShards(again).digest).toBe(
      combineShards(found({}, { shard: 1 })).digest,
    );
  });

  test("shards without devices have no dates", () => {
    const none = { expiresFirst: "", expiresLast: "", renewsFirst: "" };
    expect(
      combineShards(found({ count: 20 }, { shard: 1, count: 0, ...none })),
    ).toMatchObject({ expiresFirst: "2027-02-18T12:00:00Z" });
  });

  const refusals: readonly [string, readonly Partial<ShardResult>[], string][] =
    [
      ["none", [], "there is no result of any shard."],
      ["one is missing", [{}], "1 of 2 shards has no result: 1."],
      [
        "several are missing",
        [{ of: 9 }, { of: 9, shard: 3 }],
        "7 of 9 shards have no result: 1-2, 4-8.",
      ],
      [
        "another number of shards",
        [{}, { shard: 1, of: 3 }],
        "pod 1: does not go with pod 0: the batch was cut into another number of shards (of is 3 and not 2).",
      ],
      [
        "another issuer",
        [{}, { shard: 1, issuer: "cd" }],
        "another CA signed it (issuer is cd and not abababababab…).",
      ],
      [
        "another list",
        [{}, { shard: 1, listSha256: "f".repeat(64) }],
        "it was issued from another list",
      ],
      [
        "another order",
        [{}, { shard: 1, orderSha256: "f".repeat(64) }],
        "it was issued by another order",
      ],
      [
        "an index out of range",
        [{}, { shard: 2 }],
        "pod 1: is shard 2 of 2, and they count from 0.",
      ],
      [
        "one shard in two folders",
        [{}, { shard: 1 }, { shard: 1, digest: "f".repeat(64) }],
        "a shard that was issued in two folders gave its devices two certificates",
      ],
      [
        "fewer devices than the list",
        [{}, { shard: 1, count: 9 }],
        "the shards have 19 devices, and the list has 20.",
      ],
    ];

  test.each(refusals)("are refused: %s", (_, results, message) => {
    expect(() => combineShards(found(...results))).toThrow(message);
  });
});
