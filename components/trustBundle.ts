import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  BUNDLE_SHA256,
  bundleAnnotations,
  bundleDigest,
  sha256Of,
} from "./annotations";
import type { ClusterTrustBundleArgs } from "./clusterTrustBundle";
import { createClusterTrustBundle } from "./clusterTrustBundle";
import { LABELS, nameProblems, namespaceProblems, refuse } from "./kubernetes";
import { warnOfOtherOwners } from "./objectOwner";
import type { TrustSource } from "./publication";
import { rememberPublication } from "./publication";
import type { RestartArgs } from "./workloadRestart";
import { restartWorkloads } from "./workloadRestart";

/** Arguments of {@link TrustBundle}. */
export interface TrustBundleArgs {
  /** A `RootCA`, or its outputs: the root that those who mount the ConfigMap are to trust, with all of its generations. */
  authority: TrustSource;
  /** Where the ConfigMap goes. Left out where `namespaces` or `clusterTrustBundle` say it. */
  namespace?: pulumi.Input<string>;
  /**
   * Further namespaces, each with a ConfigMap of that name; known while the
   * program runs. To add or take out one touches that one only. Leave `namespace`
   * as it is when a second one comes: moved in here, its ConfigMap would be
   * another resource.
   */
  namespaces?: string[];
  /** Name of the ConfigMap. It is updated in place, so give the provider `enableConfigMapMutable`. Left out where only `clusterTrustBundle` is made. */
  configMapName?: pulumi.Input<string>;
  /** One object for all namespaces, where the cluster has that API. Default: none. */
  clusterTrustBundle?: ClusterTrustBundleArgs;
  /**
   * Workloads whose pods are replaced exactly when the bundle changed; for those
   * that read it only when they start. Default: none.
   */
  restart?: RestartArgs[];
  /** The provider that renders the objects or deploys them. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/**
 * What a broker trusts its devices by, or a client in the cluster its broker:
 * a ConfigMap with `ca-bundle.pem`, which holds every generation of a root that
 * is staged, active or retiring, in a stable order; in as many namespaces as
 * want it, and as a `ClusterTrustBundle` for all of them.
 *
 * A mounted ConfigMap changes under a running pod within a minute or two, and
 * not every broker looks: mosquitto 2.0 rereads `certfile` and `keyfile` on
 * SIGHUP and never `cafile`. With {@link TrustBundleArgs.restart}, or with
 * {@link podAnnotations} on the pod template of such a broker, its pods are
 * replaced exactly when the bundle changes.
 *
 * @example
 * ```ts
 * const deviceRoots = new TrustBundle("device-roots", {
 *   authority: deviceRoot,
 *   namespace: "mosquitto",
 *   configMapName: "mqtt-device-ca-bundle",
 *   restart: [{ kind: "Deployment", name: "mosquitto" }],
 * });
 * // or in a program that makes the broker: spec.template.metadata.annotations
 * const annotations = deviceRoots.podAnnotations;
 * ```
 */
export class TrustBundle extends pulumi.ComponentResource {
  /** Name of the ConfigMap in each namespace; empty where none is made. */
  readonly configMapName: pulumi.Output<string>;
  /** Name of the `ClusterTrustBundle`, with its signer; empty where none is made. */
  readonly clusterTrustBundleName: pulumi.Output<string>;
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
    const { provider } = args;
    const places = placesOf(name, args);
    this.bundleSha256 = sha256Of(trustAnchorsPem);
    this.podAnnotations = pulumi.output(bundleDigest(trustAnchorsPem));
    const configMaps = places.map((place) =>
      this.publish(name, place, args.authority, provider),
    );
    this.configMapName =
      configMaps[0] === undefined
        ? pulumi.output("")
        : configMaps[0].metadata.name;
    const clusterBundle =
      args.clusterTrustBundle &&
      createClusterTrustBundle(args.clusterTrustBundle, args.authority, {
        component: name,
        provider,
        parent: this,
      });
    this.clusterTrustBundleName = clusterBundle?.name ?? pulumi.output("");
    restartWorkloads(args.restart, {
      component: name,
      path: "restart",
      namespaces: places.map(({ namespace }) => namespace),
      everywhere: clusterBundle !== undefined,
      annotation: BUNDLE_SHA256,
      text: this.bundleSha256,
      provider,
      parent: this,
      after: [
        ...configMaps,
        ...(clusterBundle === undefined ? [] : [clusterBundle.resource]),
      ],
    });
    this.registerOutputs({
      configMapName: this.configMapName,
      clusterTrustBundleName: this.clusterTrustBundleName,
      bundleSha256: this.bundleSha256,
    });
  }

