import { createHash } from "node:crypto";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import {
  basePath,
  kustomization,
  patchFile,
  patchText,
} from "../platforms/kustomize/overlay";
import {
  helmValues,
  overlayReadme,
  strategicPodPatch,
} from "../platforms/thingsBoard/workloadOverlay";
import type { WorkloadContent } from "../platforms/thingsBoard/workloadPatch";
import {
  containerPorts,
  containerVariables,
  literals,
  podPatch,
  podVolumes,
  servicePorts,
} from "../platforms/thingsBoard/workloadPatch";
import { serves } from "../platforms/thingsBoard/workloadShape";
import { ConfigurationFiles, WorkloadPatch } from "../resources";
import { refuse } from "./kubernetes";
import type { TargetOfProvider } from "./kubernetesTarget";
import { targetOf } from "./kubernetesTarget";
import type {
  ThingsBoardSettings,
  ThingsBoardWorkloadArgs,
} from "./thingsBoardWorkloadArgs";
import type { ChosenWorkload } from "./thingsBoardWorkloadChoice";
import { checkedNamespace, chosenWorkload } from "./thingsBoardWorkloadChoice";

/**
 * TLS for a workload that is there already, as ThingsBoard's own manifests, its
 * documentation or somebody else made it: the Secret mounted, the variables, the
 * port, and the annotations that restart pods where that is needed. Nothing else
 * of the workload is touched.
 *
 * On a cluster it is a server-side apply with a field manager of its own. The
 * preview refuses what the cluster would, and fields that belong to others, by
 * the name of their manager; `destroy` gives back these fields and no others. In
 * rendered output it is a Kustomize overlay in
 * `<renderDirectory>/kustomize/<name>`, for `kubectl apply -k`. For the Helm
 * chart it is values.
 *
 * Source: thingsboard/thingsboard-ce-k8s, and the user guide "MQTT over SSL".
 *
 * @example
 * ```ts
 * new ThingsBoardWorkload("transport", {
 *   mqtt: new ThingsBoardMqtt("thingsboard", { server, namespace, provider }),
 *   manifest: ThingsBoardManifest.AwsMicroservices,
 *   namespace,
 *   provider,
 * });
 * ```
 */
export class ThingsBoardWorkload extends pulumi.ComponentResource {
  /** Fields for `spec.template` of the workload, YAML: for a program that makes the workload itself. Empty for the Helm chart. */
  readonly patch: pulumi.Output<string>;
  /** Folder of the overlay; empty on a cluster. */
  readonly kustomizeDirectory: pulumi.Output<string>;
  /** Values for the Helm chart, YAML; empty for everything else. */
  readonly helmValues: pulumi.Output<string>;

  /** @throws RunError for arguments that are wrong, all of them at once */
  constructor(
    name: string,
    args: ThingsBoardWorkloadArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:ThingsBoardWorkload", name, {}, opts);
    const workload = chosenWorkload(name, args);
    const target = targetFor(name, args.provider);
    const place: Place = { name, args, target, parent: this };

    if (workload === undefined) {
      this.patch = pulumi.output("");
      this.kustomizeDirectory = pulumi.output("");
      this.helmValues = pulumi.output(args.mqtt.secretName).apply(helmValues);
      writeHelmValues(place, this.helmValues);
    } else {
      const content = contentOf(args.mqtt);
      const annotations = annotationsOf(args.mqtt, workload.role);
      this.patch = pulumi
        .all([content, annotations])
        .apply(([known, texts]) =>
          stringify(templateOf(podPatch(known, workload), texts)),
        );
      this.helmValues = pulumi.output("");
      if (target?.kind === "render") {
        this.kustomizeDirectory = writeOverlay(
          place,
          workload,
          content,
          annotations,
        );
      } else {
        this.kustomizeDirectory = pulumi.output("");
        patchWorkload(place, workload, annotations);
      }
    }
    this.registerOutputs({
      patch: this.patch,
      kustomizeDirectory: this.kustomizeDirectory,
      helmValues: this.helmValues,
    });
  }
}

/** What everything that is made for a component has to know. */
interface Place {
  readonly name: string;
  readonly args: ThingsBoardWorkloadArgs;
  readonly target: TargetOfProvider | undefined;
  readonly parent: pulumi.Resource;
}

type Texts = Record<string, string>;

function targetFor(
  component: string,
  provider: kubernetes.Provider | undefined,
): TargetOfProvider | undefined {
  const target = targetOf(provider);
  refuse(
    component,
    provider !== undefined && target === undefined
      ? [
          "provider: is of no KubernetesTarget, and says to nobody where its cluster is; pass the provider of one, or leave it out for the cluster that kubectl would ask.",
        ]
      : [],
  );
  return target;
}

function contentOf(mqtt: ThingsBoardSettings): pulumi.Output<WorkloadContent> {
  return pulumi
    .all([variablesOf(mqtt), mqtt.mounts, mqtt.ports])
    .apply(([variables, mounts, ports]) => ({ ...variables, mounts, ports }));
}

function variablesOf(
  mqtt: ThingsBoardSettings,
): pulumi.Output<Omit<WorkloadContent, "mounts" | "ports">> {
  return pulumi.output({
    environment: mqtt.environment,
    configMapName: mqtt.configMapName,
    secretEnvironmentNames: mqtt.secretEnvironmentNames ?? [],
    environmentSecretName: mqtt.environmentSecretName ?? "",
    connectivityEnvironment: mqtt.connectivityEnvironment ?? {},
    connectivityConfigMapName: mqtt.connectivityConfigMapName ?? "",
  });
}

