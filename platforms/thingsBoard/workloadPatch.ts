import { ThingsBoardListener } from "./product";
import { listenerOf } from "./variables";
import type { WorkloadShape } from "./workloadShape";
import {
  IMAGE_GROUP,
  KeyFileAccess,
  serves,
  showsConnectivity,
} from "./workloadShape";

/** A volume for a workload, as `ThingsBoardMqtt` names it. */
export interface WorkloadMount {
  /** Of the volume. */
  readonly name: string;
  /** `Secret` or `ConfigMap`. */
  readonly kind: string;
  readonly objectName: string;
  readonly mountPath: string;
  /** Who needs the files. */
  readonly listeners: readonly string[];
}

/** What pods are to have, before it is known which workload they are of. */
export interface WorkloadContent {
  /** Variables by name; they come from the ConfigMap, one by one. */
  readonly environment: Readonly<Record<string, string>>;
  readonly configMapName: string;
  /** Names of variables in the Secret. */
  readonly secretEnvironmentNames: readonly string[];
  readonly environmentSecretName: string;
  readonly connectivityEnvironment: Readonly<Record<string, string>>;
  readonly connectivityConfigMapName: string;
  readonly mounts: readonly WorkloadMount[];
  /** Ports by name: `{ mqtts: 8883 }`. */
  readonly ports: Readonly<Record<string, number>>;
}

/** One entry of a ConfigMap or Secret. */
export interface KeyReference {
  readonly name: string;
  readonly key: string;
}

/** A variable of a container, taken from a ConfigMap or a Secret, or with its text. */
export interface VariablePatch {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly configMapKeyRef?: KeyReference;
    readonly secretKeyRef?: KeyReference;
  };
}

/** A port of a container. */
export interface PortPatch {
  readonly containerPort: number;
  readonly name: string;
  readonly protocol: string;
}

/** Fields for `spec.template.spec` of a workload, and no others. */
export interface PodPatch {
  readonly securityContext?: { readonly fsGroup: number };
  readonly volumes?: readonly object[];
  /** One. */
  readonly containers: readonly {
    readonly name: string;
    readonly ports?: readonly PortPatch[];
    readonly env?: readonly VariablePatch[];
    readonly volumeMounts?: readonly object[];
  }[];
}

/** Listeners by the names of their ports. */
const LISTENER_OF_PORT: Readonly<Record<string, string>> = {
  https: ThingsBoardListener.Http,
  coaps: ThingsBoardListener.Coap,
  lwm2ms: ThingsBoardListener.Lwm2m,
  "lwm2ms-bs": ThingsBoardListener.Lwm2mBootstrap,
  wss: ThingsBoardListener.Wss,
};

const OVER_UDP: readonly string[] = ["coaps", "lwm2ms", "lwm2ms-bs"];

/** The files of a workload. */
export interface VolumesPatch {
  /** Of the pod. */
  readonly securityContext?: { readonly fsGroup: number };
  /** Of the pod. */
  readonly volumes: readonly object[];
  /** Of the container. */
  readonly volumeMounts: readonly object[];
}

/**
 * What a workload needs, as fields for its pod template.
 *
 * Every entry stands in a list that merges by a key, in server-side apply and
 * in a strategic merge: `volumes` and `env` by name, `volumeMounts` by path,
 * `ports` by number. `envFrom` does not: a patch with it would take away what
 * stands there already, such as `tb-kafka-config`.
 */
export function podPatch(
  content: WorkloadContent,
  shape: Pick<WorkloadShape, "container" | "role" | "keyFileAccess">,
): PodPatch {
  const { securityContext, volumes, volumeMounts } = podVolumes(
    content.mounts,
    shape,
  );
  const env = containerVariables(content, shape.role);
  const ports = containerPorts(content.ports, shape.role);
  return {
    ...(securityContext !== undefined && { securityContext }),
    ...(volumes.length > 0 && { volumes }),
    containers: [
      {
        name: shape.container,
        ...(ports.length > 0 && { ports }),
        ...(env.length > 0 && { env }),
        ...(volumeMounts.length > 0 && { volumeMounts }),
      },
    ],
  };
}

