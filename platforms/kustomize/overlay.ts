import { posix } from "node:path";
import { stringify } from "yaml";

/** Which object a strategic merge patch is of. */
export interface PatchTarget {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
}

/** What an overlay consists of. */
export interface OverlayOptions {
  /** A folder with a `kustomization.yaml`, relative to the overlay's, or a URL. Left out, it is a component for somebody's own. */
  readonly base?: string;
  /** Of what there are patches, each in a file of {@link patchFile}. */
  readonly targets: readonly PatchTarget[];
}

/**
 * The `kustomization.yaml` of an overlay, or of a component.
 *
 * A patch names its object by kind and name and not by namespace, which the base
 * may set by itself.
 *
 * Source: Kustomize, "kustomization.yaml: patches, components".
 */
export function kustomization({ base, targets }: OverlayOptions): string {
  return yaml({
    ...(base === undefined
      ? { apiVersion: "kustomize.config.k8s.io/v1alpha1", kind: "Component" }
      : {
          apiVersion: "kustomize.config.k8s.io/v1beta1",
          kind: "Kustomization",
          resources: [base],
        }),
    patches: targets.map((target) => ({
      path: patchFile(target),
      target: {
        ...(target.group !== "" && { group: target.group }),
        version: target.version,
        kind: target.kind,
        // The name is a regular expression there, and anchored.
        name: target.name.replaceAll(".", "\\."),
      },
    })),
  });
}

/** The name of the file with the patch of an object. */
export function patchFile({ kind, name }: PatchTarget): string {
  return `${kind.toLowerCase()}-${name}.yaml`;
}

/**
 * A strategic merge patch.
 *
 * @param fields without what says which object it is
 */
export function patchText(
  { group, version, kind, name }: PatchTarget,
  fields: Readonly<Record<string, unknown>>,
): string {
  return yaml({
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind,
    metadata: { name },
    ...fields,
  });
}

/**
 * A base as it is written in an overlay's folder.
 *
 * @param base relative to the project, absolute, or a URL
 * @param folder of the overlay, relative to the project
 */
export function basePath(base: string, folder: string): string {
  return isUrl(base) || posix.isAbsolute(base)
    ? base
    : posix.relative(folder, base) || ".";
}

/** A base of Kustomize that is not on this machine: `https://…`, `ssh://…`, `git@…`, `github.com/…?ref=…`. */
function isUrl(base: string): boolean {
  return /^[a-z+]+:\/\/|^git@|^(github\.com|gitlab\.com|bitbucket\.org)[/:]/.test(
    base,
  );
}

function yaml(object: object): string {
  return stringify(object, { lineWidth: 0 });
}
