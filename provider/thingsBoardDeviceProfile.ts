import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import {
  Fault,
  ThingsBoardError,
  isFault,
} from "../platforms/thingsBoard/api/errors";
import { countDevices } from "../platforms/thingsBoard/api/devices";
import {
  deleteProfile,
  readProfile,
} from "../platforms/thingsBoard/api/profiles";
import type { ProfileView } from "../platforms/thingsBoard/deviceProfile";
import {
  checkDeviceProfile,
  deviceProfileText,
  differences,
  isRoot,
  shownCertificate,
  viewOfOrder,
  viewOfProfile,
} from "../platforms/thingsBoard/deviceProfile";
import { checkNamePattern } from "../platforms/thingsBoard/namePattern";
import { thingsBoardCredentialsId } from "../pki/thingsBoard";
import { quote } from "../pki/problem";
import { checkResult } from "./checks";
import { inform } from "./engineLog";
import type { CustomResource, DiffResult, FoundResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import { outlook, profileOutlook } from "./thingsBoardOutlook";
import { makeProfile, updateProfile } from "./thingsBoardProfiles";
import {
  sameServer,
  serverInputs,
  serverOfEnvironment,
  serverOutput,
  serverProblems,
  warnOfPlainText,
  withClient,
} from "./thingsBoardServer";
import type { Properties } from "./wire";
import { isUnknown } from "./wire";

const fields = {
  server: serverInputs.exactOptional(),
  profileName: z.string(),
  certificatePem: z.string(),
  commonNamePattern: z.string().exactOptional(),
  allowCreateNewDevices: z.boolean().exactOptional(),
  transportType: z.string().exactOptional(),
  description: z.string().exactOptional(),
  adoptExisting: z.boolean().exactOptional(),
  keepOnDelete: z.boolean().exactOptional(),
};

const inputsSchema = z.strictObject(fields);
/** What a `ThingsBoardDeviceProfile` is asked for. */
export type ProfileInputs = z.infer<typeof inputsSchema>;

const outputsSchema = z.object({ ...fields, profileId: z.string() });
type Outputs = z.infer<typeof outputsSchema>;

/**
 * Profiles that this process has taken over, by their ids. A resource that was
 * given another name is made anew first, and deleted then, and both are of one
 * profile.
 */
const takenOver = new Set<string>();

/**
 * `mqtt-pki:index:ThingsBoardDeviceProfile`: the profile by which ThingsBoard
 * makes devices of those who show a certificate chain. It is updated in place,
 * since its devices hang from its id. A preview of a change reads whether it
 * would be taken; what somebody else changed, a refresh finds.
 */
export const thingsBoardDeviceProfile: CustomResource = {
  async check(urn, oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(inputsSchema, news);
    if (draft === undefined) {
      return checkResult(news, problems);
    }
    const found = schema.knownProblems(unknown, [
      ...serverProblems(draft.server),
      ...checkDeviceProfile(draft),
    ]);
    const before = oldInputs && schema.parse(inputsSchema, oldInputs).draft;
    await tellOnce(urn, draft, before, unknown);
    const mistakes = [...problems, ...found];
    const { server } = draft;
    // A plan was none in ThingsBoard: its profile will be a new one.
    const served = before?.server === undefined ? undefined : before;
    const adopts =
      draft.adoptExisting === true || isUnknown(unknown, "adoptExisting");
    return checkResult(
      news,
      mistakes.length > 0 ||
        server === undefined ||
        isUnknown(unknown, "server") ||
        isUnknown(unknown, "profileName") ||
        isDeepStrictEqual(before, draft)
        ? mistakes
        : await outlook(urn, server, (client) =>
            profileOutlook(
              client,
              { ...draft, adoptExisting: adopts },
              served,
              {
                certificate: !isUnknown(unknown, "certificatePem"),
                server: sameServer(server, before?.server),
              },
            ),
          ),
    );
  },

  async diff(_id, urn, olds, news): Promise<DiffResult> {
    const { value: inputs, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    const isServed = old !== undefined && old.profileId !== "";
    if (inputs === undefined || old === undefined || unknown.length > 0) {
      if (isServed && isUnknown(unknown, "certificatePem")) {
        await inform(urn, rotationMessage(old, undefined), "warning");
      }
      return { changes: true };
    }
    const changed = differences(inputs, viewOf(old));
    if (isServed && changed.includes("certificatePem")) {
      await inform(urn, rotationMessage(old, inputs.certificatePem), "warning");
    }
    // Where there was a plan alone, or is to be one, the other is another thing.
    const moves = (inputs.server === undefined) !== (old.profileId === "");
    return {
      changes:
        moves ||
        changed.length > 0 ||
        inputs.adoptExisting !== old.adoptExisting ||
        inputs.keepOnDelete !== old.keepOnDelete ||
        !sameServer(inputs.server, old.server),
      ...(moves && { replaces: ["server"] }),
    };
  },

  async create(urn, properties) {
    const inputs = schema.required(inputsSchema, properties);
    const { server } = inputs;
    if (server === undefined) {
      return { id: `plan-${nameOf(urn)}`, outs: outputs(inputs, "") };
    }
    const { id, isNew } = await withClient(server, (client) =>
      makeProfile(client, inputs, (text) => inform(urn, text)),
    );
    if (!isNew) {
      takenOver.add(id);
    }
    return { id, outs: outputs(inputs, id) };
  },

  async update(_id, _urn, olds, news) {
    const inputs = schema.required(inputsSchema, news);
    const { profileId } = schema.required(outputsSchema, olds);
    if (inputs.server !== undefined) {
      await withClient(inputs.server, (client) =>
        updateProfile(client, profileId, inputs),
      );
    }
    return { outs: outputs(inputs, profileId) };
  },

  async find(id, _urn, props): Promise<FoundResource | undefined> {
    const isImport = Object.keys(props).length === 0;
    const old = isImport ? undefined : schema.required(outputsSchema, props);
    if (old?.profileId === "") {
      return { id, outputs: props };
    }
    const server = isImport ? serverOfEnvironment() : old?.server;
    const profile = await withClient(server ?? {}, (client) =>
      readProfile(client, old?.profileId ?? id),
    );
    if (profile === undefined) {
      return undefined;
    }
    const { description, ...view } = viewOfProfile(profile);
    const managesText = isImport
      ? description !== ""
      : old?.description !== undefined;
    const now = { ...view, ...(managesText && { description }) };
    return {
      id,
      outputs: outputs(
        {
          ...(isImport ? {} : kept(old)),
          ...(server !== undefined && { server }),
          ...now,
        },
        profile.id.id,
      ),
      ...(isImport && { inputs: now }),
    };
  },

  async delete(_id, urn, props) {
    const old = schema.required(outputsSchema, props);
    const { server, profileId, profileName } = old;
    if (profileId === "" || server === undefined) {
      return;
    }
    if (old.keepOnDelete === true) {
      await inform(
        urn,
        `the device profile ${quote(profileName)} (${profileId}) stays in ThingsBoard, as keepOnDelete says.`,
      );
      return;
    }
    if (takenOver.delete(profileId)) {
      await inform(
        urn,
        `the device profile ${quote(profileName)} (${profileId}) stays in ThingsBoard: another resource has taken it over in this update.`,
      );
      return;
    }
    await withClient(server, async (client) => {
      try {
        await deleteProfile(client, profileId);
      } catch (error) {
        if (!isFault(error, Fault.Refused, Fault.Broken)) {
          throw error;
        }
        const devices = await countDevices(client, profileName);
        if (devices === 0) {
          throw error;
        }
        throw new ThingsBoardError(
          Fault.Refused,
          "",
          `the device profile ${quote(profileName)} has ${devices} ${devices === 1 ? "device" : "devices"}, and ThingsBoard deletes none that has; take them away there (deleteDevices of ThingsBoardDevices does it for a batch), or set keepOnDelete: true and run an update before.`,
        );
      }
    });
  },
};

function viewOf(old: Outputs): ProfileView {
  const { certificatePem, commonNamePattern = "", transportType = "" } = old;
  return {
    ...viewOfOrder(old),
    // Of a profile that provisions in another way, a refresh says what is there, which is no default.
    certificatePem:
      certificatePem === "" ? "" : viewOfOrder(old).certificatePem,
    commonNamePattern,
    transportType,
    allowCreateNewDevices: old.allowCreateNewDevices === true,
  };
}

function kept(
  old: Outputs | undefined,
): Pick<ProfileInputs, "adoptExisting" | "keepOnDelete"> {
  const { adoptExisting, keepOnDelete } = old ?? {};
  return {
    ...(adoptExisting !== undefined && { adoptExisting }),
    ...(keepOnDelete !== undefined && { keepOnDelete }),
  };
}

function outputs(inputs: ProfileInputs, profileId: string): Properties {
  const { description, ...view } = viewOfOrder(inputs);
  const { certificatePem } = view;
  return {
    ...view,
    ...(inputs.description !== undefined && { description }),
    ...kept({ ...inputs, profileId }),
    ...serverOutput(inputs.server),
    profileId,
    profileJson: deviceProfileText(inputs),
    provisionDeviceKey:
      certificatePem === "" ? "" : thingsBoardCredentialsId(certificatePem),
  };
}

/** What is worth knowing is for who writes the program, not for every update after. */
async function tellOnce(
  urn: string,
  inputs: ProfileInputs,
  before: ProfileInputs | undefined,
  unknown: readonly string[],
): Promise<void> {
  const { commonNamePattern = "(.*)", certificatePem } = inputs;
  if (!isUnknown(unknown, "server")) {
    await warnOfPlainText(urn, inputs.server, before?.server);
  }
  if (before?.commonNamePattern !== inputs.commonNamePattern) {
    const { notes, unchecked } = checkNamePattern(commonNamePattern);
    for (const note of [...notes, ...unchecked]) {
      await inform(urn, `commonNamePattern: ${note}`, "warning");
    }
  }
  if (
    before?.certificatePem !== certificatePem &&
    !isUnknown(unknown, "certificatePem") &&
    isRoot(certificatePem) &&
    inputs.allowCreateNewDevices !== false
  ) {
    await inform(
      urn,
      "certificatePem: is a root's. Devices must send their chain up to it (includeRoot of the batch), and whoever has any certificate below it, a server as well, may make itself a device: ThingsBoard looks at no usage. Let this root issue for devices alone.",
      "warning",
    );
  }
}

/** @param next `undefined` where a preview does not know it yet */
function rotationMessage(old: Outputs, next: string | undefined): string {
  const whose = `the certificate of the device profile ${quote(old.profileName)}`;
  const before = shownCertificate(old.certificatePem);
  return [
    next === undefined
      ? `${whose} may become another one in this update; it is ${before}.`
      : `${whose} becomes ${shownCertificate(next)}; it was ${before}.`,
    "Devices that ThingsBoard has seen, or that were imported, go on with the certificates they have.",
    "One that was never seen, and whose chain holds the former certificate alone, is refused from then on: let it connect once before, import it (ThingsBoardDevices), or give it a certificate of the new CA.",
    "A certificate that was renewed for the same key counts as another one, too.",
  ].join(" ");
}