/** The files of a workload. They are mounted whole, for those of a `subPath` are never replaced. */
export function podVolumes(
  all: readonly WorkloadMount[],
  { role, keyFileAccess }: Pick<WorkloadShape, "role" | "keyFileAccess">,
): VolumesPatch {
  const mounts = all.filter(({ listeners }) =>
    listeners.some((listener) => serves(role, listener)),
  );
  const isGroup = keyFileAccess === KeyFileAccess.Group;
  return {
    ...(isGroup &&
      mounts.some(({ kind }) => kind === "Secret") && {
        securityContext: { fsGroup: IMAGE_GROUP },
      }),
    volumes: mounts.map((mount) => volume(mount, isGroup)),
    volumeMounts: mounts.map(({ name, mountPath }) => ({
      mountPath,
      name,
      readOnly: true,
    })),
  };
}

/** Texts of the variables that are no secret, by name. */
export function literals(
  {
    environment,
    connectivityEnvironment,
  }: Pick<WorkloadContent, "environment" | "connectivityEnvironment">,
  role: string,
): Record<string, string> {
  return {
    ...Object.fromEntries(
      Object.entries(environment).filter(([name]) =>
        serves(role, listenerOf(name)),
      ),
    ),
    ...(showsConnectivity(role) ? connectivityEnvironment : {}),
  };
}

/** Ports for a Service, which come to be those of the pods of the same number. */
export function servicePorts(
  ports: WorkloadContent["ports"],
  role: string,
): {
  readonly port: number;
  readonly name: string;
  readonly protocol: string;
  readonly targetPort: number;
}[] {
  return containerPorts(ports, role).map(
    ({ containerPort, name, protocol }) => ({
      port: containerPort,
      name,
      protocol,
      targetPort: containerPort,
    }),
  );
}

/** The variables of a workload, each from its ConfigMap or Secret. */
export function containerVariables(
  content: Omit<WorkloadContent, "mounts" | "ports">,
  role: string,
): VariablePatch[] {
  const isServed = (name: string): boolean => serves(role, listenerOf(name));
  const from = (
    names: readonly string[],
    kind: "configMapKeyRef" | "secretKeyRef",
    object: string,
  ): VariablePatch[] =>
    names.map((key) => ({
      name: key,
      valueFrom: { [kind]: { name: object, key } },
    }));
  return [
    ...from(
      Object.keys(content.environment).filter(isServed),
      "configMapKeyRef",
      content.configMapName,
    ),
    ...from(
      content.secretEnvironmentNames.filter(isServed),
      "secretKeyRef",
      content.environmentSecretName,
    ),
    ...(showsConnectivity(role)
      ? from(
          Object.keys(content.connectivityEnvironment),
          "configMapKeyRef",
          content.connectivityConfigMapName,
        )
      : []),
  ];
}

/** The ports of a workload. */
export function containerPorts(
  ports: WorkloadContent["ports"],
  role: string,
): PortPatch[] {
  return Object.entries(ports)
    .filter(([name]) =>
      serves(role, LISTENER_OF_PORT[name] ?? ThingsBoardListener.Mqtt),
    )
    .map(([name, containerPort]) => ({
      containerPort,
      name,
      protocol: OVER_UDP.includes(name) ? "UDP" : "TCP",
    }));
}

function volume(
  { name, kind, objectName }: WorkloadMount,
  isGroup: boolean,
): object {
  return kind === "Secret"
    ? {
        name,
        secret: {
          secretName: objectName,
          defaultMode: isGroup ? 0o440 : 0o444,
        },
      }
    : { name, configMap: { name: objectName, defaultMode: 0o444 } };
}
