import type { ThingsBoardClient } from "./client";
import type { DeviceProfile } from "./models";
import { pageOf, profileInfoSchema, profileSchema } from "./models";

const PAGE = 100;

/** The device profile with this id; `undefined` where there is none. */
export function readProfile(
  client: ThingsBoardClient,
  id: string,
): Promise<DeviceProfile | undefined> {
  return client.find(
    `/api/deviceProfile/${encodeURIComponent(id)}`,
    profileSchema,
  );
}

/** The id of the device profile of just this name; `undefined` where there is none. */
export async function findProfileId(
  client: ThingsBoardClient,
  name: string,
): Promise<string | undefined> {
  const search = encodeURIComponent(name);
  const infos = pageOf(profileInfoSchema);
  for (let page = 0; ; page += 1) {
    // The search finds parts of names, whatever their case.
    const { data, hasNext } = await client.get(
      `/api/deviceProfileInfos?pageSize=${PAGE}&page=${page}&textSearch=${search}`,
      infos,
    );
    const found = data.find((info) => info.name === name);
    if (found !== undefined || !hasNext) {
      return found?.id.id;
    }
  }
}

/** The name of the tenant's profile that has this certificate; `undefined` where none of this tenant has. */
export async function findProfileByKey(
  client: ThingsBoardClient,
  provisionDeviceKey: string,
): Promise<string | undefined> {
  const profiles = pageOf(profileSchema);
  for (let page = 0; ; page += 1) {
    const { data, hasNext } = await client.get(
      `/api/deviceProfiles?pageSize=${PAGE}&page=${page}`,
      profiles,
    );
    const found = data.find(
      (profile) => profile.provisionDeviceKey === provisionDeviceKey,
    );
    if (found !== undefined || !hasNext) {
      return found?.name;
    }
  }
}

/**
 * Makes a profile, or with an `id` updates it.
 *
 * @throws ThingsBoardError of kind `versionConflict` where `version` is not the present one
 */
export function saveProfile(
  client: ThingsBoardClient,
  profile: object,
): Promise<DeviceProfile> {
  return client.post("/api/deviceProfile", profile, profileSchema);
}

/** Answers whether it was there. */
export function deleteProfile(
  client: ThingsBoardClient,
  id: string,
): Promise<boolean> {
  return client.delete(`/api/deviceProfile/${encodeURIComponent(id)}`);
}
