import { z } from "zod";

const stepSchema = z.object({
  op: z.string(),
  urn: z.string(),
  type: z.string(),
  name: z.string(),
  failed: z.boolean().exactOptional(),
});

/** See {@link Report}. */
export const reportSchema = z.object({
  phase: z.string(),
  succeeded: z.boolean(),
  steps: z.array(stepSchema),
  diagnostics: z.array(
    z.object({
      severity: z.string(),
      urn: z.string().exactOptional(),
      message: z.string(),
    }),
  ),
  summary: z.record(z.string(), z.number()),
  outputs: z.record(z.string(), z.unknown()),
  program: z
    .object({ seconds: z.number(), waitingSeconds: z.number() })
    .exactOptional(),
});

/** What the engine says about a preview or an update. */
export type Report = z.infer<typeof reportSchema>;

/** How a command of the engine ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** `undefined` where the command ended before it looked at any resource. */
  readonly report: Report | undefined;
}

/** An exported state's document. */
export const stateSchema = z.object({
  version: z.number(),
  deployment: z.object({
    // An empty stack has no such member.
    resources: z
      .array(
        z.looseObject({
          urn: z.string(),
          type: z.string(),
          inputs: z.record(z.string(), z.unknown()).exactOptional(),
          outputs: z.record(z.string(), z.unknown()).exactOptional(),
        }),
      )
      .default([]),
  }),
});

/** A stack's exported state. */
export type State = z.infer<typeof stateSchema>["deployment"];

/** The report of a command that must have succeeded. */
export function succeeded(command: string, outcome: Outcome): Report {
  if (outcome.code !== 0 || outcome.report === undefined) {
    const said = outcome.report?.diagnostics.map(({ message }) => message);
    throw new Error(
      `${command} ended with exit code ${outcome.code}:\n${[...(said ?? []), outcome.stderr].join("\n")}`,
    );
  }
  return outcome.report;
}

/** What a report says is done, and to what: `update Certificate server-certificate`, sorted. */
export function actions(report: Report): string[] {
  return report.steps
    .map(
      ({ op, type, name }) => `${op} ${type.split(":").at(-1) ?? type} ${name}`,
    )
    .sort();
}

/** The messages of a kind in an outcome, whichever resource they are about. */
export function messages(outcome: Outcome, severity = "error"): string[] {
  return (outcome.report?.diagnostics ?? [])
    .filter((diagnostic) => diagnostic.severity === severity)
    .map(({ message }) => message);
}
