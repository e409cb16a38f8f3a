import { refuseUnknownFiles } from "../../provider/bundleRefusals";
import { tidied } from "../../provider/bundleRoom";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { BUNDLES, INVENTORY, PARTIAL } from "../../pki/batch/bundles/layout";
import { strayFiles } from "../../pki/batch/bundles/overview";
import { checkInventory } from "../../pki/batch/inventory/check";
import type { InventoryDatabase } from "../../pki/batch/inventory/database";
import { Action } from "../../pki/batch/issuance/bundlePlan";
import { issueLargeBatch } from "../../pki/batch/issuance/issueLargeBatch";
import type { ShardResult } from "../../pki/batch/issuance/shardResult";
import {
  RESULT_SCHEMA,
  formatShardResult,
} from "../../pki/batch/issuance/shardResult";
import type { Shard } from "../../pki/batch/shard";
import { InputError, quote } from "../../pki/problem";
import type { ReadOrder } from "../../provider/batchOrder";
import { orderShard, readOrder } from "../../provider/batchOrder";
import { hasInventory, writeInventory } from "../../provider/bundleInventory";
import { OutputDirectory } from "../../provider/outputDirectory";
import { reason } from "../files";
import { UsageError } from "../options";
import type { Environment } from "./issueOptions";
import { readPassword, readShard, readSignerKey } from "./issueOptions";
import { number } from "./report";

/** The options of `batch issue`, as the command line gives them. */
export interface IssueOptions {
  readonly shard?: string;
  readonly output: string;
  readonly signerKey?: string;
  readonly keystorePasswordFile?: string;
  readonly result?: string;
}

/** What `batch issue` sees of the world. */
export interface IssueSurroundings {
  readonly now: Date;
  readonly error: (text: string) => void;
  /** Milliseconds. */
  readonly clock: () => number;
  readonly environment: Environment;
}

const EVERY = 2_000;

/**
 * Issues one shard of a batch into its folder.
 *
 * @param path of the order
 * @throws UsageError for a wrong option; InputError for what is wrong with order, list or folder
 */
export async function issueShard(
  path: string,
  options: IssueOptions,
  surroundings: IssueSurroundings,
): Promise<ShardResult> {
  const { environment, now, error } = surroundings;
  const shard = readShard(options.shard, environment);
  const privateKeyPem = readSignerKey(options.signerKey, environment);
  const read = readOrderFile(path);
  const directory = options.output;
  const owner = `${read.order.name} shard ${shard.index}/${shard.of}`;
  refuseForeign(directory, owner);
  const isNew = !hasInventory(directory);
  const { batch, check } = await orderShard(read.order, {
    shard,
    outputDirectory: directory,
    privateKeyPem,
    ...(options.keystorePasswordFile !== undefined && {
      keystorePassword: readPassword(
        "--keystore-password-file",
        options.keystorePasswordFile,
      ),
    }),
    at: now,
    isNew,
  });
  return tidied(directory, async () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    new OutputDirectory(directory).claim(owner);
    const inventory = writeInventory(directory);
    try {
      refuseAltered(directory, inventory);
      refuseUnknownFiles(directory, inventory);
      const progress = new Progress(surroundings);
      const issued = await issueLargeBatch(inventory, batch, {
        check,
        planned: (counts) => {
          error(`shard ${shard.index}/${shard.of}: ${planned(counts)}\n`);
          progress.begin(counts);
        },
        progress: (devices) => {
          progress.advance(devices);
        },
      });
      const result = resultOf(shard, read, issued);
      writeResult(options.result, result);
      return result;
    } finally {
      inventory.close();
    }
  });
}

function resultOf(
  shard: Shard,
  { sha256 }: ReadOrder,
  issued: Awaited<ReturnType<typeof issueLargeBatch>>,
): ShardResult {
  const { chainSha256, count, digest, ...rest } = issued;
  return {
    schema: RESULT_SCHEMA,
    shard: shard.index,
    of: shard.of,
    count,
    digest,
    ...rest,
    orderSha256: sha256,
  };
}

function readOrderFile(path: string): ReadOrder {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`the order ${path} ${reason(error)}`);
  }
  return readOrder(text, path);
}

