import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { nameProblems, namespaceProblems, refuse } from "./kubernetes";
import { targetOf } from "./kubernetesTarget";
import { liveMetadata } from "./objectOwner";

/** Kinds of workloads, for {@link WorkloadArgs.kind}. */
export const WorkloadKind = {
  Deployment: "Deployment",
  StatefulSet: "StatefulSet",
  DaemonSet: "DaemonSet",
} as const;

/** A workload that is there already, made by `kubectl`, Helm or another stack. */
export interface WorkloadArgs {
  /** One of {@link WorkloadKind}. */
  kind: string;
  /** Known while the program runs. */
  name: string;
  /** Known while the program runs. Default: that of the Secret or ConfigMap, where there is one only. */
  namespace?: string;
}

/**
 * A workload whose pods are replaced when what they load has changed: an
 * annotation of its pod template says what they are to have loaded, and
 * Kubernetes rolls them out as the workload's own strategy says. Nothing else
 * of the workload is touched, and nothing is undone: pods are not restarted
 * because an entry, or the stack, goes away.
 */
export interface RestartArgs extends WorkloadArgs {
  /**
   * The annotation, below `mqtt-pki/`. Default `mqtt-pki/certificate-sha256` for
   * a certificate and `mqtt-pki/bundle-sha256` for a bundle; another one where
   * a workload loads two of them.
   */
  annotation?: string;
}

/** What restarts workloads, and where. */
export interface RestartCause {
  readonly component: string;
  /** The property under which the user named the workloads. */
  readonly path: string;
  /** Where the Secret or ConfigMap is; a pod mounts those of its own namespace only. */
  readonly namespaces: readonly pulumi.Input<string>[];
  /** Whether pods of all namespaces can mount it, as a ClusterTrustBundle. */
  readonly everywhere: boolean;
  /** The annotation of the pod template, and its text. */
  readonly annotation: string;
  readonly text: pulumi.Output<string>;
  readonly provider: kubernetes.Provider | undefined;
  readonly parent: pulumi.Resource;
  /** The pods must find the new Secret or ConfigMap. */
  readonly after: readonly pulumi.Resource[];
}

const ANNOTATION = /^mqtt-pki\/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

const PATCHES = {
  [WorkloadKind.Deployment]: kubernetes.apps.v1.DeploymentPatch,
  [WorkloadKind.StatefulSet]: kubernetes.apps.v1.StatefulSetPatch,
  [WorkloadKind.DaemonSet]: kubernetes.apps.v1.DaemonSetPatch,
};

/**
 * Writes an annotation onto the pod templates of workloads, after what they
 * load has been written.
 *
 * @throws RunError for entries that are wrong, all of them at once
 */
export function restartWorkloads(
  workloads: readonly RestartArgs[] | undefined,
  cause: RestartCause,
): void {
  if (workloads === undefined || workloads.length === 0) {
    return;
  }
  refuse(cause.component, entryProblems(workloads, cause));
  if (targetOf(cause.provider)?.kind === "render") {
    sayHowToRender(workloads, cause);
    return;
  }
  for (const [index, workload] of workloads.entries()) {
    patch(workload, `${cause.path}[${index}]`, cause);
  }
}

function entryProblems(
  workloads: readonly RestartArgs[],
  { path, namespaces, everywhere, annotation: own }: RestartCause,
): string[] {
  const seen = new Map<string, string>();
  return workloads.flatMap(({ kind, name, namespace, annotation }, index) => {
    const entry = `${path}[${index}]`;
    const identity = JSON.stringify([kind, namespace, name]);
    const first = seen.get(identity);
    seen.set(identity, first ?? entry);
    return [
      ...(Object.hasOwn(PATCHES, kind)
        ? []
        : [
            `${entry}.kind: ${JSON.stringify(kind)} is no kind of workload that can be restarted; write one of ${Object.keys(PATCHES).join(", ")}.`,
          ]),
      ...nameProblems(name, `${entry}.name`),
      ...(namespace !== undefined
        ? namespaceProblems(namespace, `${entry}.namespace`)
        : namespaces.length === 1 && !everywhere
          ? []
          : [
              `${entry}.namespace: is missing; write the one in which ${JSON.stringify(name)} is.`,
            ]),
      ...(annotation === undefined || ANNOTATION.test(annotation)
        ? []
        : [
            `${entry}.annotation: ${JSON.stringify(annotation)} is no annotation of this package; write "mqtt-pki/" and 1 to 63 of A-Z a-z 0-9 . _ -, such as ${JSON.stringify(own)}.`,
          ]),
      ...(first === undefined ? [] : [`${entry}: stands in ${first} already.`]),
    ];
  });
}

