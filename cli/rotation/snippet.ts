import type { Subject } from "../../pki/subject";
import type { LedgerEvidence } from "../../rotation/evidence";
import { isTrusted } from "../../rotation/generation";
import type { Change } from "./change";

/**
 * A CA's `generations` as a program in TypeScript has them after a change, for
 * a program that does not take them from the configuration.
 *
 * @param named whether the program has `generations` for this CA already
 */
export function generationsSnippet(
  { generations }: Pick<LedgerEvidence, "generations">,
  { states, added }: Change,
  named: boolean,
): string {
  const kept = named
    ? Object.entries(generations)
        .filter(([id, { state }]) => isTrusted(state) || states[id])
        .map(([id, { state }]): [string, string] => [
          id,
          `{ state: ${JSON.stringify(states[id] ?? state)} }, // what else it says stays`,
        ])
    : [];
  const fresh = Object.entries(added).map(
    ([id, { state, subject }]): [string, string] => [
      id,
      subject === undefined
        ? `{ state: ${JSON.stringify(state)} },`
        : `{\n    state: ${JSON.stringify(state)},\n    subject: {\n${members(subject)}    },\n  },`,
    ],
  );
  const lines = [...kept, ...fresh]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([id, text]) => `  ${JSON.stringify(id)}: ${text}\n`);
  return `generations: {\n${lines.join("")}},\n`;
}

function members(subject: Subject): string {
  return Object.entries(subject)
    .map(([name, value]) => `      ${name}: ${JSON.stringify(value)},\n`)
    .join("");
}
