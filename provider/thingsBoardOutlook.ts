import type { ThingsBoardClient } from "../platforms/thingsBoard/api/client";
import {
  Fault,
  ThingsBoardError,
  isFault,
} from "../platforms/thingsBoard/api/errors";
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
import { InputError, quote } from "../pki/problem";
import { thingsBoardCredentialsId } from "../pki/thingsBoard";
import { inform } from "./engineLog";
import type { ProfileToMake } from "./thingsBoardProfiles";
import { certificateTaken, nameTaken } from "./thingsBoardProfiles";
import type { ServerInputs } from "./thingsBoardServer";
import { withClient } from "./thingsBoardServer";

/** Seconds for all requests together; a preview is waited for. */
const PATIENCE = 5;

/**
 * What a ThingsBoard itself has said. All else may be otherwise once the update
 * gets there, which may be what deploys ThingsBoard, its address or its
 * certificate.
 */
const FINAL = [Fault.Unauthorized, Fault.Forbidden] as const;

/**
 * What a ThingsBoard would refuse, found out by reading alone, so that a
 * preview says it: credentials that do not count, and whatever `look` finds. A
 * ThingsBoard that is not there yet, or not as it is to be, is a warning.
 */
export async function outlook(
  urn: string,
  server: ServerInputs,
  look: (client: ThingsBoardClient) => Promise<readonly Problem[]>,
): Promise<readonly Problem[]> {
  try {
    return await withClient(
      server,
      (client) => inTime(client.url, look(client)),
      { delays: [] },
    );
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    if (error instanceof ThingsBoardError && !isFault(error, ...FINAL)) {
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

/** @throws ThingsBoardError where it takes longer than a preview may; the client is closed then, and with it what is under way */
async function inTime<T>(url: string, action: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new ThingsBoardError(
          Fault.Timeout,
          "url",
          `${url} does not answer within the ${PATIENCE} s that a preview waits.`,
        ),
      );
    }, PATIENCE * 1000);
  });
  try {
    return await Promise.race([action, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whose a profile's name and certificate are already.
 *
 * @param before how the profile was ordered last; `undefined` for a new one
 * @param known whether the certificate is there yet, and whether the former profile was at this very server, of this user
 */
export async function profileOutlook(
  client: ThingsBoardClient,
  order: ProfileToMake,
  before: ProfileToMake | undefined,
  known: { readonly certificate: boolean; readonly server: boolean },
): Promise<Problem[]> {
  const { profileName, certificatePem } = order;
  const former = before?.profileName;
  // Asked for whether the credentials count, too, where nothing else is to be known.
  const named = await findProfileId(client, profileName);
  const formerId =
    former === undefined || former === profileName
      ? named
      : await findProfileId(client, former);
  const isThere = named !== undefined || formerId !== undefined;
  if (before !== undefined && !known.server && !isThere) {
    return [
      {
        path: "server",
        message: `the device profile ${quote(former)} is not at ${client.url}, or not of this user's tenant; name the former server, or replace this resource.`,
      },
    ];
  }
  // Where the former name is gone, the profile has the new one: the update that renamed it was cut off.
  const isOther =
    named !== undefined &&
    (before === undefined ||
      (profileName !== former && formerId !== undefined));
  const found = isOther ? await readProfile(client, named) : undefined;
  // A new one that is there just as ordered was made by an update that was cut off.
  const isFree =
    found === undefined ||
    (before === undefined &&
      (order.adoptExisting === true ||
        (known.certificate &&
          differences(order, viewOfProfile(found)).length === 0)));
  const owner =
    known.certificate && certificatePem !== before?.certificatePem
      ? await findProfileByKey(client, thingsBoardCredentialsId(certificatePem))
      : undefined;
  const own = [profileName, former];
  return [
    ...(isFree
      ? []
      : [nameTaken(profileName, found.id.id, before !== undefined)]),
    ...(owner === undefined || own.includes(owner)
      ? []
      : [certificateTaken(owner)]),
  ];
}
