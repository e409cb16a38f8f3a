import { hash } from "node:crypto";
import { z } from "zod";
import type { Problem } from "../../problem";
import { InputError, quote } from "../../problem";

/** What the container of a pod may leave behind as its termination message, in octets; the kubelet cuts there. */
export const MAXIMUM_RESULT = 4_096;

/** Marks the JSON of a {@link ShardResult}. */
export const RESULT_SCHEMA = "mqtt-pki/batch-shard/1";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const number = z.number().int().nonnegative();
const date = z.string();

const shardResult = z.strictObject({
  schema: z.literal(RESULT_SCHEMA),
  /** Which part, from 0. */
  shard: number,
  /** How many parts there are. */
  of: number,
  /** Devices of this part. */
  count: number,
  /** Of this part's inventory. */
  digest: sha256,
  /** Devices that got a new key in this run. */
  issued: number,
  /** Devices whose key got a new certificate in this run. */
  renewed: number,
  /** Dates are UTC, such as `2027-11-20T21:46:40Z`; empty without devices. */
  expiresFirst: date,
  expiresLast: date,
  renewsFirst: date,
  /** Key identifier of the signing CA, lowercase hex. */
  issuer: z.string().regex(/^[0-9a-f]+$/),
  /** Devices of the whole list. */
  listed: number,
  listSha256: sha256,
  /** Over the order's file. */
  orderSha256: sha256,
});

/** What issuing one shard came to, as it leaves the machine. */
export type ShardResult = z.infer<typeof shardResult>;

/** The JSON of a result: one line, shorter than {@link MAXIMUM_RESULT}. */
export function formatShardResult(result: ShardResult): string {
  return `${JSON.stringify(result)}\n`;
}

/**
 * Reads the JSON of a result.
 *
 * @param path where it stands, for messages
 * @throws InputError where it is none
 */
export function parseShardResult(text: string, path: string): ShardResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = shardResult.safeParse(value);
  if (!parsed.success) {
    throw new InputError([
      {
        path,
        message: `${quote(text.trim())} is not what "mqtt-pki batch issue --result" writes; give that option the container's terminationMessagePath.`,
      },
    ]);
  }
  return parsed.data;
}

/** What all shards of a batch came to. */
export interface CombinedResult {
  readonly of: number;
  readonly count: number;
  /** SHA-256 over number, device count and digest of each shard, lowercase hex. */
  readonly digest: string;
  readonly issued: number;
  readonly renewed: number;
  readonly expiresFirst: string;
  readonly expiresLast: string;
  readonly renewsFirst: string;
  readonly issuer: string;
  readonly listSha256: string;
  readonly orderSha256: string;
}

/** A result, and where it was found. */
export interface FoundResult {
  readonly place: string;
  readonly result: ShardResult;
}

/**
 * Puts the results of all shards together. Each shard must be there, all must
 * be of one list, one order and one issuer, and the devices must sum up to the
 * list. A shard may be there twice where both say the same: a pod may be
 * started again that had ended well.
 *
 * @throws InputError with all that is wrong
 * @example
 * ```ts
 * combineShards(files.map((place) => ({ place, result: parseShardResult(read(place), place) }))).digest;
 * ```
 */
export function combineShards(found: readonly FoundResult[]): CombinedResult {
  const [first] = found;
  if (first === undefined) {
    throw new InputError([
      { path: "", message: "there is no result of any shard." },
    ]);
  }
  const problems: Problem[] = [];
  const shards = new Map<number, FoundResult>();
  for (const one of found) {
    problems.push(...differences(first, one));
    const { shard, of } = one.result;
    const other = shards.get(shard);
    if (shard >= of) {
      problems.push({
        path: one.place,
        message: `is shard ${shard} of ${of}, and they count from 0.`,
      });
    } else if (
      other !== undefined &&
      (other.result.digest !== one.result.digest ||
        other.result.count !== one.result.count)
    ) {
      problems.push({
        path: one.place,
        message: `is shard ${shard} with the digest ${one.result.digest.slice(0, 12)}…, and ${other.place} is the same shard with ${other.result.digest.slice(0, 12)}…; a shard that was issued in two folders gave its devices two certificates. Keep one of them, and revoke the other's.`,
      });
    }
    shards.set(shard, other ?? one);
  }
  problems.push(...missing(shards, first.result.of));
  const results = [...shards.values()]
    .map(({ result }) => result)
    .sort((a, b) => a.shard - b.shard);
  const count = sum(results, "count");
  if (problems.length === 0 && count !== first.result.listed) {
    problems.push({
      path: "",
      message: `the shards have ${count} devices, and the list has ${first.result.listed}.`,
    });
  }
  if (problems.length > 0) {
    throw new InputError(problems);
  }
  const { of, issuer, listSha256, orderSha256 } = first.result;
  const dates = (
    name: "expiresFirst" | "expiresLast" | "renewsFirst",
  ): string[] =>
    results
      .map((result) => result[name])
      .filter((text) => text !== "")
      .sort();
  return {
    of,
    count,
    digest: hash(
      "sha256",
      results
        .map(({ shard, count, digest }) => `${shard} ${count} ${digest}\n`)
        .join(""),
    ),
    // Of a shard that is there twice, both runs count.
    issued: sum(
      found.map(({ result }) => result),
      "issued",
    ),
    renewed: sum(
      found.map(({ result }) => result),
      "renewed",
    ),
    expiresFirst: dates("expiresFirst")[0] ?? "",
    expiresLast: dates("expiresLast").at(-1) ?? "",
    renewsFirst: dates("renewsFirst")[0] ?? "",
    issuer,
    listSha256,
    orderSha256,
  };
}

/** In what the shards must agree, and what it means where they do not. */
const SHARED = {
  of: "the batch was cut into another number of shards",
  issuer: "another CA signed it",
  listed: "its list has another length",
  listSha256: "it was issued from another list",
  orderSha256: "it was issued by another order",
} as const;

function differences(first: FoundResult, one: FoundResult): Problem[] {
  return Object.entries(SHARED).flatMap(([name, meaning]) => {
    const [wanted, is] = [first, one].map(
      ({ result }) => result[name as keyof typeof SHARED],
    );
    return wanted === is
      ? []
      : [
          {
            path: one.place,
            message: `does not go with ${first.place}: ${meaning} (${name} is ${short(is)} and not ${short(wanted)}).`,
          },
        ];
  });
}

function missing(
  shards: ReadonlyMap<number, FoundResult>,
  of: number,
): Problem[] {
  const absent = Array.from({ length: of }, (_, index) => index).filter(
    (index) => !shards.has(index),
  );
  return absent.length === 0
    ? []
    : [
        {
          path: "",
          message: `${absent.length} of ${of} shards ${absent.length === 1 ? "has" : "have"} no result: ${ranges(absent)}.`,
        },
      ];
}

/** `0-3, 7` */
function ranges(sorted: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const index of sorted) {
    const last = parts.at(-1);
    if (last?.[1] === index - 1) {
      last[1] = index;
    } else {
      parts.push([index, index]);
    }
  }
  return parts
    .map(([from, to]) => (from === to ? String(from) : `${from}-${to}`))
    .join(", ");
}

function short(value: string | number | undefined): string {
  const text = String(value);
  return text.length > 12 ? `${text.slice(0, 12)}…` : text;
}

function sum(
  results: readonly ShardResult[],
  name: "count" | "issued" | "renewed",
): number {
  return results.reduce((total, result) => total + result[name], 0);
}
