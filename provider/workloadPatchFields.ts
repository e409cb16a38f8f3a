import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { ApiObject } from "../cluster/serverSideApply";
import { managerEntries } from "../cluster/serverSideApply";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";
import type { PatchInputs } from "./workloadPatchInputs";

const variableSchema = z.looseObject({
  name: z.string(),
  value: z.string().exactOptional(),
  valueFrom: z.record(z.string(), z.unknown()).exactOptional(),
});
type Variable = z.infer<typeof variableSchema>;

const containerSchema = z.looseObject({
  name: z.string(),
  env: z.array(variableSchema).nullish(),
});
type Container = z.infer<typeof containerSchema>;

const workloadSchema = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(containerSchema) }),
    }),
  }),
});

const serviceSchema = z.looseObject({
  spec: z.looseObject({
    ports: z
      .array(
        z.looseObject({
          port: z.number(),
          name: z.string().exactOptional(),
          protocol: z.string().default("TCP"),
        }),
      )
      .default([]),
  }),
});

/** Fields as they fit an object, and why they cannot. */
export interface FittedFields {
  readonly fields: ApiObject;
  readonly problems: readonly Problem[];
  /** What a user should know of the object. */
  readonly notes: readonly string[];
}

/**
 * Fits fields to the object that they are laid over.
 *
 * A variable that its manifest gives a text cannot also come from a ConfigMap:
 * nobody but its owner can take the text away, and with both the API refuses
 * the workload. Such a one is applied with its text: where that is the same,
 * both own it; where it is not, the API names the owner.
 */
export function fittedFields(
  live: ApiObject,
  inputs: PatchInputs,
): FittedFields {
  return inputs.kind === "Service"
    ? fittedService(live, inputs)
    : fittedWorkload(live, inputs);
}

/** A map or a list with nothing in it would be a field of its own. */
export function withoutEmpty(fields: ApiObject): ApiObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]): [string, unknown][] => {
      if (Array.isArray(value)) {
        const entries = value as readonly unknown[];
        return entries.length === 0
          ? []
          : [
              [
                name,
                entries.map((entry) =>
                  isMap(entry) ? withoutEmpty(entry) : entry,
                ),
              ],
            ];
      }
      if (!isMap(value)) {
        return [[name, value]];
      }
      const inner = withoutEmpty(value);
      return Object.keys(inner).length === 0 ? [] : [[name, inner]];
    }),
  );
}

/**
 * What a preview knows of fields, such that a dry run of them says nothing that
 * is not so: a list of which one entry is not known is left out, and what goes
 * with it.
 *
 * @param unknown property paths, as the whole inputs have them
 */
export function knownFields(
  fields: ApiObject,
  unknown: readonly string[],
): ApiObject {
  const within = (path: string): boolean =>
    unknown.some((one) => one.startsWith(path));
  const known = structuredClone(fields);
  const { success, data } = workloadSchema.safeParse(known);
  if (!success) {
    return within("fields.spec.ports") ? {} : known;
  }
  const pod = data.spec.template.spec;
  const at = "fields.spec.template.spec";
  const hasVolumes = !within(`${at}.volumes`);
  const containers = pod.containers.map((container, index) => {
    const isKnown = (list: string): boolean =>
      !within(`${at}.containers[${index}].${list}`);
    return Object.fromEntries(
      Object.entries(container).filter(
        ([name]) =>
          isKnown(name) &&
          !(name === "volumeMounts" && !hasVolumes) &&
          !(name === "env" && within("literals")),
      ),
    );
  });
  const { volumes, ...rest } = pod;
  const { template } = data.spec;
  return {
    ...data,
    spec: {
      ...data.spec,
      template: {
        ...template,
        spec: { ...rest, ...(hasVolumes && { volumes }), containers },
      },
    },
  };
}

