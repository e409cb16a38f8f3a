import { thingsBoardRow } from "../pki/batch/exports/tables";
import { InputError, quote } from "../pki/problem";
import type { ThingsBoardClient } from "../platforms/thingsBoard/api/client";
import {
  deleteDevice,
  importDevices,
  listDevices,
} from "../platforms/thingsBoard/api/devices";
import { findProfileId } from "../platforms/thingsBoard/api/profiles";
import { BulkImportBody } from "../platforms/thingsBoard/bulkImport";
import type { BatchToImport, DeviceToImport } from "./thingsBoardBatch";
import { ImportRecord, importedByOthers } from "./thingsBoardRecord";

/** What is imported, and how. */
export interface ImportOrder {
  /** Of the resource. */
  readonly name: string;
  readonly outputDirectory: string;
  readonly profileName: string;
  readonly devicesPerRequest: number;
  readonly takeOver: boolean;
  readonly deleteDevices: boolean;
}

/** What an import came to. */
export interface Imported {
  /** Active devices of the batch, all of which ThingsBoard has. */
  readonly count: number;
  readonly created: number;
  readonly updated: number;
  /** Devices of an earlier import that the batch has no more. */
  readonly left: number;
}

const SHOWN = 10;

/**
 * Gives ThingsBoard the devices of a batch that it has not, or not with their
 * present certificate. Another profile's device is not touched unless that is
 * asked for; ThingsBoard's import would move it without a word.
 *
 * @throws InputError with the devices that ThingsBoard refused; all others are imported then, and recorded
 */
export async function importBatch(
  client: ThingsBoardClient,
  batch: BatchToImport,
  order: ImportOrder,
  tell: (text: string) => Promise<void>,
): Promise<Imported> {
  const profileId = await requiredProfile(client, order.profileName);
  const { name, outputDirectory } = order;
  const record = new ImportRecord(outputDirectory, name, profileId);
  const wanted = namesOf(batch);
  const there = await compare(client, order, profileId, record, wanted);
  record.begin();
  record.remove([...record.names()].filter((device) => !there.has(device)));

  const pending = new Set(
    [...wanted].flatMap(([device, credentialsId]) =>
      record.credentialsOf(device) === credentialsId ? [] : [device],
    ),
  );
  const sent = await send(client, batch, order, record, pending, tell);
  const left = await removeOld(client, order, record, wanted, there);
  return { count: wanted.size, ...sent, left };
}

/** How many devices of a batch ThingsBoard has not, or not in their profile. */
export async function countMissing(
  client: ThingsBoardClient,
  batch: BatchToImport,
  profileName: string,
): Promise<number> {
  const wanted = namesOf(batch);
  const profileId = await findProfileId(client, profileName);
  if (profileId === undefined) {
    return wanted.size;
  }
  for await (const page of listDevices(client, profileName)) {
    for (const { name } of page) {
      wanted.delete(name);
    }
  }
  return wanted.size;
}

/**
 * Deletes the devices that were imported, and answers how many there were.
 * Those that another resource has imported of the batch as well are kept: it
 * may be this one under its new name.
 */
export async function deleteImported(
  client: ThingsBoardClient,
  order: Pick<ImportOrder, "name" | "outputDirectory" | "profileName">,
): Promise<{ readonly deleted: number; readonly kept: number }> {
  const { name, outputDirectory, profileName } = order;
  const profileId = await findProfileId(client, profileName);
  if (profileId === undefined) {
    return { deleted: 0, kept: 0 };
  }
  const record = new ImportRecord(outputDirectory, name, profileId);
  const others = importedByOthers(outputDirectory, name, profileId);
  const found = new Map<string, string>();
  let kept = 0;
  for await (const page of listDevices(client, profileName)) {
    for (const device of page) {
      if (record.credentialsOf(device.name) === undefined) {
        continue;
      }
      if (others.has(device.name)) {
        kept += 1;
      } else {
        found.set(device.name, device.id.id);
      }
    }
  }
  await deleteAll(client, found, record);
  return { deleted: found.size, kept };
}

async function requiredProfile(
  client: ThingsBoardClient,
  profileName: string,
): Promise<string> {
  const id = await findProfileId(client, profileName);
  if (id === undefined) {
    throw new InputError([
      {
        path: "profileName",
        message: `${quote(profileName)} is no device profile at ${client.url}, and ThingsBoard's import would make one without X.509 provisioning; take profileName from a ThingsBoardDeviceProfile, so that it is made before.`,
      },
    ]);
  }
  return id;
}

function namesOf(batch: BatchToImport): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name, credentialsId } of batch.names()) {
    if (names.has(name)) {
      throw new InputError([
        {
          path: "commonNamePattern",
          message: `makes ${quote(name)} of two devices of the batch; write one that tells them apart.`,
        },
      ]);
    }
    names.set(name, credentialsId);
  }
  return names;
}

