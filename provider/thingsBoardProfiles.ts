import type { ThingsBoardClient } from "../platforms/thingsBoard/api/client";
import {
  Fault,
  ThingsBoardError,
  isFault,
} from "../platforms/thingsBoard/api/errors";
import type { DeviceProfile } from "../platforms/thingsBoard/api/models";
import {
  findProfileByKey,
  findProfileId,
  readProfile,
  saveProfile,
} from "../platforms/thingsBoard/api/profiles";
import type { DeviceProfileOrder } from "../platforms/thingsBoard/deviceProfile";
import {
  deviceProfileBody,
  differences,
  mergedProfile,
  viewOfProfile,
} from "../platforms/thingsBoard/deviceProfile";
import type { Problem } from "../pki/problem";
import { InputError, quote } from "../pki/problem";
import { thingsBoardCredentialsId } from "../pki/thingsBoard";

/** A profile to be, and whether one of its name may be taken over. */
export interface ProfileToMake extends DeviceProfileOrder {
  readonly adoptExisting?: boolean;
}

/** Somebody who saves the profile again and again is told about, not fought. */
const ATTEMPTS = 4;

/**
 * Makes a profile, or takes the one of that name over where that is asked for,
 * or where it is just as ordered: then an update was cut off behind it.
 *
 * @returns the profile's id, and whether it was not there before
 * @throws InputError where the name or the certificate is another profile's
 */
export async function makeProfile(
  client: ThingsBoardClient,
  order: ProfileToMake,
  tell: (text: string) => Promise<void>,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const id = await findProfileId(client, order.profileName);
  const found = id === undefined ? undefined : await readProfile(client, id);
  if (id === undefined || found === undefined) {
    const made = await saved(client, order, deviceProfileBody(order));
    return { id: made.id.id, isNew: true };
  }
  if (differences(order, viewOfProfile(found)).length === 0) {
    await tell(
      `the device profile ${quote(order.profileName)} (${id}) is in ThingsBoard just as it is to be, and is taken over.`,
    );
    return { id, isNew: false };
  }
  if (order.adoptExisting !== true) {
    throw new InputError([nameTaken(order.profileName, id, false)]);
  }
  await tell(
    `the device profile ${quote(order.profileName)} (${id}) is taken over, as adoptExisting says.`,
  );
  await updateProfile(client, id, order);
  return { id, isNew: false };
}

/**
 * Brings a profile to what is ordered, in place: it is read and sent back
 * whole, with its version, so that nobody else's change is lost. Where nothing
 * is to be changed, nothing is sent.
 *
 * @throws InputError where it is gone, or its name or certificate is another profile's
 */
export async function updateProfile(
  client: ThingsBoardClient,
  id: string,
  order: DeviceProfileOrder,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await readProfile(client, id);
    if (found === undefined) {
      throw new InputError([
        {
          path: "profileName",
          message: `the device profile ${id} is not at ${client.url} any more; run "refresh", after which an update makes it anew. Where the URL is another ThingsBoard's, name the former one, or replace this resource.`,
        },
      ]);
    }
    if (differences(order, viewOfProfile(found)).length === 0) {
      return;
    }
    try {
      await saved(client, order, mergedProfile(found, order));
      return;
    } catch (error) {
      if (!isFault(error, Fault.VersionConflict) || attempt === ATTEMPTS) {
        throw error;
      }
    }
  }
}

/**
 * A name that is another profile's.
 *
 * @param renamed whether a profile that is there was to get it
 */
export function nameTaken(
  profileName: string,
  id: string,
  renamed: boolean,
): Problem {
  return {
    path: "profileName",
    message: renamed
      ? `${quote(profileName)} is another device profile's name in ThingsBoard (${id}); choose another.`
      : `${quote(profileName)} is a device profile in ThingsBoard already (${id}); choose another name, set adoptExisting: true to have it changed as written here, or import it by its id.`,
  };
}

/**
 * A certificate that is another profile's.
 *
 * @param owner its name; `undefined` where it is of a tenant that nobody else can look into
 * @param said ThingsBoard's words, without secrets
 */
export function certificateTaken(
  owner: string | undefined,
  said = "",
): Problem {
  const whose =
    owner === undefined
      ? "of another tenant (one certificate counts once for all tenants)"
      : quote(owner);
  return {
    path: "certificatePem",
    message: `is the certificate of the device profile ${whose} already${said === "" ? "" : ` ("${said}")`}; a certificate leads to one profile alone. Take it out there, import that profile, or give another CA's.`,
  };
}

async function saved(
  client: ThingsBoardClient,
  order: DeviceProfileOrder,
  body: object,
): Promise<DeviceProfile> {
  const wanted = thingsBoardCredentialsId(order.certificatePem);
  let profile: DeviceProfile;
  try {
    profile = await saveProfile(client, body);
  } catch (error) {
    throw await explained(client, error, order, wanted);
  }
  if (
    profile.provisionDeviceKey !== wanted ||
    differences(order, viewOfProfile(profile)).length > 0
  ) {
    throw new ThingsBoardError(
      Fault.NotThingsBoard,
      "url",
      `${client.url} keeps the device profile ${quote(order.profileName)} (${profile.id.id}) otherwise than it was sent (${differences(order, viewOfProfile(profile)).join(", ") || "provisionDeviceKey"}); see that it is ThingsBoard 3.5 or later.`,
    );
  }
  return profile;
}

async function explained(
  client: ThingsBoardClient,
  error: unknown,
  { profileName, transportType }: DeviceProfileOrder,
  key: string,
): Promise<unknown> {
  if (!(error instanceof ThingsBoardError)) {
    return error;
  }
  if (/certificate.* already exists/i.test(error.said)) {
    const owner = await findProfileByKey(client, key);
    return new InputError([certificateTaken(owner, error.said)]);
  }
  if (error.fault === Fault.AlreadyExists) {
    return new InputError([
      {
        path: "profileName",
        message: `${quote(profileName)} is another device profile's name in ThingsBoard ("${error.said}"); choose another.`,
      },
    ]);
  }
  if (/transport type/i.test(error.said)) {
    return new InputError([
      {
        path: "transportType",
        message: `${quote(transportType ?? "DEFAULT")} is not taken ("${error.said}"); write the one the profile has.`,
      },
    ]);
  }
  return error;
}
