import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const reference = z.object({ name: z.string(), key: z.string() });
const patchSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    template: z.object({
      metadata: z
        .object({ annotations: z.record(z.string(), z.string()) })
        .optional(),
      spec: z.object({
        volumes: z.array(
          z.looseObject({
            name: z.string(),
            secret: z.looseObject({ secretName: z.string() }).optional(),
            configMap: z.looseObject({ name: z.string() }).optional(),
          }),
        ),
        containers: z.tuple([
          z.looseObject({
            ports: z
              .array(z.object({ containerPort: z.number() }).loose())
              .default([]),
            env: z.array(
              z.looseObject({
                name: z.string(),
                valueFrom: z
                  .object({
                    configMapKeyRef: reference.optional(),
                    secretKeyRef: reference.optional(),
                  })
                  .optional(),
              }),
            ),
            volumeMounts: z.array(
              z.looseObject({
                name: z.string(),
                mountPath: z.string(),
                subPath: z.undefined().optional(),
              }),
            ),
          }),
        ]),
      }),
    }),
  }),
});

/** What a Kustomize patch says of the pods of a workload. */
export type PodTemplatePatch = z.infer<typeof patchSchema>["spec"]["template"];

/** Reads the patch of a workload's pods. */
export function readPatch(file: string): {
  readonly workload: string;
  readonly template: PodTemplatePatch;
} {
  const { metadata, spec } = patchSchema.parse(
    parse(readFileSync(file, "utf8")),
  );
  return { workload: metadata.name, template: spec.template };
}