/** Nobody can patch what is rendered, and a file with half a workload would be taken for a whole one. */
function sayHowToRender(
  workloads: readonly RestartArgs[],
  { component, path, parent, annotation }: RestartCause,
): void {
  const named = workloads.map(({ kind, name }) => `${kind} ${name}`).join(", ");
  void pulumi.log.info(
    `${component}: ${path}: YAML in a folder restarts nothing; where the manifests of ${named} come from, put ${annotation} into spec.template.metadata.annotations (the output podAnnotations has its text). With a cluster as target, an update does it.`,
    parent,
  );
}

function patch(
  { kind, name, namespace, annotation }: RestartArgs,
  path: string,
  cause: RestartCause,
): void {
  const { component, text, provider, parent, after } = cause;
  const key = annotation ?? cause.annotation;
  const where = pulumi.all([...cause.namespaces]).apply((namespaces) => {
    const chosen = namespace ?? namespaces[0] ?? "";
    refuse(
      component,
      cause.everywhere || namespaces.includes(chosen)
        ? claimProblems(provider, { kind, name, chosen, key }, component, path)
        : [
            `${path}.namespace: ${JSON.stringify(chosen)} has no object of this component, and a pod mounts those of its own namespace only; write one of ${namespaces.join(", ")}.`,
          ],
    );
    return chosen;
  });
  const found = thereIs({ kind, name, where }, path, cause);
  const Patch = PATCHES[kind as keyof typeof PATCHES];
  new Patch(
    namespace === undefined
      ? `${component}-restart-${name}`
      : `${component}-restart-${namespace}/${name}`,
    {
      metadata: {
        namespace: found,
        name,
        annotations: {
          // The key is this package's own. Without force, an entry that was taken out and comes back would be in
          // conflict with itself.
          "pulumi.com/patchForce": "true",
          // An update is done when the certificate is out; `kubectl rollout status` says how the pods get on.
          "pulumi.com/skipAwait": "true",
        },
      },
      spec: { template: { metadata: { annotations: { [key]: text } } } },
    },
    {
      parent,
      dependsOn: [...after],
      // To take the annotation away would restart the pods for nothing, and fail where the workload is gone.
      retainOnDelete: true,
      // The answer holds the whole workload, and somebody's passwords may be in there.
      additionalSecretOutputs: ["metadata", "spec", "status"],
      ...(provider !== undefined && { provider }),
    },
  );
}

/**
 * The namespace, once the workload has been found in it. What is not there
 * would be created by the patch, which is no whole workload; the server's
 * answer to that tells nobody what is wrong.
 */
function thereIs(
  {
    kind,
    name,
    where,
  }: {
    readonly kind: string;
    readonly name: string;
    readonly where: pulumi.Output<string>;
  },
  path: string,
  { component, provider }: RestartCause,
): pulumi.Output<string> {
  const live = liveMetadata(provider, {
    apiVersion: "apps/v1",
    kind,
    namespace: where,
    name,
  });
  return live === undefined
    ? where
    : pulumi.all([where, live]).apply(([namespace, { readable, exists }]) => {
        refuse(
          component,
          readable && !exists
            ? [
                `${path}.name: there is no ${kind} ${JSON.stringify(name)} in ${JSON.stringify(namespace)}. Deploy it before, correct the name, or leave the entry out: a workload that this program makes itself takes podAnnotations instead.`,
              ]
            : [],
        );
        return namespace;
      });
}

/** Who writes which annotation of which workload, for each cluster of a program. */
const claims = new WeakMap<kubernetes.Provider, Map<string, string>>();

function claimProblems(
  provider: kubernetes.Provider | undefined,
  workload: {
    readonly kind: string;
    readonly name: string;
    readonly chosen: string;
    readonly key: string;
  },
  component: string,
  path: string,
): string[] {
  if (provider === undefined) {
    return [];
  }
  const claimed = claims.get(provider) ?? new Map<string, string>();
  claims.set(provider, claimed);
  const identity = JSON.stringify(workload);
  const other = claimed.get(identity);
  claimed.set(identity, other ?? component);
  return other === undefined || other === component
    ? []
    : [
        `${path}.annotation: ${JSON.stringify(workload.key)} of the ${workload.kind} ${JSON.stringify(workload.name)} is written by ${JSON.stringify(other)} already, and the two would restart its pods in turn; write another annotation here, such as ${JSON.stringify(annotationOf(component))}.`,
      ];
}

function annotationOf(component: string): string {
  const word = component.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-/, "");
  return `mqtt-pki/${word.slice(0, 50)}-sha256`;
}
