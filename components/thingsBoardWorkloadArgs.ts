import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ThingsBoardMount } from "./thingsBoardArgs";

/** What a workload takes of ThingsBoard's settings: a `ThingsBoardMqtt`, or its outputs. */
export interface ThingsBoardSettings {
  /** Where the objects are. Default: the workload's namespace. */
  namespace?: pulumi.Input<string>;
  /** Name of the Secret with `tls.crt` and `tls.key`; the Helm chart needs it. */
  secretName: pulumi.Input<string>;
  /** Variables by name, which are in the ConfigMap. */
  environment: pulumi.Input<Record<string, pulumi.Input<string>>>;
  configMapName: pulumi.Input<string>;
  /** Names of the variables in the Secret of {@link environmentSecretName}. Default: none. */
  secretEnvironmentNames?: pulumi.Input<pulumi.Input<string>[]>;
  environmentSecretName?: pulumi.Input<string>;
  /** Variables for what users are shown of connecting, which are in the ConfigMap of {@link connectivityConfigMapName}. Default: none. */
  connectivityEnvironment?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  connectivityConfigMapName?: pulumi.Input<string>;
  mounts: pulumi.Input<ThingsBoardMount[]>;
  /** Ports by name: `{ mqtts: 8883 }`. */
  ports: pulumi.Input<Record<string, pulumi.Input<number>>>;
  /** For pods that serve MQTT and do not reload a certificate by themselves. Default: none. */
  podAnnotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** For the pods of `tb-node`. Default: none. */
  nodeAnnotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** For all pods: variables are read at their start. Default: none. */
  configurationAnnotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Which workload is meant; what is left out is as in the manifest. */
export interface ThingsBoardWorkloadReference {
  /** One of `WorkloadKind`. */
  kind?: string;
  name?: string;
  /** The container that runs ThingsBoard. */
  container?: string;
}

/** Arguments of `ThingsBoardWorkload`. */
export interface ThingsBoardWorkloadArgs {
  mqtt: ThingsBoardSettings;
  /** One of `ThingsBoardManifest`: ThingsBoard's own, as its documentation has them applied. Left out, {@link workload} says all. */
  manifest?: string;
  /** Where it differs from the manifest, or there is none. */
  workload?: ThingsBoardWorkloadReference;
  /** Where the workload is. Default: that of {@link mqtt}, since pods mount Secrets of their own namespace only. */
  namespace?: pulumi.Input<string>;
  /** The Service that gets the ports; `""` for none. Default: `tb-mqtt-transport` of Minikube and OpenShift, whose Service lacks 8883; else none. */
  service?: string;
  /** One of `ThingsBoardRole`: which listeners the workload has. Default: as in the manifest, else `mqtt-transport`. */
  role?: string;
  /** One of `KeyFileAccess`. Default: `group` where the manifest has `fsGroup: 799`, else `everyone`. */
  keyFileAccess?: string;
  /**
   * Rendered output only: the folder with the `kustomization.yaml` of the
   * manifests, relative to the project, or its URL. Left out, a component is
   * written that a `kustomization.yaml` of your own lists.
   */
  base?: string;
  /**
   * On a cluster: take over fields that another manager owns, which is refused
   * otherwise. That one takes them back with its next apply. Default false.
   */
  takeOver?: boolean;
  /** The provider of a `KubernetesTarget`. Default: the cluster that kubectl would ask. */
  provider?: kubernetes.Provider;
}
