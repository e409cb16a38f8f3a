import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { LiveObject } from "../resources";
import { readLiveObject } from "../resources";
import { targetOf } from "./kubernetesTarget";

/** Which object is meant. */
export interface ObjectReference {
  /** Such as `v1` or `apps/v1`. */
  readonly apiVersion: string;
  /** Such as `Secret`. */
  readonly kind: string;
  /** Left out for objects of the whole cluster. */
  readonly namespace?: pulumi.Input<string>;
  readonly name: pulumi.Input<string>;
}

/**
 * What is said of an object on the cluster of a provider, in previews too.
 *
 * @returns `undefined` for a provider that renders, or that no `KubernetesTarget` made
 */
export function liveMetadata(
  provider: kubernetes.Provider | undefined,
  { apiVersion, kind, namespace, name }: ObjectReference,
): pulumi.Output<LiveObject> | undefined {
  const target = targetOf(provider);
  if (target?.kind !== "cluster") {
    return undefined;
  }
  const { kubeconfig, context } = target;
  return readLiveObject({
    apiVersion,
    kind,
    name,
    ...(namespace !== undefined && { namespace }),
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
}

/**
 * Warns, in previews and updates, where an object that is to be written is
 * another's as well: cert-manager's, which would write it back, or of another
 * tool by the label `app.kubernetes.io/managed-by`. What cannot be read is
 * passed over.
 *
 * @param component said of the warning
 */
export function warnOfOtherOwners(
  provider: kubernetes.Provider | undefined,
  object: ObjectReference,
  component: pulumi.Resource,
): void {
  const live = liveMetadata(provider, object);
  if (live === undefined) {
    return;
  }
  pulumi
    .all([live, object.namespace ?? "", object.name])
    .apply(async ([found, namespace, name]) => {
      const text = ownerWarning(found, {
        kind: object.kind,
        place: namespace === "" ? name : `${namespace}/${name}`,
      });
      if (text !== undefined) {
        await pulumi.log.warn(text, component);
      }
    });
}

/** Why an object is another's; `undefined` where it is not, or where nobody knows. */
export function ownerWarning(
  { exists, labels, annotations, owners }: LiveObject,
  { kind, place }: { readonly kind: string; readonly place: string },
): string | undefined {
  if (!exists) {
    return undefined;
  }
  const object = `the ${kind} ${place}`;
  const certificate = annotations["cert-manager.io/certificate-name"];
  const owner = owners.find((text) => text.startsWith("Certificate "));
  if (
    owner !== undefined ||
    Object.keys(annotations).some((key) => key.startsWith("cert-manager.io/"))
  ) {
    const which = certificate ?? owner?.replace("Certificate ", "");
    return `${object} is written by cert-manager${which === undefined ? "" : ` as well, for its Certificate ${JSON.stringify(which)}`}: the two would overwrite each other. Write another name here, or delete that Certificate; to serve what cert-manager issues, read its Secret instead.`;
  }
  const manager = labels["app.kubernetes.io/managed-by"];
  return manager === undefined || manager === "mqtt-pki"
    ? undefined
    : `${object} is managed by ${JSON.stringify(manager)} (app.kubernetes.io/managed-by), which may write it back. Write another name here, or take the object out of what that manages.`;
}