/** One folder is for one shard: with another one's list, its devices would be taken for removed, and others issued twice. */
function refuseForeign(directory: string, owner: string): void {
  const output = new OutputDirectory(directory);
  const problems = output.problems();
  if (problems.length > 0) {
    throw new InputError(
      problems.map(({ message }) => ({ path: "--output", message })),
    );
  }
  const refuse = (message: string): never => {
    throw new InputError([{ path: "--output", message }]);
  };
  const is = output.owner();
  if (is !== undefined && is !== owner) {
    refuse(
      `${quote(directory)} belongs to ${quote(is)}, and this is ${quote(owner)}; every shard has a folder of its own, and the number of shards stays as it was begun.`,
    );
  }
  if (is === undefined && hasInventory(directory)) {
    refuse(
      `${quote(directory)} holds the inventory of another batch; move the folder away or name another.`,
    );
  }
  if (is === owner && !hasInventory(directory) && holdsBundles(directory)) {
    refuse(
      `${quote(directory)} holds bundles of this shard, and no longer their inventory, ${INVENTORY}: its devices would get second certificates. Bring it back; or move the folder away, and revoke what stands in it.`,
    );
  }
}

function holdsBundles(directory: string): boolean {
  const folder = join(directory, BUNDLES);
  return (
    existsSync(folder) &&
    readdirSync(folder).some(
      (name) => /^\d+-/.test(name) && !name.endsWith(PARTIAL),
    )
  );
}

/** An inventory that was edited by hand is no record to go on from, and neither is one whose files are others. */
function refuseAltered(directory: string, inventory: InventoryDatabase): void {
  const altered = strayFiles(directory, inventory.bundles()).filter(
    ({ isGone }) => !isGone,
  );
  const problems = [
    ...checkInventory(inventory).map(
      ({ place, message }) => `${quote(directory)}: ${place} ${message}`,
    ),
    ...altered.map(
      ({ name }) =>
        `${quote(join(directory, BUNDLES, name))} has another size than it was written with; bring it back, or delete it where its devices have what it held.`,
    ),
  ];
  if (problems.length > 0) {
    throw new InputError(
      problems.slice(0, 50).map((message) => ({ path: "--output", message })),
    );
  }
}

function writeResult(path: string | undefined, result: ShardResult): void {
  if (path === undefined) {
    return;
  }
  try {
    // Written in its place: the termination log of a container is mounted there.
    writeFileSync(path, formatShardResult(result));
  } catch (error) {
    throw new UsageError(
      `the shard is issued, but --result ${path} could not be written (${error instanceof Error && "code" in error ? String(error.code) : "unknown"}); run the command again with another file.`,
    );
  }
}

/** `+12 new, 3 changed, 40 due, 9,945 unchanged` */
function planned(counts: ReadonlyMap<string, number>): string {
  const count = (...actions: string[]): string =>
    number(actions.reduce((sum, action) => sum + (counts.get(action) ?? 0), 0));
  return [
    `+${count(Action.Issue)} new`,
    `${count(Action.Change, Action.Replace)} changed`,
    `${count(Action.Renew)} due`,
    `${count(Action.Keep, Action.Wait)} unchanged`,
  ].join(", ");
}

/** Says on standard error how far a run is, every two seconds. */
class Progress {
  private total = 0;
  private done = 0;
  private start = 0;
  private last = 0;

  constructor(private readonly surroundings: IssueSurroundings) {}

  begin(counts: ReadonlyMap<string, number>): void {
    for (const [action, count] of counts) {
      this.total +=
        action === Action.Keep || action === Action.Wait ? 0 : count;
    }
    this.start = this.last = this.surroundings.clock();
  }

  advance(devices: number): void {
    this.done += devices;
    const at = this.surroundings.clock();
    if (at - this.last < EVERY || this.done === this.total) {
      return;
    }
    this.last = at;
    const rate = (this.done * 1000) / (at - this.start);
    const left = Math.ceil((this.total - this.done) / rate);
    this.surroundings.error(
      `${number(this.done)} of ${number(this.total)} devices, ${rate < 100 ? rate.toFixed(1) : number(Math.round(rate))} a second, ${number(left)} s left…\n`,
    );
  }
}
