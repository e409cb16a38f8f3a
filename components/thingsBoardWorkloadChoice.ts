import * as pulumi from "@pulumi/pulumi";
import type { WorkloadShape } from "../platforms/thingsBoard/workloadShape";
import {
  KeyFileAccess,
  ThingsBoardManifest,
  ThingsBoardRole,
  UNKNOWN_SHAPE,
  shapeOf,
} from "../platforms/thingsBoard/workloadShape";
import { nameProblems, namespaceProblems, refuse } from "./kubernetes";
import type { ThingsBoardWorkloadArgs } from "./thingsBoardWorkloadArgs";
import { WorkloadKind } from "./workloadRestart";

/** The workload that is meant; an empty service is none. */
export type ChosenWorkload = Required<WorkloadShape>;

const CONTAINER = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Which workload arguments mean.
 *
 * @returns `undefined` for the Helm chart
 * @throws RunError for what is wrong, all of it at once
 */
export function chosenWorkload(
  component: string,
  args: ThingsBoardWorkloadArgs,
): ChosenWorkload | undefined {
  const { manifest, workload = {} } = args;
  if (manifest === ThingsBoardManifest.Helm) {
    const useless = (
      ["workload", "service", "role", "keyFileAccess", "base"] as const
    ).filter((name) => args[name] !== undefined);
    refuse(
      component,
      useless.map(
        (name) =>
          `${name}: has no meaning for the Helm chart, which takes values; leave it out.`,
      ),
    );
    return undefined;
  }
  const shape = manifest === undefined ? undefined : shapeOf(manifest);
  const chosen = {
    ...UNKNOWN_SHAPE,
    ...shape,
    ...given(workload),
    service: args.service ?? shape?.service ?? "",
    ...given({ role: args.role, keyFileAccess: args.keyFileAccess }),
  };
  const { kind, name, container, service, role, keyFileAccess } = chosen;
  const isKnown = manifest === undefined || shape !== undefined;
  refuse(component, [
    ...(isKnown
      ? []
      : [
          `manifest: ${JSON.stringify(manifest)} is none of ThingsBoard's; write one of ${listed(ThingsBoardManifest)}, or leave it out and say kind, name and container in workload.`,
        ]),
    ...(isKnown
      ? (["kind", "name", "container"] as const)
          .filter((member) => chosen[member] === undefined)
          .map(
            (member) =>
              `workload.${member}: is missing; write it, or say which manifest it is.`,
          )
      : []),
    ...(kind === undefined
      ? []
      : oneOf(kind, WorkloadKind, "workload.kind", "kind of workload")),
    ...(name === undefined ? [] : nameProblems(name, "workload.name")),
    ...(container === undefined || CONTAINER.test(container)
      ? []
      : [
          `workload.container: ${JSON.stringify(container)} is no name of a container; use a-z 0-9 and -, 1 to 63 characters.`,
        ]),
    ...(service === "" ? [] : nameProblems(service, "service")),
    ...oneOf(role, ThingsBoardRole, "role", "role"),
    ...oneOf(keyFileAccess, KeyFileAccess, "keyFileAccess", "way"),
    ...(args.base === ""
      ? ['base: "" is no folder; write one, or leave it out.']
      : []),
  ]);
  return {
    ...chosen,
    kind: kind ?? "",
    name: name ?? "",
    container: container ?? "",
  };
}

/** Where the workload is, and all that its pods refer to. */
export function checkedNamespace(
  component: string,
  { namespace, mqtt }: ThingsBoardWorkloadArgs,
): pulumi.Output<string> {
  return pulumi
    .all([namespace ?? mqtt.namespace ?? "", mqtt.namespace ?? namespace ?? ""])
    .apply(([own, theirs]) => {
      refuse(component, placeProblems(own, theirs));
      return own;
    });
}

/** Why pods of one namespace cannot have what is in the other; an empty one is none. */
export function placeProblems(own: string, theirs: string): string[] {
  if (own === "") {
    return [
      "namespace: is missing, and mqtt says none; write the one in which the workload is.",
    ];
  }
  return [
    ...namespaceProblems(own, "namespace"),
    ...(own === theirs
      ? []
      : [
          `namespace: ${JSON.stringify(own)} has no Secret of mqtt, whose objects are in ${JSON.stringify(theirs)}, and a pod mounts those of its own namespace only; leave it out, or give ThingsBoardMqtt this one.`,
        ]),
  ];
}

function oneOf(
  value: string,
  values: Readonly<Record<string, string>>,
  path: string,
  what: string,
): string[] {
  return Object.values(values).includes(value)
    ? []
    : [
        `${path}: ${JSON.stringify(value)} is no ${what}; write one of ${listed(values)}.`,
      ];
}

function listed(values: Readonly<Record<string, string>>): string {
  return Object.values(values).join(", ");
}

/** Members that are there; one that is left out is as in the manifest. */
function given<T extends object>(
  members: T,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
