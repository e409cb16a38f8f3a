import { isDeepStrictEqual } from "node:util";
import { ProblemList, readDeviceList } from "../pki/batch/manifest";
import { compileTemplates } from "../pki/batch/nameTemplates";
import { Status } from "../pki/batch/inventory/schema";
import { inShard } from "../pki/batch/shard";
import { InputError, quote } from "../pki/problem";
import { hasInventory, readInventory } from "./bundleInventory";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import { deviceBatchInputs, profileOf, sourceOf } from "./deviceBatchInputs";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { SignerInputs } from "./schema";
import { issuerKeyIdentifier } from "./signer";
import type { Properties } from "./wire";
import { isUnknown } from "./wire";

/** What a check knows of a batch. */
export interface CheckedBatch {
  readonly inputs: DeviceBatchInputs;
  /** What a preview cannot know yet. */
  readonly unknown: readonly string[];
  /** Of the last update; `undefined` for a new batch. */
  readonly oldInputs: Properties | undefined;
  /** SHA-256 of the list of a large batch. */
  readonly listSha256?: string | undefined;
}

/** Which devices a batch issues for, and under which CA. */
interface Claim {
  readonly urn: string;
  readonly inputs: DeviceBatchInputs;
  /** Key identifier of the CA; `undefined` where a preview does not know its key yet. */
  readonly issuer: string | undefined;
  /** Subjects of the CAs above, from the issuer up, as JSON; `undefined` where they are not known. */
  readonly subjects: string | undefined;
  /** Whether the last update issued for the same devices under the same CA. */
  readonly isUnchanged: boolean;
  /** One number for each id, sorted; made once another batch is there to compare with. */
  numbers?: Promise<Float64Array>;
}

/** The batches that were checked in this process, by URN. */
const claims = new Map<string, Claim>();

/** How many ids a refusal names. */
const NAMED = 5;

/**
 * Refuses a batch that lists a device which another batch of the stack lists
 * under the same CA: the device would have two certificates, with two keys, of
 * which neither batch's inventory tells the whole. All batches of a stack pass
 * here within one process. For one batch alone, and for batches of which none
 * changed, there is nothing to read.
 *
 * @throws InputError naming both batches and the first ids
 */
export async function claimDevices(
  urn: string,
  batch: CheckedBatch,
): Promise<void> {
  const mine = newClaim(urn, batch);
  claims.set(urn, mine);
  for (const other of [...claims.values()]) {
    if (!mayClash(mine, other)) {
      continue;
    }
    const common = await commonIds(mine, other);
    const count = common.size;
    if (count > 0) {
      const [first, ...rest] = [...common].sort().slice(0, NAMED).map(quote);
      const more = count - rest.length - 1;
      throw new InputError([
        {
          path: Object.keys(sourceOf(batch.inputs))[0] ?? "devices",
          message: `names devices that the batch ${quote(nameOf(other.urn))} names as well, under the same CA: ${[first, ...rest].join(", ")}${more > 0 ? ` and ${more.toLocaleString("en-US")} more` : ""}. Take them out of ${quote(nameOf(urn))} or out of ${quote(nameOf(other.urn))}, or issue one of the two from another CA.`,
        },
      ]);
    }
  }
}

function newClaim(
  urn: string,
  { inputs, unknown, oldInputs, listSha256 }: CheckedBatch,
): Claim {
  const issuer = issuerOf(inputs.signer);
  const old =
    oldInputs === undefined || listSha256 === undefined
      ? undefined
      : schema.parse(deviceBatchInputs, oldInputs).value;
  const { authorities = [] } = inputs.signer;
  const subjects = authorities.map(({ subject }) => subject);
  return {
    urn,
    inputs,
    issuer,
    subjects:
      subjects.length === 0 || isUnknown(unknown, "signer.authorities")
        ? undefined
        : JSON.stringify(subjects),
    isUnchanged:
      old !== undefined &&
      old.listSha256 === listSha256 &&
      isDeepStrictEqual(old.shard, inputs.shard) &&
      issuer !== undefined &&
      issuerOf(old.signer) === issuer,
  };
}

/** A signer that cannot be read is refused elsewhere. */
function issuerOf(signer: SignerInputs): string | undefined {
  if (signer.privateKeyPem === undefined) {
    return undefined;
  }
  try {
    return issuerKeyIdentifier(signer);
  } catch {
    return undefined;
  }
}