  private publish(
    name: string,
    { suffix, namespace, configMapName }: Place,
    authority: TrustSource,
    provider: kubernetes.Provider | undefined,
  ): kubernetes.core.v1.ConfigMap {
    const configMap = new kubernetes.core.v1.ConfigMap(
      `${name}-bundle${suffix}`,
      {
        metadata: {
          namespace,
          name: configMapName,
          labels: LABELS,
          annotations: bundleAnnotations(authority),
        },
        data: { "ca-bundle.pem": authority.trustAnchorsPem },
      },
      { parent: this, ...(provider !== undefined && { provider }) },
    );
    warnOfOtherOwners(
      provider,
      { apiVersion: "v1", kind: "ConfigMap", namespace, name: configMapName },
      this,
    );
    rememberPublication(
      configMap,
      `${name}-publication${suffix}`,
      pulumi.interpolate`${configMapName} in ${namespace}`,
      authority,
      this,
    );
    return configMap;
  }
}

/** One ConfigMap. */
interface Place {
  /** What tells its resources from those of the others; empty for `namespace`, whose resources were there first. */
  readonly suffix: string;
  readonly namespace: pulumi.Output<string>;
  readonly configMapName: pulumi.Output<string>;
}

/** Where the ConfigMaps go; all names are checked together, so that all mistakes are shown at once. */
function placesOf(
  component: string,
  { namespace, namespaces = [], configMapName, ...args }: TrustBundleArgs,
): Place[] {
  const some = namespace !== undefined || namespaces.length > 0;
  refuse(component, [
    ...(some || args.clusterTrustBundle !== undefined
      ? []
      : [
          "namespace: is missing; write where the bundle is to be, in namespace, namespaces or clusterTrustBundle.",
        ]),
    ...(some === (configMapName !== undefined)
      ? []
      : some
        ? ["configMapName: is missing; write the name of the ConfigMap."]
        : [
            "configMapName: is given, and no namespace; write one in namespace, or leave it out.",
          ]),
  ]);
  const checked = pulumi
    .all([namespace, configMapName])
    .apply(([first, name]) => {
      refuse(component, placeProblems(first, namespaces, name));
      return { first: first ?? "", name: name ?? "" };
    });
  return [
    ...(namespace === undefined
      ? []
      : [
          { suffix: "", namespace: checked.first, configMapName: checked.name },
        ]),
    ...namespaces.map((one) => ({
      suffix: `-${one}`,
      // By way of the check, as the other names.
      namespace: checked.apply(() => one),
      configMapName: checked.name,
    })),
  ];
}

function placeProblems(
  namespace: string | undefined,
  namespaces: readonly string[],
  configMapName: string | undefined,
): string[] {
  return [
    ...(namespace === undefined
      ? []
      : namespaceProblems(namespace, "namespace")),
    ...namespaces.flatMap((one, index) => [
      ...namespaceProblems(one, `namespaces[${index}]`),
      ...(one === namespace || namespaces.indexOf(one) < index
        ? [
            `namespaces[${index}]: ${JSON.stringify(one)} is named ${one === namespace ? "in namespace" : "twice"}; take it out here.`,
          ]
        : []),
    ]),
    ...(configMapName === undefined
      ? []
      : nameProblems(configMapName, "configMapName")),
  ];
}
