import type { Properties } from "./wire";

/** What `check` answers: the inputs to keep, or why they are refused. */
export interface CheckResult {
  readonly inputs: Properties;
  readonly failures?: { property: string; reason: string }[];
}

/** What `diff` answers. */
export interface DiffResult {
  readonly changes: boolean;
  readonly replaces?: string[];
  readonly deleteBeforeReplace?: boolean;
}

/** What is there of a resource that lives elsewhere. */
export interface FoundResource {
  readonly id: string;
  readonly outputs: Properties;
  /** What a program would say to have it; for an import. */
  readonly inputs?: Properties;
}

/**
 * One custom resource of the plugin. Refusals and renewal decisions live in
 * `check` and `diff`, which a preview runs; `create` and `update` are for real.
 */
export interface CustomResource {
  check(
    urn: string,
    oldInputs: Properties | undefined,
    news: Properties,
  ): Promise<CheckResult>;
  /** @param olds the outputs of the last update */
  diff(
    id: string,
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<DiffResult>;
  create(
    urn: string,
    inputs: Properties,
  ): Promise<{ id: string; outs: Properties }>;
  update(
    id: string,
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<{ outs: Properties }>;
  /**
   * The outputs as they are now. Default: as they were, for what nobody but an
   * update changes.
   *
   * @param outputs of the last update
   */
  read?(id: string, urn: string, outputs: Properties): Promise<Properties>;
  /**
   * In the place of `read`, for what lives elsewhere: it may be gone, and may be
   * imported by its id.
   *
   * @param outputs of the last update; empty for an import
   * @returns `undefined` where it is gone
   */
  find?(
    id: string,
    urn: string,
    outputs: Properties,
  ): Promise<FoundResource | undefined>;
  delete(id: string, urn: string, outputs: Properties): Promise<void>;
}

/** The name a resource has in the program, which is the last part of its URN. */
export function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

/** The type token within a URN: `mqtt-pki:index:Certificate`. */
export function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}
