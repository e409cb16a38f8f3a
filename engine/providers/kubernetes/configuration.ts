import { chooseContext } from "../../../cluster/kubeconfig";
import { outOfScope } from "../../errors";
import type {
  CheckFailure,
  ConfigChange,
  DiffResult,
} from "../../plugins/provider";
import { changedPaths, topOf } from "../../propertyPath";
import {
  equal,
  type PropertyMap,
  type PropertyValue,
  reveal,
  revealAll,
  textOf,
  UNKNOWN,
} from "../../values";
import { UNCHANGED } from "../equivalent";
import { ARGUMENTS, isSet, isTrue } from "./settings";

/** What says which cluster it is. */
const PLACE = ["kubeconfig", "context", "cluster"];

/** Every mistake in the arguments of a provider. */
export function checkArguments(news: PropertyMap): CheckFailure[] {
  const failures = isSet(news.renderYamlToDirectory)
    ? rendering(news)
    : talking(news);
  for (const property of Object.keys(news)) {
    if (!ARGUMENTS.has(property) && !property.startsWith("__")) {
      failures.push({
        property,
        reason: outOfScope(
          `The argument "${property}" of the Kubernetes provider`,
        ).message,
      });
    }
  }
  return failures;
}

function rendering(news: PropertyMap): CheckFailure[] {
  const reason = 'it does not go together with "renderYamlToDirectory"';
  const failures = ["cluster", "context"]
    .filter((property) => isSet(news[property]))
    .map((property) => ({ property, reason }));
  // The SDK fills this in from the environment, where it says nothing about the wish to render.
  if (
    isSet(news.kubeconfig) &&
    reveal(news.kubeconfig) !== process.env.KUBECONFIG
  ) {
    failures.push({ property: "kubeconfig", reason });
  }
  return failures;
}

function talking(news: PropertyMap): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (isTrue(news.alwaysRender)) {
    failures.push({
      property: "alwaysRender",
      reason: 'it needs "renderYamlToDirectory"',
    });
  }
  const apply = reveal(news.enableServerSideApply);
  if (apply === false || apply === "false") {
    failures.push({
      property: "enableServerSideApply",
      reason: outOfScope("Applying on the client's side").message,
    });
  }
  return failures;
}

/**
 * Whether another configuration means another cluster, so that everything has to be made anew. A cluster has no
 * identity that a kubeconfig would say: by default it is the entry of the active cluster, and with
 * `clusterIdentifier` it is that and nothing else.
 */
export function compareArguments({ olds, news }: ConfigChange): DiffResult {
  const changed = [
    ...new Set(changedPaths(open(olds), open(news)).map(topOf)),
  ].filter((name) => !name.startsWith("__"));
  if (changed.length === 0) {
    return UNCHANGED;
  }
  return {
    ...UNCHANGED,
    changes: "some",
    changedKeys: changed,
    replaces: replacesOf(open(olds), open(news), changed),
  };
}

function replacesOf(
  olds: PropertyMap,
  news: PropertyMap,
  changed: string[],
): string[] {
  const identifier = "clusterIdentifier";
  if (isSet(news[identifier]) && equal(olds[identifier], news[identifier])) {
    return [];
  }
  const replaces =
    isSet(news[identifier]) && isSet(olds[identifier]) ? [identifier] : [];
  const unknown = PLACE.find((name) => news[name] === UNKNOWN);
  if (unknown !== undefined) {
    return [...replaces, unknown];
  }
  if (changed.includes("renderYamlToDirectory")) {
    replaces.push("renderYamlToDirectory");
  }
  const [before, after] = [activeCluster(olds), activeCluster(news)];
  if (before !== undefined && after !== undefined && !equal(before, after)) {
    replaces.push(...PLACE.filter((name) => changed.includes(name)));
  }
  return replaces;
}

/** The entry of the cluster that a configuration means; `undefined` where it names no kubeconfig, or nothing in one. */
function activeCluster(inputs: PropertyMap): PropertyValue | undefined {
  if (!isSet(inputs.kubeconfig)) {
    return undefined;
  }
  try {
    const { cluster } = chooseContext(
      {
        kubeconfig: textOf(inputs.kubeconfig),
        ...(isSet(inputs.context) && { context: textOf(inputs.context) }),
        ...(isSet(inputs.cluster) && { cluster: textOf(inputs.cluster) }),
      },
      { environment: process.env },
    );
    return Object.fromEntries(
      Object.entries(cluster).map(([key, value]) => [key, value ?? null]),
    );
  } catch {
    // What cannot be read says nothing of another cluster; using it is what fails.
    return undefined;
  }
}

function open(inputs: PropertyMap): PropertyMap {
  const { __internal: _, ...rest } = inputs;
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, revealAll(value)]),
  );
}
