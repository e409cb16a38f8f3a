import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  LABELS,
  bundleAnnotations,
  bundleSha256Of,
  checkedName,
} from "./kubernetes";
import type { TrustSource } from "./publication";
import { rememberPublication } from "./publication";

/** Arguments of {@link TrustBundle}. */
export interface TrustBundleArgs {
  /** A `RootCA`, or its outputs: the root that those who mount the ConfigMap are to trust, with all of its generations. */
  authority: TrustSource;
  namespace: pulumi.Input<string>;
  /** Name of the ConfigMap. It is updated in place, so give the provider `enableConfigMapMutable`. */
  configMapName: pulumi.Input<string>;
  /** The provider that renders the ConfigMap or deploys it. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/**
 * What a broker trusts its devices by, or a client in the cluster its broker:
 * a ConfigMap with `ca-bundle.pem`, which holds every generation of a root that
 * is staged, active or retiring, in a stable order.
 *
 * A mounted ConfigMap changes under a running pod within a minute or two, and
 * not every broker looks: mosquitto 2.0 rereads `certfile` and `keyfile` on
 * SIGHUP and never `cafile`. With {@link podAnnotations} on the pod template of
 * such a broker, its pods are replaced exactly when the bundle changes.
 *
 * @example
 * ```ts
 * const deviceRoots = new TrustBundle("device-roots", {
 *   authority: deviceRoot,
 *   namespace: "mosquitto",
 *   configMapName: "mqtt-device-ca-bundle",
 * });
 * // spec.template.metadata.annotations of the broker:
 * const annotations = deviceRoots.podAnnotations;
 * ```
 */
export class TrustBundle extends pulumi.ComponentResource {
  readonly configMapName: pulumi.Output<string>;
  /** SHA-256 over `ca-bundle.pem`, lowercase hex. */
  readonly bundleSha256: pulumi.Output<string>;
  /** For the pod template of a workload that reads its CA file only when it starts. */
  readonly podAnnotations: pulumi.Output<Record<string, string>>;

  constructor(
    name: string,
    args: TrustBundleArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:TrustBundle", name, {}, opts);
    const { trustAnchorsPem } = args.authority;
    const object = checkedName(args.namespace, args.configMapName, {
      component: name,
      namespace: "namespace",
      name: "configMapName",
    });
    const annotations = bundleAnnotations(trustAnchorsPem);
    this.bundleSha256 = bundleSha256Of(trustAnchorsPem);
    this.podAnnotations = pulumi.output(annotations);
    const configMap = new kubernetes.core.v1.ConfigMap(
      `${name}-bundle`,
      {
        metadata: {
          ...object,
          labels: LABELS,
          annotations,
        },
        data: { "ca-bundle.pem": trustAnchorsPem },
      },
      {
        parent: this,
        ...(args.provider !== undefined && { provider: args.provider }),
      },
    );
    this.configMapName = configMap.metadata.name;
    rememberPublication(
      configMap,
      `${name}-publication`,
      pulumi.interpolate`${object.name} in ${object.namespace}`,
      args.authority,
      this,
    );
    this.registerOutputs({
      configMapName: this.configMapName,
      bundleSha256: this.bundleSha256,
    });
  }
}
