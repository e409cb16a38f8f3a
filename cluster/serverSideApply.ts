import { z } from "zod";
import type { ClusterApi } from "./api";

/** An object as the API has it, or fields for one. */
export type ApiObject = Readonly<Record<string, unknown>>;

/** Which object fields are laid over. */
export interface PatchedObject {
  /** `v1` or `apps/v1`. */
  readonly apiVersion: string;
  /** `StatefulSet`, `Deployment`, `DaemonSet` or `Service`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** How fields are applied. */
export interface ApplyOptions {
  /** In whose name: what that one no longer applies goes away, unless others own it too. */
  readonly manager: string;
  /** Take over fields that others own. */
  readonly force: boolean;
  /** Ask only what would come of it. */
  readonly dryRun: boolean;
}

/** A refusal of the API; what it says in full is not kept, for it may quote an object. */
export class ApplyError extends Error {
  override readonly name = "ApplyError";

  constructor(
    readonly status: number,
    readonly causes: readonly ApplyCause[],
  ) {
    super(`HTTP ${status}`);
  }
}

/** What is wrong with one field. */
export interface ApplyCause {
  /** Such as `FieldManagerConflict` or `FieldValueRequired`. */
  readonly reason: string;
  readonly field: string;
  /** Who owns it, of a conflict. */
  readonly manager?: string;
}

const statusSchema = z.object({
  details: z
    .object({
      causes: z
        .array(
          z.object({
            reason: z.string().default(""),
            field: z.string().default(""),
            message: z.string().default(""),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

const managedSchema = z.object({
  metadata: z.object({
    managedFields: z
      .array(
        z.looseObject({
          manager: z.string().default(""),
          operation: z.string().default(""),
          subresource: z.string().exactOptional(),
          fieldsV1: z.record(z.string(), z.unknown()).default({}),
        }),
      )
      .nullish(),
  }),
});

/** Who owns which fields of an object. */
export type ManagerEntry = NonNullable<
  z.infer<typeof managedSchema>["metadata"]["managedFields"]
>[number];

/** Reads an object; `undefined` where it is not there. */
export async function readObject(
  api: ClusterApi,
  object: PatchedObject,
): Promise<ApiObject | undefined> {
  const { status, body } = await api.request("GET", pathOf(object));
  if (status === 404) {
    return undefined;
  }
  if (status !== 200) {
    throw new ApplyError(status, []);
  }
  return body;
}

/**
 * Lays fields over an object on the server's side. The API would make the
 * object where it is not there: read it before.
 *
 * @throws ApplyError
 */
export async function applyFields(
  api: ClusterApi,
  object: PatchedObject,
  fields: ApiObject,
  { manager, force, dryRun }: ApplyOptions,
): Promise<ApiObject> {
  const { apiVersion, kind, namespace, name } = object;
  const query = new URLSearchParams({
    fieldManager: manager,
    force: String(force),
    fieldValidation: "Strict",
    ...(dryRun && { dryRun: "All" }),
  });
  const { status, body } = await api.request(
    "PATCH",
    `${pathOf(object)}?${query.toString()}`,
    { ...fields, apiVersion, kind, metadata: { namespace, name } },
    "application/apply-patch+yaml",
  );
  if (status !== 200) {
    throw new ApplyError(status, causesOf(body));
  }
  return body;
}

/** The entries of an object that say who owns what. */
export function managerEntries(object: ApiObject): ManagerEntry[] {
  return managedSchema.parse(object).metadata.managedFields ?? [];
}

function causesOf(body: unknown): ApplyCause[] {
  const causes = statusSchema.safeParse(body).data?.details?.causes ?? [];
  return causes.map(({ reason, field, message }) => {
    const manager = /conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
    return { reason, field, ...(manager !== undefined && { manager }) };
  });
}

function pathOf({ apiVersion, kind, namespace, name }: PatchedObject): string {
  const root = apiVersion.includes("/") ? "/apis" : "/api";
  return `${root}/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${kind.toLowerCase()}s/${encodeURIComponent(name)}`;
}