function mayClash(one: Claim, other: Claim): boolean {
  const isSameCa =
    one.issuer !== undefined && other.issuer !== undefined
      ? one.issuer === other.issuer
      : one.subjects !== undefined && one.subjects === other.subjects;
  return (
    one.urn !== other.urn &&
    stackOf(one.urn) === stackOf(other.urn) &&
    isSameCa &&
    // What stood side by side in the last update does so still.
    !(one.isUnchanged && other.isUnchanged) &&
    !areParts(one.inputs, other.inputs)
  );
}

/** Stack and project. */
function stackOf(urn: string): string {
  return urn.split("::").slice(0, 2).join("::");
}

/** Whether both are parts of one division of devices by their ids: no device is in two. */
function areParts(
  { shard: one }: DeviceBatchInputs,
  { shard: other }: DeviceBatchInputs,
): boolean {
  return one !== undefined && one.of === other?.of && one.index !== other.index;
}

/**
 * The ids that both list. A million of them as texts would take 100 MB: first
 * numbers made of them are compared, and only where some are equal the lists
 * are read again for the ids themselves.
 */
async function commonIds(one: Claim, other: Claim): Promise<Set<string>> {
  const equal = intersection(await numbersOf(one), await numbersOf(other));
  if (equal.size === 0) {
    return new Set();
  }
  const suspects = new Set<string>();
  for await (const ids of idsOf(one)) {
    for (const id of ids) {
      if (equal.has(numberOf(id))) {
        suspects.add(id);
      }
    }
  }
  const common = new Set<string>();
  for await (const ids of idsOf(other)) {
    for (const id of ids) {
      if (suspects.has(id)) {
        common.add(id);
      }
    }
  }
  return common;
}

function numbersOf(claim: Claim): Promise<Float64Array> {
  claim.numbers ??= readNumbers(claim);
  return claim.numbers;
}

async function readNumbers(claim: Claim): Promise<Float64Array> {
  let numbers = new Float64Array(1024);
  let count = 0;
  for await (const ids of idsOf(claim)) {
    if (count + ids.length > numbers.length) {
      const larger = new Float64Array((count + ids.length) * 2);
      larger.set(numbers);
      numbers = larger;
    }
    for (const id of ids) {
      numbers[count] = numberOf(id);
      count += 1;
    }
  }
  return numbers.slice(0, count).sort();
}

/** What both of two sorted lists have. */
function intersection(one: Float64Array, other: Float64Array): Set<number> {
  const common = new Set<number>();
  let [left, right] = [0, 0];
  while (left < one.length && right < other.length) {
    const [first = 0, second = 0] = [one[left], other[right]];
    if (first === second) {
      common.add(first);
    }
    left += first <= second ? 1 : 0;
    right += second <= first ? 1 : 0;
  }
  return common;
}

/** 53 bits of a text (cyrb53): of two million ids, one pair in a thousand runs has the same by chance. */
function numberOf(id: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507);
  high ^= Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507);
  low ^= Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & low) + (high >>> 0);
}

const CHUNK = 1_000;

/** The ids of a batch: from its inventory where that has them, which spares reading a folder of requests. */
async function* idsOf({
  inputs,
  isUnchanged,
}: Claim): AsyncGenerator<readonly string[]> {
  if (isUnchanged && hasInventory(inputs.outputDirectory)) {
    yield* recordedIds(inputs.outputDirectory);
    return;
  }
  const list = readDeviceList(sourceOf(inputs), {
    templates: compileTemplates(profileOf(inputs)),
    problems: new ProblemList(),
    check: false,
  });
  try {
    for await (const devices of list) {
      yield inShard(devices, inputs.shard).map(({ id }) => id);
    }
  } catch (error) {
    // A list that cannot be read is refused by its own batch's check.
    if (!(error instanceof InputError)) {
      throw error;
    }
  }
}

function* recordedIds(directory: string): Generator<readonly string[]> {
  const inventory = readInventory(directory);
  try {
    const rows = inventory.connection.prepare(
      `SELECT id FROM device WHERE status = '${Status.Active}'`,
    );
    rows.setReturnArrays(true);
    let ids: string[] = [];
    for (const row of rows.iterate()) {
      ids.push((row as unknown as [string])[0]);
      if (ids.length === CHUNK) {
        yield ids;
        ids = [];
      }
    }
    yield ids;
  } finally {
    inventory.close();
  }
}
