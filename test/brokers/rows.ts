import { appendFileSync } from "node:fs";

/** The file that collects rows for the table of `npm run brokers`. */
export const ROWS_VARIABLE = "MQTT_PKI_BROKER_ROWS";

/** Brokers that are asked for, separated by commas; all without. */
const BROKERS_VARIABLE = "MQTT_PKI_BROKERS";

/** How a case went with a broker. */
export interface Row {
  readonly case: string;
  readonly broker: string;
  readonly verdict: "passed" | "failed" | "skipped";
  /** What was seen, or why it was skipped. */
  readonly figure: string;
}

/** Keeps how a case went, for the table. */
export function note(row: Row): void {
  const file = process.env[ROWS_VARIABLE];
  if (file !== undefined) {
    appendFileSync(file, `${JSON.stringify(row)}\n`);
  }
}

/** Whether the whole form is asked for, which waits where the short one gives a command. */
export function isWhole(): boolean {
  return process.env[ROWS_VARIABLE] !== undefined;
}

/** Whether this broker is asked for. */
export function isWanted(kind: string): boolean {
  const wanted = process.env[BROKERS_VARIABLE];
  return (
    wanted === undefined ||
    wanted.toLowerCase().split(",").includes(kind.toLowerCase())
  );
}
