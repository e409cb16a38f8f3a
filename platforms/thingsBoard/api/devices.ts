import { z } from "zod";
import type { ThingsBoardClient } from "./client";
import type { Device, ImportResult } from "./models";
import { deviceSchema, importSchema, pageOf } from "./models";

const PAGE = 1_000;
const devices = pageOf(deviceSchema);

/**
 * The tenant's devices, page by page, by name.
 *
 * @param profileName of the profile whose devices are wanted. Default: all.
 */
export async function* listDevices(
  client: ThingsBoardClient,
  profileName?: string,
): AsyncGenerator<readonly Device[]> {
  // The Professional Edition has this list as well, and none by the profile's id.
  const filter =
    profileName === undefined ? "" : `&type=${encodeURIComponent(profileName)}`;
  for (let page = 0; ; page += 1) {
    // In the order of names: devices that come meanwhile shift no page by more than themselves.
    const { data, hasNext } = await client.get(
      `/api/tenant/devices?pageSize=${PAGE}&page=${page}&sortProperty=name&sortOrder=ASC${filter}`,
      devices,
    );
    yield data;
    if (!hasNext) {
      return;
    }
  }
}

/** How many devices are in a profile. */
export async function countDevices(
  client: ThingsBoardClient,
  profileName: string,
): Promise<number> {
  const { totalElements } = await client.get(
    `/api/tenant/devices?pageSize=1&page=0&type=${encodeURIComponent(profileName)}`,
    z.object({ totalElements: z.number() }),
  );
  return totalElements;
}

/** Answers whether it was there. */
export function deleteDevice(
  client: ThingsBoardClient,
  id: string,
): Promise<boolean> {
  return client.delete(`/api/device/${encodeURIComponent(id)}`);
}

/** A request's devices are saved one by one before it answers. */
const IMPORT_TIMEOUT = 600;

/**
 * Makes devices, or updates those of the same names, with their credentials.
 * The same body may be sent again: who is there is updated.
 *
 * @param body JSON of a bulk import request
 */
export function importDevices(
  client: ThingsBoardClient,
  body: string,
): Promise<ImportResult> {
  return client.postText("/api/device/bulk_import", body, importSchema, {
    repeatable: true,
    timeoutSeconds: IMPORT_TIMEOUT,
  });
}
