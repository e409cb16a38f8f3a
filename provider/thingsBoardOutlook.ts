import type { ThingsBoardClient } from "../platforms/thingsBoard/api/client";
import { Fault, isFault } from "../platforms/thingsBoard/api/errors";
import {
  findProfileByKey,
  findProfileId,
  readProfile,
} from "../platforms/thingsBoard/api/profiles";
import {
  differences,
  viewOfProfile,
} from "../platforms/thingsBoard/deviceProfile";
import type { Problem } from "../pki/problem";
import { InputError } from "../pki/problem";
import { thingsBoardCredentialsId } from "../pki/thingsBoard";
import { inform } from "./engineLog";
import type { ProfileToMake } from "./thingsBoardProfiles";
import { certificateTaken, nameTaken } from "./thingsBoardProfiles";
import type { ServerInputs } from "./thingsBoardServer";
import { withClient } from "./thingsBoardServer";

/** Seconds; a preview is waited for. */
const PATIENCE = 5;

/** What may be otherwise once the update gets there: a ThingsBoard that the same update deploys, for one. */
const PASSING = [
  Fault.Unreachable,
  Fault.Timeout,
  Fault.TooManyRequests,
  Fault.Broken,
] as const;

/**
 * What a ThingsBoard would refuse, found out by reading alone, so that a
 * preview says it: credentials that do not count, a certificate nobody vouches
 * for, and whatever `look` finds. A ThingsBoard that is not there yet is a
 * warning.
 */
export async function outlook(
  urn: string,
  server: ServerInputs,
  look: (client: ThingsBoardClient) => Promise<readonly Problem[]>,
): Promise<readonly Problem[]> {
  const timeoutSeconds = Math.min(PATIENCE, server.timeoutSeconds ?? PATIENCE);
  try {
    return await withClient({ ...server, timeoutSeconds }, look, {
      delays: [],
    });
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    if (isFault(error, ...PASSING)) {
      await inform(
        urn,
        `${error.message} Whether it takes the credentials and the profile is not known before.`,
        "warning",
      );
      return [];
    }
    return error.problems;
  }
}

/**
 * Whose a profile's name and certificate are already.
 *
 * @param before how the profile was ordered last; `undefined` for a new one
 * @param certificateIsKnown whether the certificate is there yet
 */
export async function profileOutlook(
  client: ThingsBoardClient,
  order: ProfileToMake,
  before: ProfileToMake | undefined,
  certificateIsKnown: boolean,
): Promise<Problem[]> {
  const { profileName, certificatePem } = order;
  // Asked for whether the credentials count, too, where nothing else is to be known.
  const named = await findProfileId(client, profileName);
  const id = profileName === before?.profileName ? undefined : named;
  const found = id === undefined ? undefined : await readProfile(client, id);
  // A new one that is there just as ordered was made by an update that was cut off.
  const isFree =
    found === undefined ||
    (before === undefined &&
      (order.adoptExisting === true ||
        (certificateIsKnown &&
          differences(order, viewOfProfile(found)).length === 0)));
  const owner =
    certificateIsKnown && certificatePem !== before?.certificatePem
      ? await findProfileByKey(client, thingsBoardCredentialsId(certificatePem))
      : undefined;
  const own = [profileName, before?.profileName];
  return [
    ...(isFree
      ? []
      : [nameTaken(profileName, found.id.id, before !== undefined)]),
    ...(owner === undefined || own.includes(owner)
      ? []
      : [certificateTaken(owner)]),
  ];
}
