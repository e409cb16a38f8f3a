import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ObjectName } from "./kubernetes";
import { LABELS, secretData } from "./kubernetes";
import { warnOfOtherOwners } from "./objectOwner";

/** Below which component its objects stand, and by whom they are made. */
export interface ObjectOptions {
  readonly parent: pulumi.Resource;
  readonly provider?: kubernetes.Provider;
}

/** Makes a ConfigMap, with a warning where it is somebody else's as well. */
export function createConfigMap(
  name: string,
  object: ObjectName,
  data: pulumi.Input<Record<string, pulumi.Input<string>>>,
  opts: ObjectOptions,
  annotations?: Record<string, pulumi.Input<string>>,
): kubernetes.core.v1.ConfigMap {
  warnOfOtherOwners(
    opts.provider,
    { apiVersion: "v1", kind: "ConfigMap", ...object },
    opts.parent,
  );
  return new kubernetes.core.v1.ConfigMap(
    name,
    {
      metadata: {
        ...object,
        labels: LABELS,
        ...(annotations !== undefined && { annotations }),
      },
      data,
    },
    opts,
  );
}

/** Makes a Secret of texts, with a warning where it is somebody else's as well. */
export function createSecret(
  name: string,
  object: ObjectName,
  texts: Record<string, pulumi.Input<string>>,
  opts: ObjectOptions,
  annotations?: Record<string, pulumi.Input<string>>,
): kubernetes.core.v1.Secret {
  return createBinarySecret(name, object, secretData(texts), opts, annotations);
}

/** Makes a Secret of what is base64 already. */
export function createBinarySecret(
  name: string,
  object: ObjectName,
  data: pulumi.Input<Record<string, pulumi.Input<string>>>,
  opts: ObjectOptions,
  annotations?: Record<string, pulumi.Input<string>>,
): kubernetes.core.v1.Secret {
  warnOfOtherOwners(
    opts.provider,
    { apiVersion: "v1", kind: "Secret", ...object },
    opts.parent,
  );
  return new kubernetes.core.v1.Secret(
    name,
    {
      metadata: {
        ...object,
        labels: LABELS,
        ...(annotations !== undefined && { annotations }),
      },
      type: "Opaque",
      data,
    },
    opts,
  );
}
