import { z } from "zod";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";

/** The inputs of `mqtt-pki:index:WorkloadPatch`. */
export const inputsSchema = z.strictObject({
  kubeconfig: z.string().exactOptional(),
  context: z.string().exactOptional(),
  /** What the cluster is to the program. */
  cluster: z.string().exactOptional(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  fieldManager: z.string(),
  fields: z.record(z.string(), z.unknown()),
  literals: z.record(z.string(), z.string()).exactOptional(),
  leftovers: z.array(z.string()).exactOptional(),
  takeOver: z.boolean().exactOptional(),
});

/** @see {@link inputsSchema} */
export type PatchInputs = z.infer<typeof inputsSchema>;

/** Where objects of a kind are in the API. */
export const API_VERSIONS: Readonly<Record<string, string>> = {
  Deployment: "apps/v1",
  StatefulSet: "apps/v1",
  DaemonSet: "apps/v1",
  Service: "v1",
};

/** What is wrong before any cluster is asked. */
export function inputProblems({ kind, fieldManager }: PatchInputs): Problem[] {
  return [
    ...(Object.hasOwn(API_VERSIONS, kind)
      ? []
      : [
          {
            path: "kind",
            message: `${quote(kind)} is none that can be patched; write ${Object.keys(API_VERSIONS).join(", ")}.`,
          },
        ]),
    ...(/^[!-~]{1,128}$/.test(fieldManager)
      ? []
      : [
          {
            path: "fieldManager",
            message: `${quote(fieldManager)} is no name of a field manager; use 1 to 128 printable ASCII characters without spaces.`,
          },
        ]),
  ];
}
