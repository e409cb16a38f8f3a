import { appendFileSync } from "node:fs";

/**
 * Whether the tests of rotations run at their whole size, as
 * `npm run rotation-proof` has them, and not in the short form of `npm test`.
 */
export const WHOLE_PROOF = process.env.MQTT_PKI_WHOLE_PROOF === "1";

/** Prints what a test has measured, and keeps it for the table at the end of `npm run rotation-proof`. */
export function figures(title: string, text: string): void {
  const said = `${title}\n${text.trim().replace(/^/gm, "  ")}\n\n`;
  // Not console.log: jest puts a stack trace around it.
  process.stdout.write(said);
  const file = process.env.MQTT_PKI_FIGURES;
  if (file !== undefined) {
    appendFileSync(file, said);
  }
}
