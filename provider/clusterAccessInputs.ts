import { z } from "zod";
import type { ClusterUse } from "../cluster/permissions";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";

const placed = {
  name: z.string(),
  namespace: z.string().exactOptional(),
};

/** The inputs of `mqtt-pki:index:ClusterAccess`. */
export const inputsSchema = z.strictObject({
  kubeconfig: z.string().exactOptional(),
  context: z.string().exactOptional(),
  namespaces: z.array(z.string()),
  createNamespace: z.boolean().exactOptional(),
  whenUnreachable: z.string().exactOptional(),
  workloads: z
    .array(z.strictObject({ kind: z.string(), ...placed }))
    .exactOptional(),
  clusterTrustBundles: z
    .array(
      z.strictObject({
        name: z.string(),
        signerName: z.string().exactOptional(),
        version: z.string().exactOptional(),
      }),
    )
    .exactOptional(),
  certManagerIssuers: z
    .array(z.strictObject({ kind: z.string(), ...placed }))
    .exactOptional(),
  readSecrets: z.array(z.strictObject(placed)).exactOptional(),
  jobs: z.boolean().exactOptional(),
});

/** @see {@link inputsSchema} */
export type ClusterAccessInputs = z.infer<typeof inputsSchema>;

const KINDS = {
  workloads: ["Deployment", "StatefulSet", "DaemonSet", "Service"],
  certManagerIssuers: ["Issuer", "ClusterIssuer"],
} as const;

/** What is wrong before any cluster is asked. */
export function inputProblems(inputs: ClusterAccessInputs): Problem[] {
  const kindProblems = (["workloads", "certManagerIssuers"] as const).flatMap(
    (list) =>
      (inputs[list] ?? []).flatMap(({ kind }, index) => {
        const kinds: readonly string[] = KINDS[list];
        return kinds.includes(kind)
          ? []
          : [
              {
                path: `${list}[${index}].kind`,
                message: `${quote(kind)} is none of them; write ${kinds.join(", ")}.`,
              },
            ];
      }),
  );
  const { namespaces, whenUnreachable = "refuse" } = inputs;
  return [
    ...(namespaces.length === 0
      ? [{ path: "namespaces", message: "is empty; write at least one." }]
      : []),
    ...kindProblems,
    ...(["refuse", "continue"].includes(whenUnreachable)
      ? []
      : [
          {
            path: "whenUnreachable",
            message: `${quote(whenUnreachable)} is none; write refuse or continue.`,
          },
        ]),
  ];
}

/** What a program does with the cluster, with a namespace for everything. */
export function useOf(inputs: ClusterAccessInputs): ClusterUse {
  const [first = ""] = inputs.namespaces;
  const place = <T extends { readonly namespace?: string }>(object: T) => ({
    ...object,
    namespace: object.namespace ?? first,
  });
  return {
    namespaces: inputs.namespaces,
    ...(inputs.createNamespace === true && { createNamespace: true }),
    ...(inputs.jobs === true && { jobs: true }),
    workloads: (inputs.workloads ?? []).map(place),
    clusterTrustBundles: inputs.clusterTrustBundles ?? [],
    certManagerIssuers: (inputs.certManagerIssuers ?? []).map(place),
    readSecrets: (inputs.readSecrets ?? []).map(place),
  };
}
