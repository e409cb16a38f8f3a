import type { Alias } from "@pulumi/pulumi/proto/alias_pb";
import { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";

import { EngineError, outOfScope } from "../errors";
import type { CustomTimeouts } from "../stack/state";
import {
  makeUrn,
  packageOf,
  parseProviderReference,
  parseUrn,
  providerPackage,
  providerType,
  urnType,
  isStackType,
} from "../urn";
import {
  fromWire,
  parse,
  type PropertyMap,
  type PropertyValue,
} from "../values";

/** An earlier identity of a resource: a whole URN, or what was different in it. */
export type AliasSpec =
  | { urn: string }
  | {
      name: string;
      type: string;
      stack: string;
      project: string;
      parent: string;
      noParent: boolean;
    };

/** What a program wants a resource to be. */
export interface Goal {
  type: string;
  name: string;
  custom: boolean;
  parent: string;
  inputs: PropertyMap;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  /** A reference, `urn::id`; empty for the default provider. */
  provider: string;
  providers: Record<string, string>;
  version: string | undefined;
  protect: boolean | undefined;
  retainOnDelete: boolean | undefined;
  deletedWith: string;
  deleteBeforeReplace: boolean | undefined;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  replacementTrigger: PropertyValue | undefined;
  additionalSecretOutputs: string[];
  aliases: AliasSpec[];
  customTimeouts: CustomTimeouts;
  /** The id of what exists already and is to become this resource; empty for none. */
  importId: string;
}

/** Reads a registration; what this engine does not do is refused by name. */
export function goalOf(request: RegisterResourceRequest): Goal {
  const refused: [boolean, string][] = [
    [
      request.getRemote(),
      "A component that a plugin constructs (a multi-language component)",
    ],
    [
      request.getImportid() !== "" &&
        providerPackage(request.getType()) !== undefined,
      'The resource option "import" on a provider',
    ],
    [
      request.getReplaceWithList().length > 0,
      'The resource option "replaceWith"',
    ],
    [
      request.getTransformsList().length > 0,
      'The resource option "transforms"',
    ],
    [
      request.getStateMigrationsList().length > 0,
      'The resource option "stateMigrations"',
    ],
    [request.getPackageref() !== "", "A parameterized provider"],
    [
      request.getEnvvarmappingsMap().getLength() > 0,
      'The provider option "envVarMappings"',
    ],
    [
      request.getType().startsWith("pulumi-nodejs:dynamic"),
      "A dynamic provider",
    ],
  ];
  const refusal = refused.find(([applies]) => applies);
  if (refusal !== undefined) {
    throw outOfScope(refusal[1]);
  }
  const inputs = fromWire(request.getObject());
  const provider = providerPackage(request.getType());
  if (provider !== undefined && request.getVersion() !== "") {
    // The way Pulumi records the version of a provider: as an input, with an empty map for its own notes beside it.
    inputs.__internal = {};
    inputs.version = request.getVersion();
  }
  const dependencies = request.getDependenciesList();
  const propertyDependencies: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((value, key) => {
    propertyDependencies[key] = value.getUrnsList();
  });
  const providers: Record<string, string> = {};
  request.getProvidersMap().forEach((value: string, key: string) => {
    providers[key] = value;
  });
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    parent: request.getParent(),
    inputs,
    dependencies,
    propertyDependencies,
    provider: request.getProvider(),
    providers,
    version: request.getVersion() || undefined,
    protect: request.hasProtect() ? request.getProtect() : undefined,
    retainOnDelete: request.hasRetainondelete()
      ? request.getRetainondelete()
      : undefined,
    deletedWith: request.getDeletedwith(),
    deleteBeforeReplace:
      request.getDeletebeforereplacedefined() ||
      request.getDeletebeforereplace()
        ? request.getDeletebeforereplace()
        : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    replacementTrigger: triggerOf(request),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: [
      ...request.getAliasurnsList().map((urn) => ({ urn })),
      ...request.getAliasesList().map(aliasOf),
    ],
    customTimeouts: timeoutsOf(request),
    importId: request.getImportid(),
  };
}

/** The default provider of a package. It belongs to nobody, not even to the stack. */
export function providerGoal(
  packageName: string,
  version: string | undefined,
): Goal {
  const suffix =
    version === undefined ? "" : `_${version.replaceAll(/[.+-]/g, "_")}`;
  const request = new RegisterResourceRequest();
  request.setType(providerType(packageName));
  request.setName(`default${suffix}`);
  request.setCustom(true);
  request.setVersion(version ?? "");
  return goalOf(request);
}

/** What a child takes over from its parent unless it says otherwise. */
export function inheritFrom(goal: Goal, parent: Goal): void {
  goal.providers = { ...parent.providers, ...goal.providers };
  goal.protect ??= parent.protect;
  goal.retainOnDelete ??= parent.retainOnDelete;
  goal.deletedWith ||= parent.deletedWith;
}

/** The provider passed down to a resource, or its parent's if that is of the same package; else it takes the default. */
export function providerFor(
  goal: Goal,
  parent: Goal | undefined,
): string | undefined {
  const packageName = packageOf(goal.type);
  const inherited = parseProviderReference(parent?.provider ?? "");
  return (
    goal.providers[packageName] ??
    (inherited !== undefined &&
    providerPackage(urnType(inherited.urn)) === packageName
      ? parent?.provider
      : undefined)
  );
}

/** The URN an alias stands for. */
export function aliasUrn(
  alias: AliasSpec,
  goal: Goal,
  home: { stack: string; project: string },
  formerUrn: (urn: string) => string,
): string {
  if ("urn" in alias) {
    return alias.urn;
  }
  const parent = alias.parent === "" ? goal.parent : formerUrn(alias.parent);
  return makeUrn(
    alias.stack || home.stack,
    alias.project || home.project,
    alias.noParent || isStackType(urnType(parent)) ? "" : parent,
    alias.type || goal.type,
    alias.name || goal.name,
  );
}

function aliasOf(alias: Alias): AliasSpec {
  const spec = alias.getSpec();
  if (spec === undefined) {
    if (parseUrn(alias.getUrn()) === undefined) {
      throw new EngineError(`The alias "${alias.getUrn()}" is not a URN.`);
    }
    return { urn: alias.getUrn() };
  }
  return {
    name: spec.getName(),
    type: spec.getType(),
    stack: spec.getStack(),
    project: spec.getProject(),
    parent: spec.getParenturn(),
    noParent: spec.getNoparent(),
  };
}

function triggerOf(
  request: RegisterResourceRequest,
): PropertyValue | undefined {
  const trigger = request.getReplacementTrigger();
  return trigger === undefined ? undefined : parse(trigger.toJavaScript());
}

function timeoutsOf(request: RegisterResourceRequest): CustomTimeouts {
  const message = request.getCustomtimeouts();
  const timeouts: CustomTimeouts = {};
  const entries = [
    ["create", message?.getCreate()],
    ["update", message?.getUpdate()],
    ["delete", message?.getDelete()],
  ] as const;
  for (const [key, text] of entries) {
    if (text !== undefined && text !== "") {
      timeouts[key] = secondsOf(text);
    }
  }
  return timeouts;
}

const UNITS: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** Reads a duration such as `1h30m` or `90s`. */
function secondsOf(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.map(([part]) => part).join("") !== text) {
    throw new EngineError(
      `The timeout "${text}" is not a duration such as "30s" or "5m".`,
    );
  }
  return parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ""] ?? 0),
    0,
  );
}
