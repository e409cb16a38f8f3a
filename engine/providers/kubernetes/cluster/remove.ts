import { EngineError } from "../../../errors";
import type { PropertyMap } from "../../../values";
import { kindText } from "../kinds";
import { annotation, at, idOf } from "../object";
import { ApiError } from "./apiError";
import { skipsWaiting, type Target, timeLimit } from "./target";

const POLICIES: Readonly<Record<string, string>> = {
  orphan: "Orphan",
  background: "Background",
  foreground: "Foreground",
};

/** Kinds whose objects own others, which are to be gone first. */
const OWNERS = ["Job"];

/** Kinds that nobody waits for if they say so: of the others the plugin waits all the same. */
const LEFT_GOING = ["Namespace", "Job"];

const [SHORTEST, LONGEST] = [50, 2000];

/**
 * Deletes an object, and waits until it is gone. One that is gone already is as good.
 *
 * @param seconds what the program gives it; 0 for what the object says, or ten minutes
 */
export async function remove(
  target: Target,
  inputs: PropertyMap,
  seconds: number,
): Promise<void> {
  const answer = await deletion(target, policyOf(target, inputs));
  if (answer === undefined || isGone(answer)) {
    return;
  }
  if (skipsWaiting(inputs) && LEFT_GOING.includes(target.kind.kind)) {
    return;
  }
  await untilGone(target, timeLimit(inputs, seconds));
}

/** Lets go of the fields of an object that is somebody else's. They stay, or get their defaults, as the API has it. */
export async function letGo(
  target: Target,
  fieldManager: string,
): Promise<void> {
  if ((await target.find()) === undefined) {
    return;
  }
  const { kind, identity } = target;
  const { name, namespace } = identity;
  try {
    await target.apply(
      {
        apiVersion: kind.apiVersion,
        kind: kind.kind,
        metadata: { name, ...(namespace !== "" && { namespace }) },
      },
      fieldManager,
      { force: false, preview: false },
    );
  } catch (error) {
    if (error instanceof ApiError && error.code === 422) {
      const fields = error.causes
        .filter(({ reason }) => reason === "FieldValueRequired")
        .map(({ field }) => field);
      if (fields.length > 0) {
        throw new EngineError(
          `The ${kindText(kind)} ${idOf(identity)} needs ${fields.join(", ")}, which nobody but this resource gives it. Give the resource the option \`retainOnDelete\`, or let somebody else own the field first.`,
        );
      }
    }
    throw target.refusal(error, "patch");
  }
}

/** @returns `undefined` where there is nothing to delete */
async function deletion(
  target: Target,
  policy: string,
): Promise<PropertyMap | undefined> {
  try {
    return await target.delete(policy);
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) {
      return undefined;
    }
    throw target.refusal(error, "delete");
  }
}

/**
 * What owns nothing goes at once, without a turn of the garbage collector, which is what deleting in the foreground
 * waits for.
 */
function policyOf({ kind }: Target, inputs: PropertyMap): string {
  const noted = annotation(inputs, "pulumi.com/deletionPropagationPolicy");
  return (
    POLICIES[noted.toLowerCase()] ??
    (OWNERS.includes(kind.kind) ? "Foreground" : "Background")
  );
}

/** The API answers with a Status once an object is gone, and with the object while something holds it. */
function isGone(answer: PropertyMap): boolean {
  return answer.kind === "Status";
}

async function untilGone(target: Target, milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  let uid: unknown;
  for (let pause = SHORTEST; ; pause = Math.min(LONGEST, pause * 2)) {
    const found = await target.find();
    uid ??= at(found, "metadata", "uid");
    // One of the same name that is not on its way out was made by somebody else since.
    const isOther =
      found !== undefined &&
      (at(found, "metadata", "uid") !== uid ||
        at(found, "metadata", "deletionTimestamp") === undefined);
    if (found === undefined || isOther) {
      return;
    }
    const holding = `${kindText(target.kind)} ${idOf(target.identity)}${heldBy(found)}`;
    if (Date.now() > end) {
      throw new EngineError(
        `Deleting was not over within ${Math.round(milliseconds / 1000)} s: ${holding}. Whoever put the finalizer there takes it away, or "kubectl edit" does; the option \`customTimeouts\` or the annotation pulumi.com/timeoutSeconds gives it longer.`,
      );
    }
    target.progress(`waiting until it is gone: ${holding}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function heldBy(found: PropertyMap): string {
  const finalizers = [
    at(found, "metadata", "finalizers"),
    at(found, "spec", "finalizers"),
  ].flatMap((names) => (Array.isArray(names) ? names.map(String) : []));
  return finalizers.length === 0
    ? ""
    : ` has ${finalizers.map((name) => `"${name}"`).join(", ")}`;
}
