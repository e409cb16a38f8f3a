import type { PropertyMap } from "../../../values";
import { kindText, type ObjectKind, pathOf } from "../kinds";
import { annotation, idOf, type Identity } from "../object";
import type { ApiRequest, Cluster } from "./cluster";
import { ApiError } from "./apiError";
import { refusal, type Attempt } from "./refusals";

/** One object of a cluster, as one resource asks for it. */
export class Target {
  readonly kind: ObjectKind;
  readonly identity: Identity;
  readonly urn: string;
  private readonly path: string;

  constructor(
    readonly cluster: Cluster,
    {
      kind,
      identity,
      urn,
      inputs,
    }: {
      kind: ObjectKind;
      identity: Identity;
      urn: string;
      /** The objects as the program has them, whose secrets are in no message. */
      inputs: PropertyMap[];
    },
  ) {
    this.kind = kind;
    this.identity = identity;
    this.urn = urn;
    this.inputs = inputs;
    this.path = pathOf(kind, identity.namespace, identity.name);
  }

  private readonly inputs: PropertyMap[];

  /** The object as it is. */
  async live(): Promise<PropertyMap> {
    return this.ask("get", { method: "GET" });
  }

  /** The object as it is; `undefined` where there is none. */
  async find(): Promise<PropertyMap | undefined> {
    try {
      return await this.cluster.request({
        method: "GET",
        path: this.path,
        urn: this.urn,
      });
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) {
        return undefined;
      }
      throw this.refusal(error, "get");
    }
  }

  /** Lays fields over the object; the API makes it where it is not there. */
  apply(
    object: PropertyMap,
    fieldManager: string,
    { force, preview }: { force: boolean; preview: boolean },
  ): Promise<PropertyMap> {
    return this.cluster.request({
      method: "PATCH",
      path: this.path,
      query: {
        fieldManager,
        force: String(force),
        ...STRICT,
        ...dryRun(preview),
      },
      contentType: "application/apply-patch+yaml",
      body: object,
      urn: this.urn,
    });
  }

  /** Changes members one by one (RFC 6902). */
  patch(operations: object[]): Promise<PropertyMap> {
    return this.cluster.request({
      method: "PATCH",
      path: this.path,
      contentType: "application/json-patch+json",
      body: operations,
      urn: this.urn,
    });
  }

  /** The request that makes the object. */
  creation(
    object: PropertyMap,
    fieldManager: string,
    preview: boolean,
  ): ApiRequest {
    return {
      method: "POST",
      path: pathOf(this.kind, this.identity.namespace),
      query: { fieldManager, ...STRICT, ...dryRun(preview) },
      body: object,
      urn: this.urn,
    };
  }

  /** Has the object deleted. */
  delete(propagationPolicy: string): Promise<PropertyMap> {
    return this.cluster.request({
      method: "DELETE",
      path: this.path,
      body: { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy },
      urn: this.urn,
    });
  }

  /** What a refusal of the API means. */
  refusal(error: unknown, verb: Attempt["verb"]): unknown {
    const { kind, identity, inputs } = this;
    return refusal(error, { kind, identity, verb, inputs });
  }

  /** The object as a message names it. */
  get text(): string {
    return `the ${kindText(this.kind)} ${idOf(this.identity)}`;
  }

  /** Says what whoever runs the update is to know of. */
  warn(message: string): void {
    this.cluster.log({ severity: "warning", urn: this.urn, message });
  }

  /** Says what is going on right now. */
  progress(message: string): void {
    this.cluster.log({
      severity: "info",
      urn: this.urn,
      message,
      passing: true,
    });
  }

  private async ask(
    verb: Attempt["verb"],
    request: Pick<ApiRequest, "method">,
  ): Promise<PropertyMap> {
    try {
      return await this.cluster.request({
        ...request,
        path: this.path,
        urn: this.urn,
      });
    } catch (error) {
      throw this.refusal(error, verb);
    }
  }
}

/** Members that the API does not know are a mistake, not a remark. */
const STRICT = { fieldValidation: "Strict" };

function dryRun(preview: boolean): Record<string, string> {
  return preview ? { dryRun: "All" } : {};
}

/** Milliseconds that waiting for an object may take: what the program says, the object's annotation, or ten minutes. */
export function timeLimit(inputs: PropertyMap, seconds: number): number {
  const noted = Number(annotation(inputs, "pulumi.com/timeoutSeconds"));
  return 1000 * (seconds || (Number.isInteger(noted) && noted) || 600);
}

/** Whether the object says that nobody waits for it. */
export function skipsWaiting(inputs: PropertyMap): boolean {
  return annotation(inputs, "pulumi.com/skipAwait") === "true";
}
