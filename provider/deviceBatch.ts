import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { digestOfSource } from "../pki/batch/manifest";
import { DeviceAction } from "../pki/batch/plan";
import { InputError, quote } from "../pki/problem";
import type { LiveCertificates } from "../rotation/liveCertificates";
import { attempt, attemptLater, attemptValue, checkResult } from "./checks";
import {
  checkBundles,
  diffBundles,
  issueToBundles,
  recorded,
} from "./bundleBatch";
import { refuseForeignBundles } from "./bundleRefusals";
import { removeBundles } from "./bundleRemoval";
import { now, signingTime } from "./clock";
import type { DeviceBatchInputs } from "./deviceBatchInputs";
import {
  checkBatch,
  checkFiles,
  checkPems,
  hangsOnUnknown,
  refuseUnderIssuer,
} from "./deviceBatchChecks";
import { deviceBatchInputs, sourceOf } from "./deviceBatchInputs";
import {
  currentDigest,
  issueBatch,
  planBatch,
  summary,
} from "./deviceIssuance";
import { claimDevices } from "./deviceClaims";
import type { ProtectionInputs } from "./deviceProtection";
import {
  plainKeysWarning,
  protectionChanged,
  unsealedCount,
} from "./deviceProtection";
import { inform } from "./engineLog";
import { legacyMemory, rememberBatch } from "./deviceLive";
import { liveFields, refuseLostTrust, withoutLost } from "./liveCertificates";
import {
  OutputFormat,
  checkSmallBatch,
  largeBatchFields,
} from "./largeBatchInputs";
import { OutputDirectory } from "./outputDirectory";
import { formatOf } from "./outputFormat";
import type { CustomResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import { issuerKeyIdentifier, missingKey } from "./signer";
import type { Properties } from "./wire";
import { isUnknown, secret } from "./wire";

const outputsSchema = z.object({
  outputDirectory: z.string(),
  requests: z.string().exactOptional(),
  reissue: z.string().exactOptional(),
  digest: z.string(),
  count: z.number(),
  issuerKeyIdentifier: z.string(),
  expiresLast: z.string().exactOptional(),
  format: z.string().exactOptional(),
  inventorySha256: z.string().exactOptional(),
  renewsFirst: z.string().exactOptional(),
  chainSha256: z.string().exactOptional(),
  published: z.boolean().exactOptional(),
  seal: largeBatchFields.seal,
  keystore: largeBatchFields.keystore,
  ...liveFields,
});

/**
 * `mqtt-pki:index:DeviceBatch`: certificates for a list of devices, written to
 * a folder. The state holds counts, dates and a digest; never a certificate
 * and never a key.
 */
export const deviceBatch: CustomResource = {
  async check(urn, oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(deviceBatchInputs, news);
    if (draft === undefined) {
      return checkResult(news, problems);
    }
    const warning = plainKeysWarning(draft);
    // A warning is for who writes the program, not for every update after.
    if (warning !== undefined && oldInputs === undefined) {
      await inform(urn, warning, "warning");
    }
    const { problems: general, isListed } = await checkBatch(draft, unknown);
    const format = isListed
      ? await attemptValue(() => formatOf(draft, oldInputs?.format))
      : undefined;
    const isLarge = format?.value === OutputFormat.Bundles;
    let listSha256: string | undefined;
    const found = [
      ...general,
      ...(format?.problems ?? []),
      ...(format?.value === OutputFormat.Files
        ? [
            ...checkSmallBatch(draft),
            ...(await checkFiles(draft, unknown, oldInputs === undefined)),
          ]
        : []),
      ...(isLarge
        ? await attemptLater(async () => {
            listSha256 = await checkList(urn, draft, unknown, oldInputs);
          })
        : []),
      ...missingKey(draft.signer),
      ...(await attemptLater(() => checkPems(draft, unknown))),
      ...(oldInputs === undefined
        ? attempt(() => {
            (isLarge ? refuseForeignBundles : refuseForeign)(
              nameOf(urn),
              draft,
            );
          })
        : []),
      ...(isListed
        ? await attemptLater(() =>
            claimDevices(urn, {
              inputs: draft,
              unknown,
              oldInputs,
              listSha256,
            }),
          )
        : []),
    ];
    return checkResult(
      // What was decided here is recorded: a batch stays in the format it began with.
      isLarge && listSha256 !== undefined
        ? { ...news, format: OutputFormat.Bundles, listSha256 }
        : news,
      schema
        .knownProblems(unknown, found)
        .filter(({ path }) => !hangsOnUnknown(path, unknown)),
    );
  },

  async diff(_id, urn, olds, news) {
    const { value: inputs, unknown } = schema.parse(deviceBatchInputs, news);
    const old = schema.parse(outputsSchema, olds).value;
    if (inputs === undefined || old === undefined) {
      return { changes: true };
    }
    if (inputs.outputDirectory !== old.outputDirectory) {
      return { changes: true, replaces: ["outputDirectory"] };
    }
    const live = old.live ?? legacyMemory(nameOf(urn), old);
    const { knownGenerations: before = [] } = old;
    const acknowledged = await refuseLostTrust(
      urn,
      live,
      before,
      inputs.signer,
    );
    const undecided = unknown.some((path) => !path.startsWith("signer."));
    if (inputs.signer.privateKeyPem === undefined || undecided) {
      return { changes: true };
    }
    // With the issuer's certificate still unknown, its renewal is coming: chains get it, leaves stay.
    const chainComes = isUnknown(unknown, "signer.chainPem");
    const changes =
      inputs.format === OutputFormat.Bundles
        ? await diffBundles(urn, inputs, old, olds, chainComes || acknowledged)
        : await diffFiles(urn, inputs, old, chainComes || acknowledged);
    return { changes };
  },

  async create(urn, inputs) {
    return {
      id: nameOf(urn),
      outs: await issue(
        urn,
        schema.required(deviceBatchInputs, inputs),
        [],
        false,
        undefined,
      ),
    };
  },

  async update(_id, urn, olds, news) {
    const inputs = schema.required(deviceBatchInputs, news);
    const old = schema.required(outputsSchema, olds);
    const live = withoutLost(
      old.live ?? legacyMemory(nameOf(urn), old),
      old.knownGenerations ?? [],
      inputs.signer,
    );
    const reissue = inputs.reissue !== old.reissue;
    return { outs: await issue(urn, inputs, live, reissue, old) };
  },

  delete(_id, _urn, outputs) {
    const { outputDirectory, issuerKeyIdentifier, requests, format, keystore } =
      schema.required(outputsSchema, outputs);
    if (format === OutputFormat.Bundles) {
      removeBundles(outputDirectory);
      return Promise.resolve();
    }
    new OutputDirectory(outputDirectory).remove(issuerKeyIdentifier, {
      // Keys beside the certificates of requests were put there by somebody else.
      keys: requests === undefined,
      // One that no program of ours asked for is somebody else's.
      keystores: keystore !== undefined,
    });
    return Promise.resolve();
  },
};

async function issue(
  urn: string,
  inputs: DeviceBatchInputs,
  live: readonly LiveCertificates[],
  reissue: boolean,
  before: ProtectionInputs | undefined,
): Promise<Properties> {
  const at = signingTime(inputs.allowClockOverride);
  const result =
    inputs.format === OutputFormat.Bundles
      ? await issueToBundles(urn, inputs, at)
      : await issueBatch(urn, inputs, at, reissue, before);
  return {
    ...recorded(inputs),
    // By the password the next update knows whether it is the same; the state encrypts it.
    ...(inputs.keystore !== undefined && { keystore: secret(inputs.keystore) }),
    ...result,
    ...rememberBatch(nameOf(urn), result, inputs.signer, live, at),
  };
}

/** Checks each device of a large batch, unless it was checked before and nothing was asked anew. */
async function checkList(
  urn: string,
  draft: DeviceBatchInputs,
  unknown: readonly string[],
  oldInputs: Properties | undefined,
): Promise<string> {
  const sha256 = await digestOfSource(sourceOf(draft));
  const old =
    oldInputs === undefined
      ? undefined
      : schema.parse(deviceBatchInputs, oldInputs).value;
  return old !== undefined &&
    unknown.length === 0 &&
    isDeepStrictEqual(old, {
      ...draft,
      format: OutputFormat.Bundles,
      listSha256: sha256,
    })
    ? sha256
    : checkBundles(urn, draft, unknown, oldInputs === undefined);
}

/** Whether a small batch has anything to do. */
async function diffFiles(
  urn: string,
  inputs: DeviceBatchInputs,
  old: z.infer<typeof outputsSchema>,
  chainComes: boolean,
): Promise<boolean> {
  const reissue = inputs.reissue !== old.reissue;
  if (!reissue) {
    refuseLostInventory(inputs, old.digest);
  }
  const plan = await planBatch(inputs, now(), reissue);
  const waiting = plan.filter(({ waits }) => waits).length;
  if (waiting > 0) {
    await inform(
      urn,
      `${waiting} devices are due and wait for the renewal of their issuer, which ends too soon`,
      "warning",
    );
  }
  const due = plan.filter(({ action }) => action !== DeviceAction.Keep);
  refuseUnderIssuer(inputs, due);
  const changes =
    reissue ||
    due.length > 0 ||
    unsealedCount(plan) > 0 ||
    protectionChanged(inputs, old) ||
    chainComes ||
    currentDigest(inputs, plan) !== old.digest;
  if (changes) {
    await inform(urn, summary(plan, inputs));
  }
  return changes;
}

/**
 * A new batch must not write over the devices of another one: their keys would
 * be gone. What a killed first run left behind comes from the same issuer and
 * is taken over.
 */
function refuseForeign(name: string, inputs: DeviceBatchInputs): void {
  const path = "outputDirectory";
  const directory = new OutputDirectory(inputs.outputDirectory);
  const owner = directory.owner();
  if (owner !== undefined && owner !== name) {
    throw new InputError([
      {
        path,
        message: `${quote(inputs.outputDirectory)} belongs to the batch ${quote(owner)}; give every batch a folder of its own.`,
      },
    ]);
  }
  const entries = directory.inventory() ?? [];
  const issuer =
    inputs.signer.privateKeyPem === undefined
      ? undefined
      : issuerKeyIdentifier(inputs.signer);
  const foreign = entries.some(
    ({ id }) => directory.read(id)?.issuerKeyIdentifier !== issuer,
  );
  if (foreign || (entries.length > 0 && issuer === undefined)) {
    throw new InputError([
      {
        path,
        message: `${quote(inputs.outputDirectory)} holds the devices of another batch, whose keys would be overwritten; move the folder away or name another.`,
      },
    ]);
  }
}

/**
 * The inventory is the only record of what was issued. Without it, going on
 * would issue a second certificate to every device of the batch.
 */
function refuseLostInventory(inputs: DeviceBatchInputs, digest: string): void {
  const directory = new OutputDirectory(inputs.outputDirectory);
  if (directory.inventory() === undefined) {
    throw new InputError([
      {
        path: "outputDirectory",
        message: `${quote(inputs.outputDirectory)} no longer holds the inventory of this batch (digest ${digest.slice(0, 12)}…). Bring the folder back, or set reissue to a new text, such as "lost on ${now().toISOString().slice(0, 10)}", to issue every device a new certificate and key.`,
      },
    ]);
  }
}
