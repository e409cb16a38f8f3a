import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { findProfileId } from "../platforms/thingsBoard/api/profiles";
import { checkNamePattern } from "../platforms/thingsBoard/namePattern";
import { profileNameProblems } from "../platforms/thingsBoard/deviceProfile";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";
import { checkResult } from "./checks";
import { inform } from "./engineLog";
import type { CustomResource, DiffResult, FoundResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import { withBatch } from "./thingsBoardBatch";
import type { Imported } from "./thingsBoardImport";
import { countMissing, deleteImported, importBatch } from "./thingsBoardImport";
import { outlook } from "./thingsBoardOutlook";
import { removeRecord } from "./thingsBoardRecord";
import {
  sameServer,
  serverInputs,
  serverOutput,
  serverProblems,
  warnOfPlainText,
  withClient,
} from "./thingsBoardServer";
import type { Uploads } from "./thingsBoardUploads";
import { hashUploads, removeUploads, writeUploads } from "./thingsBoardUploads";
import type { Properties } from "./wire";
import { isUnknown } from "./wire";

const fields = {
  server: serverInputs.exactOptional(),
  outputDirectory: z.string(),
  digest: z.string(),
  profileName: z.string(),
  commonNamePattern: z.string().exactOptional(),
  directory: z.string().exactOptional(),
  devicesPerRequest: z.number().exactOptional(),
  takeOver: z.boolean().exactOptional(),
  deleteDevices: z.boolean().exactOptional(),
};

const inputsSchema = z.strictObject(fields);
type Inputs = z.infer<typeof inputsSchema>;

const outputsSchema = z.object({
  ...fields,
  missing: z.number(),
  files: z.array(z.string()),
  filesSha256: z.string(),
});

const PER_REQUEST = 1_000;
const MOST_PER_REQUEST = 10_000;
/** What a change of makes no device another one. */
const ARGUMENTS = [
  "outputDirectory",
  "digest",
  "profileName",
  "commonNamePattern",
  "directory",
  "devicesPerRequest",
  "takeOver",
  "deleteDevices",
] as const;

/**
 * `mqtt-pki:index:ThingsBoardDevices`: the devices of a batch in ThingsBoard,
 * each with its certificate as credentials. What was imported is recorded
 * beside the batch's inventory, so that only what changed is sent, and a run
 * that was killed goes on where it was.
 */
export const thingsBoardDevices: CustomResource = {
  async check(urn, oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(inputsSchema, news);
    if (draft === undefined) {
      return checkResult(news, problems);
    }
    const before = oldInputs && schema.parse(inputsSchema, oldInputs).draft;
    if (!isUnknown(unknown, "server")) {
      await warnOfPlainText(urn, draft.server, before?.server);
    }
    const { server } = draft;
    const mistakes = [
      ...problems,
      ...schema.knownProblems(unknown, [
        ...serverProblems(server),
        ...inputProblems(draft, unknown),
      ]),
    ];
    return checkResult(
      news,
      mistakes.length > 0 ||
        server === undefined ||
        isUnknown(unknown, "server") ||
        isDeepStrictEqual(before, draft)
        ? mistakes
        : await outlook(urn, server, async (client) => {
            // Whatever the answer: the profile may be made by this very update. Credentials that do not count are told.
            await findProfileId(client, draft.profileName);
            return [];
          }),
    );
  },

  async diff(_id, _urn, olds, news): Promise<DiffResult> {
    const { value: inputs, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    if (inputs === undefined || old === undefined || unknown.length > 0) {
      return { changes: true };
    }
    const isWritten =
      old.directory === undefined ||
      (await hashUploads(old.directory, old.files)) === old.filesSha256;
    return {
      changes:
        !isWritten ||
        old.missing > 0 ||
        ARGUMENTS.some((name) => inputs[name] !== old[name]) ||
        !sameServer(inputs.server, old.server),
    };
  },

  async create(urn, properties) {
    const inputs = schema.required(inputsSchema, properties);
    return { id: nameOf(urn), outs: await brought(urn, inputs) };
  },

  async update(_id, urn, olds, news) {
    const inputs = schema.required(inputsSchema, news);
    const old = schema.required(outputsSchema, olds);
    const outs = await brought(urn, inputs);
    if (old.directory !== undefined && old.directory !== inputs.directory) {
      removeUploads(old.directory, old.files);
    }
    if (old.outputDirectory !== inputs.outputDirectory) {
      removeRecord(old.outputDirectory, nameOf(urn));
    }
    return { outs };
  },

  async find(id, urn, props): Promise<FoundResource | undefined> {
    if (Object.keys(props).length === 0) {
      throw new Error(
        "ThingsBoardDevices is not imported: leave the option out, and an update takes the devices over that are there.",
      );
    }
    const old = schema.required(outputsSchema, props);
    const { server } = old;
    if (server === undefined) {
      return { id, outputs: props };
    }
    const missing = await withClient(server, (client) =>
      withBatch(old.outputDirectory, patternOf(old), (batch) =>
        countMissing(client, batch, old.profileName),
      ),
    );
    if (missing > 0) {
      await inform(
        urn,
        `${missing} devices of the batch are not in ThingsBoard's device profile ${quote(old.profileName)} any more; the next update imports them again.`,
        "warning",
      );
    }
    return { id, outputs: { ...props, ...serverOutput(server), missing } };
  },

  async delete(_id, urn, props) {
    const old = schema.required(outputsSchema, props);
    const { server, directory, outputDirectory, profileName } = old;
    if (directory !== undefined) {
      removeUploads(directory, old.files);
    }
    const name = nameOf(urn);
    if (server !== undefined && old.deleteDevices === true) {
      const { deleted, kept } = await withClient(server, (client) =>
        deleteImported(client, { name, outputDirectory, profileName }),
      );
      await inform(
        urn,
        `${deleted} devices were deleted in ThingsBoard.${kept === 0 ? "" : ` ${kept} stay, which another resource has imported as well (thingsboard-*.imported in ${quote(outputDirectory)}).`}`,
      );
    } else if (server !== undefined) {
      await inform(
        urn,
        `the devices of the batch stay in ThingsBoard, under the device profile ${quote(profileName)}; with deleteDevices: true they would have been deleted.`,
      );
    }
    removeRecord(outputDirectory, name);
  },
};

function patternOf({
  commonNamePattern,
}: Pick<Inputs, "commonNamePattern">): string {
  return commonNamePattern ?? "(.*)";
}

function inputProblems(inputs: Inputs, unknown: readonly string[]): Problem[] {
  const { server, directory, devicesPerRequest, commonNamePattern } = inputs;
  const pattern = checkNamePattern(commonNamePattern ?? "(.*)");
  const isPlan = server === undefined && !isUnknown(unknown, "server");
  return [
    ...profileNameProblems(inputs.profileName, "profileName"),
    // What Java alone reads names no devices here.
    ...[...pattern.problems, ...pattern.unchecked].map((message) => ({
      path: "commonNamePattern",
      message,
    })),
    ...(isPlan && directory === undefined && !isUnknown(unknown, "directory")
      ? [
          {
            path: "directory",
            message:
              'is missing, and without a server the devices are written to files; name a folder such as "rendered/dev/thingsboard", or give a server.',
          },
        ]
      : []),
    ...(directory === ""
      ? [{ path: "directory", message: '"" is no folder; name one.' }]
      : []),
    ...(devicesPerRequest === undefined ||
    (Number.isInteger(devicesPerRequest) &&
      devicesPerRequest >= 1 &&
      devicesPerRequest <= MOST_PER_REQUEST)
      ? []
      : [
          {
            path: "devicesPerRequest",
            message: `${quote(devicesPerRequest)} is no number of devices; write 1 to ${MOST_PER_REQUEST}, usually ${PER_REQUEST}.`,
          },
        ]),
  ];
}

/** Imports what is to be imported, and writes what is to be written. */
async function brought(urn: string, inputs: Inputs): Promise<Properties> {
  const { server, directory, outputDirectory, profileName } = inputs;
  const nothing: Imported = { count: 0, created: 0, updated: 0, left: 0 };
  const none: Uploads = { files: [], sha256: "" };
  const { imported, uploads } = await withBatch(
    outputDirectory,
    patternOf(inputs),
    async (batch) => ({
      uploads:
        directory === undefined
          ? none
          : await writeUploads(directory, batch, profileName),
      imported:
        server === undefined
          ? nothing
          : await withClient(server, (client) =>
              importBatch(
                client,
                batch,
                {
                  name: nameOf(urn),
                  outputDirectory,
                  profileName,
                  devicesPerRequest: inputs.devicesPerRequest ?? PER_REQUEST,
                  takeOver: inputs.takeOver === true,
                  deleteDevices: inputs.deleteDevices === true,
                },
                (text) => inform(urn, text),
              ),
            ),
    }),
  );
  if (imported.left > 0) {
    await inform(
      urn,
      `${imported.left} devices that the batch has no more stay in ThingsBoard, where their certificates still let them in; delete them there, or set deleteDevices: true.`,
      "warning",
    );
  }
  const { server: _server, ...asked } = inputs;
  return {
    ...asked,
    ...serverOutput(server),
    ...imported,
    missing: 0,
    files: uploads.files,
    filesSha256: uploads.sha256,
  };
}
