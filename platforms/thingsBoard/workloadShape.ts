import { ThingsBoardListener } from "./product";

/** ThingsBoard's own manifests, as its repositories of Kubernetes files have them; for `ThingsBoardWorkloadArgs.manifest`. */
export const ThingsBoardManifest = {
  /** `tb-mqtt-transport` of `aws/microservices`. */
  AwsMicroservices: "aws-microservices",
  /** `tb-node` of `aws/monolith`. */
  AwsMonolith: "aws-monolith",
  AzureMicroservices: "azure-microservices",
  AzureMonolith: "azure-monolith",
  GcpMicroservices: "gcp-microservices",
  GcpMonolith: "gcp-monolith",
  /** `tb-mqtt-transport` of `minikube`, with its Service. */
  Minikube: "minikube",
  /** The same of `openshift`. */
  Openshift: "openshift",
  /** `tb-node` beside a `tb-mqtt-transport`, in any of them: what the user interface shows of MQTT over TLS. */
  MicroservicesNode: "microservices-node",
  /** ThingsBoard Edge as a StatefulSet `tb-edge`. */
  Edge: "edge",
  /** `tbmq` of TBMQ's repository. */
  Tbmq: "tbmq",
  /** The Helm chart of ThingsBoard's repository, which needs values and no patch. */
  Helm: "helm",
} as const;

/** What a workload serves, and so which variables, ports and files it takes; for `ThingsBoardWorkloadArgs.role`. */
export const ThingsBoardRole = {
  /** MQTT, as `tb-mqtt-transport`. */
  MqttTransport: "mqtt-transport",
  /** CoAP, as `tb-coap-transport`. */
  CoapTransport: "coap-transport",
  /** LwM2M, as `tb-lwm2m-transport`. */
  Lwm2mTransport: "lwm2m-transport",
  /** Everything else of an installation in microservices, as its `tb-node`. */
  Core: "core",
  /** All of it, as `tb-node` of a monolith, Edge and TBMQ. */
  Monolith: "monolith",
} as const;

/** How the process gets to read the private key; for `ThingsBoardWorkloadArgs.keyFileAccess`. */
export const KeyFileAccess = {
  /** Files of mode 0444: every process of the pod. It needs nothing of the pod. */
  Everyone: "everyone",
  /** Files of mode 0440 and `fsGroup: 799`, the group of ThingsBoard's images. Not under OpenShift, which chooses groups itself. */
  Group: "group",
} as const;

/** User and group of the processes in ThingsBoard's images. */
export const IMAGE_GROUP = 799;

/** What is known of a manifest. */
export interface WorkloadShape {
  readonly kind: string;
  readonly name: string;
  readonly container: string;
  /** The Service within the cluster, where it lacks the ports. */
  readonly service?: string;
  readonly role: string;
  readonly keyFileAccess: string;
  /** What the manifest has for TLS in comments, which is in the way once somebody has taken the comment signs away. */
  readonly leftovers: Leftovers;
}

/** Parts of a manifest that make no sense beside the patch. */
export interface Leftovers {
  readonly volumes: readonly string[];
  readonly mountPaths: readonly string[];
  readonly environment: readonly string[];
}

const NOTHING: Leftovers = { volumes: [], mountPaths: [], environment: [] };

/** The ConfigMap that is to hold a private key, by ThingsBoard's documentation. */
const BLOCK: Leftovers = {
  volumes: ["tb-mqtts-config"],
  mountPaths: ["/ssl-config"],
  environment: [],
};

/** With a key store that is none: Azure and GCP. */
const WRONG_BLOCK: Leftovers = {
  ...BLOCK,
  environment: ["MQTT_SSL_KEY_STORE"],
};

/** No securityContext: the process is user 799 of the image, in no group that Kubernetes gives to files. */
const TRANSPORT = {
  kind: "StatefulSet",
  name: "tb-mqtt-transport",
  container: "server",
  role: ThingsBoardRole.MqttTransport,
  keyFileAccess: KeyFileAccess.Everyone,
};

