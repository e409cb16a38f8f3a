import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { leftovers, writeParts } from "../pki/batch/exports/parts";
import {
  THINGSBOARD_BODY,
  thingsBoardTable,
} from "../pki/batch/exports/tables";
import { Status } from "../pki/batch/inventory/schema";
import { BULK_IMPORT } from "../platforms/thingsBoard/bulkImport";
import type { BatchToImport } from "./thingsBoardBatch";

const TABLE = "devices.csv";
const BODIES = "bulk-import.json";

/** Files for ThingsBoard's page and its REST API, as written or found. */
export interface Uploads {
  /** Their names, in order. */
  readonly files: readonly string[];
  /** Over names and contents, lowercase hex. */
  readonly sha256: string;
}

/**
 * Writes the devices of a batch for who uploads them by hand: `devices.csv`
 * for the page, `bulk-import.json` for `POST /api/device/bulk_import`; of what
 * does not fit into 16 MiB `devices-001.csv`, `devices-002.csv` and so on.
 */
export async function writeUploads(
  directory: string,
  batch: BatchToImport,
  profileName: string,
): Promise<Uploads> {
  mkdirSync(directory, { recursive: true });
  const table = thingsBoardTable(
    batch.named,
    { status: Status.Active },
    profileName,
  );
  const { begin, end, encode } = BULK_IMPORT;
  const written = [
    [TABLE, { bytesPerFile: THINGSBOARD_BODY - 64 * 1024 }],
    [BODIES, { bytesPerFile: THINGSBOARD_BODY, wrap: { begin, end, encode } }],
  ] as const;
  const names: string[] = [];
  for (const [name, options] of written) {
    const path = join(directory, name);
    const { files } = await writeParts(path, table, options);
    // Uploading those would bring old certificates back.
    leftovers(path, files).forEach((old) => {
      rmSync(old);
    });
    names.push(...files.map((file) => basename(file)));
  }
  return { files: names, sha256: await hashUploads(directory, names) };
}

/** SHA-256 over names and contents; another one where a file is not there. */
export async function hashUploads(
  directory: string,
  names: readonly string[],
): Promise<string> {
  const hash = createHash("sha256");
  for (const name of names) {
    const path = join(directory, name);
    hash.update(`${name}\n`);
    if (existsSync(path)) {
      for await (const chunk of createReadStream(path)) {
        hash.update(chunk as Buffer);
      }
    }
  }
  return hash.digest("hex");
}

/** Removes them. */
export function removeUploads(
  directory: string,
  names: readonly string[],
): void {
  for (const name of names) {
    rmSync(join(directory, name), { force: true });
  }
}