function fittedWorkload(live: ApiObject, inputs: PatchInputs): FittedFields {
  const there = containersOf(live);
  const wanted = containersOf(inputs.fields);
  const missing = wanted.filter(
    ({ name }) => !there.some((container) => container.name === name),
  );
  if (missing.length > 0) {
    const names = there.map(({ name }) => quote(name)).join(", ");
    return {
      fields: inputs.fields,
      problems: missing.map(({ name }) => ({
        path: "container",
        message: `${quote(name)} is no container of ${textOf(inputs)}; it has ${names}.`,
      })),
      notes: [],
    };
  }
  const problems: Problem[] = [];
  const containers = wanted.map((container) => ({
    ...container,
    ...(container.env != null && {
      env: container.env.map((variable) =>
        fittedVariable(variable, container.name, live, inputs, problems),
      ),
    }),
  }));
  const workload = workloadSchema.parse(inputs.fields);
  const { template } = workload.spec;
  return {
    fields: {
      ...workload,
      spec: {
        ...workload.spec,
        template: { ...template, spec: { ...template.spec, containers } },
      },
    },
    problems,
    notes: leftoverNotes(live, wanted, inputs),
  };
}

function fittedVariable(
  variable: Variable,
  container: string,
  live: ApiObject,
  inputs: PatchInputs,
  problems: Problem[],
): Variable {
  const { name } = variable;
  const found = containersOf(live)
    .find((one) => one.name === container)
    ?.env?.find((one) => one.name === name);
  const owners = othersOf(live, inputs.fieldManager, container, name);
  if (found === undefined || owners.length === 0) {
    return variable;
  }
  const literal = inputs.literals?.[name];
  if (found.value !== undefined && literal !== undefined) {
    return { name, value: literal };
  }
  if (
    found.value !== undefined ||
    (found.valueFrom !== undefined &&
      !isDeepStrictEqual(found.valueFrom, variable.valueFrom))
  ) {
    problems.push({
      path: `env[${quote(name)}]`,
      message: `${textOf(inputs)} has it already, from ${listed(owners)}, and from another source; take it out of the manifest, and apply that again.`,
    });
  }
  return variable;
}

/** A Service with more ports than one needs names for all of them. */
function fittedService(live: ApiObject, inputs: PatchInputs): FittedFields {
  const { ports } = serviceSchema.parse(live).spec;
  const wanted = serviceSchema.parse(inputs.fields).spec.ports;
  const nameless = ports.filter(
    ({ name, port, protocol }) =>
      name === undefined &&
      !wanted.some((one) => one.port === port && one.protocol === protocol),
  );
  return {
    fields: inputs.fields,
    problems: nameless.map(({ port }) => ({
      path: "service",
      message: `port ${port} of ${textOf(inputs)} has no name, which a Service of several ports needs; name it in its manifest, such as "mqtt", and apply that again.`,
    })),
    notes: [],
  };
}

/** Variables of the manifest that do nothing as long as the others are right. */
function leftoverNotes(
  live: ApiObject,
  wanted: readonly Container[],
  inputs: PatchInputs,
): string[] {
  const names = new Set(wanted.map(({ name }) => name));
  return containersOf(live)
    .filter(({ name }) => names.has(name))
    .flatMap(({ env }) => env ?? [])
    .filter(({ name }) => inputs.leftovers?.includes(name) === true)
    .map(
      ({ name }) =>
        `${textOf(inputs)}: the variable ${name} of its manifest names no key store. It does nothing while the PEM files load; take it out of the manifest.`,
    );
}

/** Who else owns a variable of a container. Where nobody is known to, an object that is older than such records is somebody's. */
function othersOf(
  live: ApiObject,
  own: string,
  container: string,
  variable: string,
): string[] {
  const entries = managerEntries(live);
  if (entries.length === 0) {
    return ["somebody"];
  }
  const path = [
    "f:spec",
    "f:template",
    "f:spec",
    "f:containers",
    `k:${JSON.stringify({ name: container })}`,
    "f:env",
    `k:${JSON.stringify({ name: variable })}`,
  ];
  return entries
    .filter(({ manager }) => manager !== own)
    .filter(({ fieldsV1 }) => at(fieldsV1, path) !== undefined)
    .map(({ manager }) => manager);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  );
}

function containersOf(object: ApiObject): Container[] {
  return workloadSchema.parse(object).spec.template.spec.containers;
}

function isMap(value: unknown): value is ApiObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object as a message names it. */
export function textOf({
  kind,
  namespace,
  name,
}: Pick<PatchInputs, "kind" | "namespace" | "name">): string {
  return `the ${kind} ${namespace}/${name}`;
}

function listed(names: readonly string[]): string {
  return names.map((name) => quote(name)).join(", ");
}
