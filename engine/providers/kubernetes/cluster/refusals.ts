import { clusterFailure } from "../../../../cluster/failure";
import { EngineError, messageOf } from "../../../errors";
import type { PropertyMap } from "../../../values";
import { groupOf, kindText, type ObjectKind } from "../kinds";
import { idOf, type Identity } from "../object";
import { ApiError, NoAnswer } from "./apiError";
import { conflictText } from "./conflicts";
import { Redaction } from "./redaction";

/** The API cannot be reached, and nobody knows whether it did what it was asked last. */
class UnknownOutcome extends EngineError {
  readonly outcomeUnknown = true;
}

/** A request that failed, as a message says it. */
export interface Attempt {
  kind: ObjectKind;
  identity: Identity;
  /** What was asked for, as RBAC names it. */
  verb: "create" | "get" | "patch" | "delete";
  /** The objects as the program has them; what is secret in them is in no message. */
  inputs: PropertyMap[];
}

/** Why nothing can be asked of the API. */
export class Unreachable extends EngineError {}

export function unreachable(error: NoAnswer, server: string): EngineError {
  const sentence = clusterFailure(error.cause, server);
  return new Unreachable(sentence.charAt(0).toUpperCase() + sentence.slice(1));
}

/** The same, where what was asked may have been done all the same. */
export function unknownOutcome(error: unknown): Error {
  return new UnknownOutcome(
    `${messageOf(error)} It may have been made all the same; the next run finds out.`,
    { cause: error },
  );
}

/** What the API's refusal means to those who can do something about it. */
export function refusal(error: unknown, attempt: Attempt): unknown {
  return error instanceof ApiError
    ? new EngineError(sentence(error, attempt), { cause: error })
    : error;
}

function sentence(error: ApiError, attempt: Attempt): string {
  const { kind, identity, inputs } = attempt;
  const redaction = new Redaction(...inputs);
  const { name, namespace } = identity;
  const said = redaction.apply(error.message);
  const what = `the ${kindText(kind)} ${idOf(identity)}`;
  if (error.isUnknownKind) {
    return kind.custom
      ? `The cluster does not know ${kindText(kind)}: no CustomResourceDefinition has it. Install what brings it first.`
      : `The cluster does not serve ${kindText(kind)}; another version of its API may, or the feature is switched off.`;
  }
  switch (error.code) {
    case 401:
      return "The cluster does not know who asks (401); the kubeconfig's credentials are wrong or have expired.";
    case 403:
      return isRbac(error)
        ? missingRule(attempt)
        : `The cluster refuses ${what}: ${said}`;
    case 404:
      return error.about === "namespaces"
        ? `The namespace ${namespace} is not there, for ${what}. Make it first, or let the program do so.`
        : `There is no ${kindText(kind)} ${name}${namespace === "" ? "" : ` in the namespace ${namespace}`}. If it was deleted behind this program's back, "refresh" takes note of that and "up" makes it again.`;
    case 409:
      return error.reason === "AlreadyExists"
        ? alreadyExists(attempt)
        : conflictText(error, what, redaction);
    case 413:
      return `${what} is too large for the API (413): what it holds comes to more than 1 MiB, or to more than its proxy lets through. Divide it over several objects.`;
    case 422:
      return `The cluster finds ${what} invalid: ${said}`;
    default:
      return `The cluster refuses ${what} (${error.code}): ${said}`;
  }
}

/** Others refuse with 403 too: admission plugins and quotas. */
function isRbac({ message }: ApiError): boolean {
  return /\bcannot \w+ resource\b/.test(message);
}

function missingRule({ kind, identity, verb }: Attempt): string {
  const { namespace } = identity;
  const group = groupOf(kind);
  const place =
    namespace === "" ? "in the whole cluster" : `in the namespace ${namespace}`;
  const role = namespace === "" ? "ClusterRole" : "Role";
  const rule = `{apiGroups: ["${group}"], resources: ["${kind.plural}"], verbs: ["${verb}"]}`;
  return `The user of the kubeconfig may not ${verb} ${kind.plural}${group === "" ? "" : `.${group}`} ${place} (403). A ${role} needs the rule ${rule}.`;
}

/** What to do about an object that is there already; also what `import` is for. */
export function alreadyExists({
  kind,
  identity,
}: Pick<Attempt, "kind" | "identity">): string {
  const id = idOf(identity);
  return [
    `The ${kindText(kind)} ${id} is in the cluster already, and this stack did not make it.`,
    `To take it over, give the resource the option \`import: "${id}"\` once, or set \`upsertExistingObjects\` on its provider (configuration \`mqtt-pki:adoptExisting: true\`).`,
    "If this program only gave another name to a resource, give the resource the option `aliases` with the old name.",
  ].join(" ");
}
