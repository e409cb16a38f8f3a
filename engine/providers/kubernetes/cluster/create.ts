import { EngineError } from "../../../errors";
import {
  equal,
  isMap,
  type PropertyMap,
  textOf,
  UNKNOWN,
} from "../../../values";
import { kindText } from "../kinds";
import { annotation, at, idOf } from "../object";
import { ApiError, NoAnswer } from "./apiError";
import { conflictsOf } from "./conflicts";
import { CREATOR, managersOf } from "./managers";
import { pruned } from "./prune";
import { alreadyExists, unknownOutcome, Unreachable } from "./refusals";
import type { Target } from "./target";

/** Seconds after which it is tried again to make what something is in the way of that passes. */
const PATIENCE = [1, 2, 4, 8, 16];

/** Clocks of an API show whole seconds. */
const TICK = 2000;

/** How an object is made. */
export interface Making {
  object: PropertyMap;
  fieldManager: string;
  preview: boolean;
  /** Take over an object that is there. */
  upsert: boolean;
  /** Take over fields that belong to others. */
  force: boolean;
  /** Whether it takes the place of one that this program made; then that one is still there in a preview. */
  replaces: boolean;
  /** Whether a run before this one ended while it made the object. */
  interrupted: boolean;
  /** Whether the preview has planned to make the namespace. */
  isNamespacePlanned: boolean;
}

/**
 * Makes an object. In a preview the API is asked whether it would.
 *
 * @returns the object as the API has it; `undefined` in a preview that the API cannot know enough for
 */
export async function make(
  target: Target,
  making: Making,
): Promise<PropertyMap | undefined> {
  const { preview } = making;
  for (const seconds of [...PATIENCE, undefined]) {
    try {
      return await (making.upsert || target.kind.patch
        ? applied(target, making)
        : posted(target, making));
    } catch (error) {
      if (preview && isOpen(error, making)) {
        return undefined;
      }
      const reason = await passingReason(target, error);
      if (reason !== undefined && preview) {
        return undefined;
      }
      if (reason === undefined || seconds === undefined) {
        throw target.refusal(error, making.upsert ? "patch" : "create");
      }
      target.progress(reason);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
  return undefined;
}

/** Whether a preview fails only because what comes before it has not been done. */
function isOpen(
  error: unknown,
  { replaces, isNamespacePlanned }: Making,
): boolean {
  if (!(error instanceof ApiError)) {
    return false;
  }
  const isTaken =
    error.reason === "AlreadyExists" || conflictsOf(error).length > 0;
  const isUnchangeable =
    error.code === 422 && /immutable|may not be changed/.test(error.message);
  return (
    (replaces && (isTaken || isUnchangeable)) ||
    // A role in a namespace comes with it.
    (isNamespacePlanned && error.code === 403)
  );
}

/** What an object cannot be made for, and will soon be otherwise. */
async function passingReason(
  target: Target,
  error: unknown,
): Promise<string | undefined> {
  if (!(error instanceof ApiError)) {
    return undefined;
  }
  const { kind, identity } = target;
  if (error.code === 404 && error.about === "namespaces") {
    return `waiting for the namespace ${identity.namespace}, which is not there yet`;
  }
  const isGoing =
    error.reason === "AlreadyExists" &&
    // Whoever may make it need not be allowed to read it.
    isOnItsWayOut(await target.find().catch(() => undefined));
  return isGoing
    ? `waiting until the ${kindText(kind)} ${idOf(identity)} of before is gone, which is being deleted`
    : undefined;
}

/**
 * Refuses to make an object that is there, in a preview that knows too little of it to ask the API whether it would
 * be made.
 */
export async function refuseTaken(target: Target): Promise<void> {
  const { kind, identity } = target;
  const isKnown =
    identity.name !== "" &&
    ![identity.name, identity.namespace].includes(UNKNOWN);
  if (kind.patch || !isKnown) {
    return;
  }
  const found = await target.find().catch((error: unknown) => {
    // Whoever may make it need not be allowed to read it.
    if (error instanceof EngineError && error.cause instanceof ApiError) {
      return undefined;
    }
    throw error;
  });
  if (found !== undefined && !isOnItsWayOut(found)) {
    throw new EngineError(alreadyExists(target));
  }
}

function isOnItsWayOut(found: PropertyMap | undefined): boolean {
  return at(found, "metadata", "deletionTimestamp") !== undefined;
}

async function applied(
  target: Target,
  { object, fieldManager, preview, force }: Making,
): Promise<PropertyMap> {
  if (target.kind.patch && (await target.find()) === undefined) {
    const { kind, identity } = target;
    throw new EngineError(
      `There is no ${kind.kind} ${identity.name} in the namespace ${identity.namespace} that this could be laid over.`,
    );
  }
  return target.apply(object, fieldManager, { force, preview });
}

/**
 * Makes an object with POST. Where the answer is lost, it is asked again, and should the object be there then, it is
 * looked at: the one that was made a moment ago, with this content and by nobody else, is this one. So is the one that
 * a run made which was killed before it could write that down.
 */
async function posted(
  target: Target,
  { object, preview, interrupted }: Making,
): Promise<PropertyMap> {
  const { cluster } = target;
  const request = target.creation(object, CREATOR, preview);
  const patience = cluster.patience();
  let lost: number | undefined;
  for (;;) {
    const started = Date.now();
    try {
      return await cluster.once(request);
    } catch (error) {
      if (
        error instanceof ApiError &&
        error.reason === "AlreadyExists" &&
        (lost !== undefined || interrupted)
      ) {
        const found = await target.find();
        const since = interrupted ? 0 : sinceByServer(error, lost ?? started);
        if (found !== undefined && isMadeSince(found, object, since)) {
          return found;
        }
      }
      if (mayHaveHappened(error) && !preview) {
        lost ??= started;
      }
      try {
        await cluster.pause(error, patience, target.urn);
      } catch (final) {
        throw lost !== undefined && final instanceof Unreachable
          ? unknownOutcome(final)
          : final;
      }
    }
  }
}

function mayHaveHappened(error: unknown): boolean {
  return error instanceof NoAnswer
    ? error.isSent
    : error instanceof ApiError && error.code >= 500;
}

/** A moment of this machine by the server's clock: the two may differ. */
function sinceByServer({ date }: ApiError, moment: number): number {
  return (date ?? Date.now()) - (Date.now() - moment) - TICK;
}

/** Whether an object was made since a moment, with a certain content, and by this program. */
function isMadeSince(
  found: PropertyMap,
  object: PropertyMap,
  since: number,
): boolean {
  const made = Date.parse(textOf(at(found, "metadata", "creationTimestamp")));
  const writers = managersOf(found).filter(
    ({ subresource }) => subresource === undefined,
  );
  return (
    made >= since &&
    writers.some(({ manager }) => manager === CREATOR) &&
    hasContent(found, object)
  );
}

/** Whether everything that an object is to have is there. */
function hasContent(found: PropertyMap, object: PropertyMap): boolean {
  const { stringData, ...rest } = object;
  return !isMap(stringData) && equal(pruned(found, rest), rest);
}

/** Whether fields that belong to others are taken over. */
export function isForced(inputs: PropertyMap, patchForce: boolean): boolean {
  return patchForce || annotation(inputs, "pulumi.com/patchForce") === "true";
}