const NODE = {
  ...TRANSPORT,
  name: "tb-node",
  role: ThingsBoardRole.Monolith,
  keyFileAccess: KeyFileAccess.Group,
};

const SMALL = {
  ...TRANSPORT,
  service: "tb-mqtt-transport",
  leftovers: NOTHING,
};

/** Sources: thingsboard/thingsboard-ce-k8s (release-4.3.1) and thingsboard/tbmq (`k8s`); Edge has no manifest of ThingsBoard's. */
const SHAPES: Readonly<Record<string, WorkloadShape>> = {
  [ThingsBoardManifest.AwsMicroservices]: { ...TRANSPORT, leftovers: BLOCK },
  [ThingsBoardManifest.AwsMonolith]: { ...NODE, leftovers: BLOCK },
  [ThingsBoardManifest.AzureMicroservices]: {
    ...TRANSPORT,
    leftovers: WRONG_BLOCK,
  },
  [ThingsBoardManifest.AzureMonolith]: { ...NODE, leftovers: BLOCK },
  [ThingsBoardManifest.GcpMicroservices]: {
    ...TRANSPORT,
    leftovers: WRONG_BLOCK,
  },
  [ThingsBoardManifest.GcpMonolith]: { ...NODE, leftovers: BLOCK },
  [ThingsBoardManifest.Minikube]: SMALL,
  [ThingsBoardManifest.Openshift]: SMALL,
  [ThingsBoardManifest.MicroservicesNode]: {
    ...NODE,
    role: ThingsBoardRole.Core,
    keyFileAccess: KeyFileAccess.Everyone,
    leftovers: NOTHING,
  },
  [ThingsBoardManifest.Edge]: {
    ...NODE,
    name: "tb-edge",
    container: "tb-edge",
    keyFileAccess: KeyFileAccess.Everyone,
    leftovers: NOTHING,
  },
  [ThingsBoardManifest.Tbmq]: {
    ...NODE,
    name: "tbmq",
    leftovers: {
      volumes: ["tbmq-mqtts-config"],
      mountPaths: ["/ssl-config"],
      environment: [],
    },
  },
};

/** What is known of one of {@link ThingsBoardManifest}; `undefined` for the chart, and for what is none. */
export function shapeOf(manifest: string): WorkloadShape | undefined {
  return Object.hasOwn(SHAPES, manifest) ? SHAPES[manifest] : undefined;
}

/** What nobody says of a workload of somebody's own. */
export const UNKNOWN_SHAPE: Pick<
  WorkloadShape,
  "role" | "keyFileAccess" | "leftovers"
> = {
  role: ThingsBoardRole.MqttTransport,
  keyFileAccess: KeyFileAccess.Everyone,
  leftovers: NOTHING,
};

/** Who shows devices how to connect; no listener, but files and variables belong to it as to one. */
const CONNECTIVITY = "connectivity";

const LISTENERS: Readonly<Record<string, readonly string[]>> = {
  [ThingsBoardRole.MqttTransport]: [
    ThingsBoardListener.Mqtt,
    ThingsBoardListener.Wss,
  ],
  [ThingsBoardRole.CoapTransport]: [ThingsBoardListener.Coap],
  [ThingsBoardRole.Lwm2mTransport]: [
    ThingsBoardListener.Lwm2m,
    ThingsBoardListener.Lwm2mBootstrap,
  ],
  [ThingsBoardRole.Core]: [
    ThingsBoardListener.Http,
    ThingsBoardListener.EdgeRpc,
    CONNECTIVITY,
  ],
};

/** Whether a workload of a role has a listener; `undefined` is what all have that serve with certificates. */
export function serves(role: string, listener: string | undefined): boolean {
  if (role === ThingsBoardRole.Monolith) {
    return true;
  }
  return listener === undefined
    ? role !== ThingsBoardRole.Core
    : (LISTENERS[role] ?? []).includes(listener);
}

/** Whether what the user interface tells of connecting comes from a workload of a role. */
export function showsConnectivity(role: string): boolean {
  return serves(role, CONNECTIVITY);
}