/** The ids of those of our devices that ThingsBoard has in the profile, by name. */
async function compare(
  client: ThingsBoardClient,
  { takeOver }: ImportOrder,
  profileId: string,
  record: ImportRecord,
  wanted: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const there = new Map<string, string>();
  const elsewhere: string[] = [];
  for await (const page of listDevices(client)) {
    for (const { name, id, deviceProfileId } of page) {
      const isOurs = deviceProfileId?.id === profileId;
      if (
        isOurs &&
        (wanted.has(name) || record.credentialsOf(name) !== undefined)
      ) {
        there.set(name, id.id);
      } else if (!isOurs && wanted.has(name)) {
        elsewhere.push(name);
      }
    }
  }
  if (elsewhere.length > 0 && !takeOver) {
    throw new InputError([
      {
        path: "profileName",
        message: `${elsewhere.length} ${elsewhere.length === 1 ? "device" : "devices"} of the batch ${elsewhere.length === 1 ? "is" : "are"} in ThingsBoard under another profile (${shown(elsewhere)}), and would be moved, with new credentials; rename them there, or set takeOver: true.`,
      },
    ]);
  }
  return there;
}

async function send(
  client: ThingsBoardClient,
  batch: BatchToImport,
  order: ImportOrder,
  record: ImportRecord,
  pending: ReadonlySet<string>,
  tell: (text: string) => Promise<void>,
): Promise<{ created: number; updated: number }> {
  const counts = { created: 0, updated: 0 };
  const failures: string[] = [];
  let done = 0;
  if (pending.size === 0) {
    return counts;
  }
  const flush = async (body: BulkImportBody<DeviceToImport>): Promise<void> => {
    const { rows } = body;
    if (rows.length === 0) {
      return;
    }
    const result = await importDevices(client, body.text());
    counts.created += result.created;
    counts.updated += result.updated;
    const refused = failedRows(rows, result.errorsList ?? []);
    failures.push(...refused.values());
    // Where ThingsBoard counts more than it names, none of the request is known to be there.
    const isClear = refused.size === result.errors;
    record.add(isClear ? rows.filter((row) => !refused.has(row)) : []);
    if (!isClear) {
      failures.push(...(result.errorsList ?? []));
    }
    done += rows.length;
    if (pending.size > order.devicesPerRequest) {
      await tell(
        `${done} of ${pending.size} devices were sent to ThingsBoard.`,
      );
    }
  };
  let body = new BulkImportBody<DeviceToImport>();
  for await (const devices of batch.devices()) {
    for (const device of devices) {
      if (!pending.has(device.name)) {
        continue;
      }
      const { name, certificate } = device;
      const row = thingsBoardRow(name, order.profileName, certificate);
      if (body.rows.length >= order.devicesPerRequest || !body.fits(row)) {
        await flush(body);
        body = new BulkImportBody();
      }
      body.add(row, device);
    }
  }
  await flush(body);
  if (failures.length > 0) {
    throw new InputError([
      {
        path: "outputDirectory",
        message: `ThingsBoard refused ${failures.length} of ${pending.size} devices (${shown(failures)}); the others are imported. Set right what it says, and run this again: the others are not sent again.`,
      },
    ]);
  }
  return counts;
}

/** ThingsBoard counts lines from 1, and the header is the first. */
function failedRows(
  rows: readonly DeviceToImport[],
  errors: readonly string[],
): Map<DeviceToImport, string> {
  const failed = new Map<DeviceToImport, string>();
  for (const error of errors) {
    const [, line = "", why = ""] = /^Line (\d+): (.*)$/s.exec(error) ?? [];
    const row = rows[Number(line) - 2];
    if (row !== undefined) {
      failed.set(row, `${row.name}: ${why.slice(0, 200)}`);
    }
  }
  return failed;
}

async function removeOld(
  client: ThingsBoardClient,
  { deleteDevices }: ImportOrder,
  record: ImportRecord,
  wanted: ReadonlyMap<string, string>,
  there: ReadonlyMap<string, string>,
): Promise<number> {
  const old = new Map([...there].filter(([device]) => !wanted.has(device)));
  if (!deleteDevices) {
    return old.size;
  }
  await deleteAll(client, old, record);
  return 0;
}

async function deleteAll(
  client: ThingsBoardClient,
  devices: ReadonlyMap<string, string>,
  record: ImportRecord,
): Promise<void> {
  const queue = [...devices];
  record.begin();
  const work = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      await deleteDevice(client, next[1]);
      record.remove([next[0]]);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

function shown(texts: readonly string[]): string {
  const some = texts
    .slice(0, SHOWN)
    .map((text) => quote(text))
    .join(", ");
  return texts.length > SHOWN
    ? `${some} and ${texts.length - SHOWN} more`
    : some;
}
