import { hash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StatementSync } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import type { KeySpec } from "../../key";
import type { Problem } from "../../problem";
import { quote } from "../../problem";
import type { Device } from "../device";
import { canonicalJson } from "../manifest/canonicalJson";
import type { ProblemList } from "../manifest/problemList";
import type { DeviceProfile } from "../plan";
import type { InventoryDatabase } from "../inventory/database";

/** Of lists that are still in use. */
const folders = new Set<string>();

process.on("exit", () => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

const PREFIX = "mqtt-pki-list-";
const HOUR = 3_600_000;
let isSwept = false;

/** A folder for one list, named after this process. */
function newFolder(): string {
  if (!isSwept) {
    isSwept = true;
    removeAbandoned(tmpdir());
  }
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/** A process that was killed leaves its lists, of 100 MB for a million devices. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, id] = /^mqtt-pki-list-(\d+)-/.exec(name) ?? [];
    if (id === undefined || isRunning(Number(id))) {
      continue;
    }
    const path = join(parent, name);
    try {
      // Where containers share the folder, process ids are not enough to go by.
      if (statSync(path).mtimeMs < Date.now() - HOUR) {
        rmSync(path, { recursive: true, force: true });
      }
    } catch {
      // Gone meanwhile, or somebody else's.
    }
  }
}

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** How many mistakes are told one by one. */
export const TOLD = 50;

/** What a device says beyond its id, as JSON. */
interface Fields {
  readonly dnsNames?: readonly string[];
  readonly uris?: readonly string[];
  readonly serialNumber?: string;
  readonly validityDays?: number;
  readonly columns?: Readonly<Record<string, string>>;
  /** Of a device that made its key itself: DER of the SubjectPublicKeyInfo, base64. */
  readonly publicKey?: string;
  readonly key?: KeySpec;
}

/**
 * The devices of a list, in a temporary file of SQLite: a million rows are
 * compared with an inventory there without standing in memory. It holds no
 * secret. The file goes with {@link remove}, at the latest when the process
 * ends.
 *
 * @example
 * ```ts
 * const listing = new DeviceListing(profile);
 * listing.add(devices);
 * listing.finish(problems);
 * const plan = new BundlePlan(inventory, listing, options);
 * ```
 */
export class DeviceListing {
  /** How many devices there are. */
  count = 0;
  /** What is asked for a device that says nothing but its id; see `orderSha256`. */
  readonly order: Buffer;
  private readonly folder = newFolder();
  private readonly path = join(this.folder, "list.sqlite");
  private readonly connection: DatabaseSync;
  private readonly insert: StatementSync;
  private readonly problems: Problem[] = [];
  private duplicates = 0;

  constructor(profile: DeviceProfile) {
    folders.add(this.folder);
    this.order = orderSha256(profile);
    this.connection = new DatabaseSync(this.path);
    this.connection.exec(`
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      PRAGMA page_size = 16384;
      PRAGMA cache_size = -16384;
      CREATE TABLE listed (
        id TEXT PRIMARY KEY, source TEXT NOT NULL, fields TEXT, orderSha256 BLOB
      ) WITHOUT ROWID;
      BEGIN`);
    this.insert = this.connection.prepare(
      "INSERT OR IGNORE INTO listed VALUES (?, ?, ?, ?)",
    );
  }

  /** Adds devices whose ids and names have been looked at one by one. */
  add(devices: readonly Device[]): void {
    for (const device of devices) {
      const fields = fieldsOf(device);
      const { changes } = this.insert.run(
        device.id,
        device.source,
        fields ?? null,
        fields === undefined
          ? null
          : hash("sha256", Buffer.concat([this.order, Buffer.from(fields)]), {
              outputEncoding: "buffer",
            }),
      );
      if (changes === 0) {
        this.noteDuplicate(device);
      } else {
        this.count += 1;
      }
    }
  }

  /** Ends the list, and tells of every id that stands there twice. */
  finish(problems: ProblemList): void {
    this.connection.exec("COMMIT");
    this.connection.close();
    problems.addAll(this.problems);
    const untold = { path: "", message: "" };
    for (let told = this.problems.length; told < this.duplicates; told += 1) {
      // Behind so many others it counts, and is not shown.
      problems.add(untold);
    }
  }

  /** Puts the finished list beside an inventory, as the table `listed`. */
  attachTo(inventory: InventoryDatabase): void {
    inventory.connection.prepare("ATTACH ? AS list").run(this.path);
  }

  /** Removes the file; connections that it is attached to may go on. */
  remove(): void {
    if (this.connection.isOpen) {
      this.connection.close();
    }
    rmSync(this.folder, { recursive: true, force: true });
    folders.delete(this.folder);
  }

  private noteDuplicate({ id, source }: Device): void {
    this.duplicates += 1;
    if (this.problems.length < TOLD) {
      const first = this.connection
        .prepare("SELECT source FROM listed WHERE id = ?")
        .get(id);
      this.problems.push({
        path: `${source}.id`,
        message: `${quote(id)} stands at ${String(first?.source)} already; every device needs an id of its own.`,
      });
    }
  }
}

/** A device as it was listed. */
export function readListed(
  id: string,
  source: string,
  text: string | null,
): Device {
  if (text === null) {
    return { id, source };
  }
  const { publicKey, key, ...fields } = JSON.parse(text) as Fields;
  return {
    id,
    source,
    ...fields,
    ...(publicKey !== undefined &&
      key !== undefined && {
        // What else the request says was for the check.
        request: {
          publicKey: Buffer.from(publicKey, "base64"),
          key,
          commonName: id,
          subject: { commonName: id },
          names: {},
          leftOut: [],
        },
      }),
  };
}

function fieldsOf(device: Device): string | undefined {
  const { id, source, request, ...rest } = device;
  const fields: Fields = {
    ...rest,
    ...(request && {
      publicKey: request.publicKey.toString("base64"),
      key: request.key,
    }),
  };
  for (const name in fields) {
    // Any member at all: most devices have none.
    if (fields[name as keyof Fields] !== undefined) {
      return JSON.stringify(fields);
    }
  }
  return undefined;
}

/**
 * SHA-256 over all that the batch asks for each of its devices: another one
 * means other certificates. When they are renewed is not part of it.
 */
export function orderSha256(profile: DeviceProfile): Buffer {
  const { subject, dnsNames, uris, key, extensions, hardwareType } = profile;
  const { validityDays, validity, truncate } = profile;
  return hash(
    "sha256",
    canonicalJson({
      profile: profile.profile,
      subject,
      dnsNames,
      uris,
      key,
      extensions,
      hardwareType,
      validityDays,
      validity,
      truncate,
    }),
    { outputEncoding: "buffer" },
  );
}