function annotationsOf(
  mqtt: ThingsBoardSettings,
  role: string,
): pulumi.Output<Texts> {
  return pulumi
    .all([
      mqtt.configurationAnnotations ?? {},
      serves(role, "mqtt") ? (mqtt.podAnnotations ?? {}) : {},
      serves(role, "http") ? (mqtt.nodeAnnotations ?? {}) : {},
    ])
    .apply((all) => Object.assign({}, ...all) as Texts);
}

function templateOf(pod: object, annotations: Texts): Record<string, unknown> {
  return {
    ...(Object.keys(annotations).length > 0 && { metadata: { annotations } }),
    spec: pod,
  };
}

function writeHelmValues(
  { name, target, parent }: Place,
  values: pulumi.Output<string>,
): void {
  if (target?.kind === "render") {
    new ConfigurationFiles(
      `${name}-values`,
      {
        directory: `${target.renderDirectory ?? "rendered"}/helm/${name}`,
        files: { "values.yaml": values },
      },
      { parent },
    );
  }
}

/** @returns the folder, once it is written */
function writeOverlay(
  { name, args, target, parent }: Place,
  workload: ChosenWorkload,
  content: pulumi.Output<WorkloadContent>,
  annotations: pulumi.Output<Texts>,
): pulumi.Output<string> {
  const folder = `${target?.renderDirectory ?? "rendered"}/kustomize/${name}`;
  const base =
    args.base === undefined ? undefined : basePath(args.base, folder);
  const pods = {
    group: "apps",
    version: "v1",
    kind: workload.kind,
    name: workload.name,
  };
  const service = {
    group: "",
    version: "v1",
    kind: "Service",
    name: workload.service,
  };
  const hasService = workload.service !== "";
  // One by one: the preview shows which files there will be, before it knows what is in them.
  const files = {
    "kustomization.yaml": kustomization({
      ...(base !== undefined && { base }),
      targets: hasService ? [pods, service] : [pods],
    }),
    "README.md": overlayReadme(
      folder,
      `${workload.kind} ${workload.name}`,
      args.base,
    ),
    [patchFile(pods)]: pulumi
      .all([content, annotations, checkedNamespace(name, args)])
      .apply(([known, texts]) => {
        const pod = podPatch(known, workload);
        const template = strategicPodPatch(pod, workload.leftovers);
        return patchText(pods, {
          spec: { template: templateOf(template, texts) },
        });
      }),
    ...(hasService && {
      [patchFile(service)]: pulumi.output(args.mqtt.ports).apply((ports) =>
        patchText(service, {
          spec: { ports: servicePorts(ports, workload.role) },
        }),
      ),
    }),
  };
  return new ConfigurationFiles(
    `${name}-overlay`,
    { directory: folder, files },
    { parent },
  ).directory;
}

function patchWorkload(
  { name, args, target, parent }: Place,
  workload: ChosenWorkload,
  annotations: pulumi.Output<Texts>,
): void {
  const { role } = workload;
  // One by one: what a preview knows of them is checked then, and the rest in the update.
  const variables = variablesOf(args.mqtt);
  const ports = pulumi.output(args.mqtt.ports);
  const volumes = pulumi
    .output(args.mqtt.mounts)
    .apply((mounts) => podVolumes(mounts, workload));
  const namespace = checkedNamespace(name, args);
  const shared = {
    ...(target?.kubeconfig !== undefined && { kubeconfig: target.kubeconfig }),
    ...(target?.context !== undefined && { context: target.context }),
    ...(target?.clusterIdentifier !== undefined && {
      cluster: target.clusterIdentifier,
    }),
    namespace,
    fieldManager: fieldManager(name),
    takeOver: args.takeOver ?? false,
  };
  const opts = {
    parent,
    // The pods must find the Secret and ConfigMaps, and the access to the cluster comes first.
    dependsOn: [args.mqtt, args.provider].filter((one) =>
      pulumi.Resource.isInstance(one),
    ),
  };
  new WorkloadPatch(
    name,
    {
      ...shared,
      kind: workload.kind,
      name: workload.name,
      fields: {
        spec: {
          template: {
            metadata: { annotations },
            spec: {
              securityContext: volumes.securityContext,
              volumes: volumes.volumes,
              containers: [
                {
                  name: workload.container,
                  ports: ports.apply((known) => containerPorts(known, role)),
                  env: variables.apply((known) =>
                    containerVariables(known, role),
                  ),
                  volumeMounts: volumes.volumeMounts,
                },
              ],
            },
          },
        },
      },
      literals: variables.apply((known) => literals(known, role)),
      leftovers: [...workload.leftovers.environment],
    },
    opts,
  );
  if (workload.service !== "") {
    new WorkloadPatch(
      `${name}-service`,
      {
        ...shared,
        kind: "Service",
        name: workload.service,
        fields: {
          spec: {
            ports: ports.apply((known) => servicePorts(known, role)),
          },
        },
      },
      opts,
    );
  }
}

/** Of this component alone, whatever other stacks do with the workload. */
function fieldManager(component: string): string {
  const whole = [
    "mqtt-pki",
    pulumi.getProject(),
    pulumi.getStack(),
    component,
  ].join("/");
  const isPlain = /^[!-~]{1,128}$/.test(whole);
  return isPlain
    ? whole
    : `mqtt-pki/${createHash("sha256").update(whole).digest("hex").slice(0, 40)}`;
}
