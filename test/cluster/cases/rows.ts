import { appendFileSync } from "node:fs";
import { z } from "zod";
import type { Engine } from "../../e2e/conformance/engines";

/** The file that collects rows for the table of `npm run cluster`. */
export const ROWS_VARIABLE = "MQTT_PKI_CLUSTER_ROWS";

export const rowSchema = z.object({
  case: z.string(),
  engine: z.enum(["bundled", "pulumi"]),
  verdict: z.enum(["passed", "failed", "skipped"]),
  /** What was measured, or why it was skipped. */
  figure: z.string(),
});

/** How a case went on an engine. */
export type Row = z.infer<typeof rowSchema>;

/** Prints how a case went, and keeps it for the table. */
export function note(row: Row): void {
  // Not console.log: jest puts a stack trace around it.
  process.stdout.write(
    `cluster, ${row.case}, ${row.engine}: ${row.verdict}; ${row.figure}\n`,
  );
  const file = process.env[ROWS_VARIABLE];
  if (file !== undefined) {
    appendFileSync(file, `${JSON.stringify(row)}\n`);
  }
}

/** The engines that are asked for, by name; all without a choice. */
export function isWanted(engine: Engine["name"]): boolean {
  const wanted = process.env.MQTT_PKI_CLUSTER_ENGINE;
  return wanted === undefined || wanted === engine;
}
