import type { AuthorityName } from "../../../support/rotationFleet";

/** One phase of a rotation; B, the waiting, is no update. */
export type Phase = "A stage" | "C activate" | "D retire";

export const PHASES: readonly Phase[] = ["A stage", "C activate", "D retire"];

/** A CA that is rotated here. */
export type Rotated = Extract<
  AuthorityName,
  "serverRoot" | "serverCA" | "deviceRoot"
>;

export const ROTATED: readonly Rotated[] = [
  "serverRoot",
  "serverCA",
  "deviceRoot",
];

/** The name of each CA's component. */
export const COMPONENTS: Readonly<Record<Rotated, string>> = {
  serverRoot: "server-root",
  serverCA: "server-ca",
  deviceRoot: "device-root",
};

/** The generation of the beginning, and the one that follows it. */
export const [OLD, NEW] = ["2026a", "2027a"] as const;

/** One update: a phase of the rotation of one CA. */
export interface Step {
  readonly phase: Phase;
  readonly authority: Rotated;
}

/** What the code says of each generation of a CA in a phase. */
export const STATES: Readonly<Record<Phase, Readonly<Record<string, string>>>> =
  {
    "A stage": { [OLD]: "active", [NEW]: "staged" },
    "C activate": { [OLD]: "retiring", [NEW]: "active" },
    "D retire": { [OLD]: "retired", [NEW]: "active" },
  };

/** When each phase is, in days after the fleet's beginning: later than the waiting time of any CA asks for. */
export const DAY_OF: Readonly<Record<Phase, number>> = {
  "A stage": 1,
  "C activate": 10,
  "D retire": 20,
};

/** How many resources each step makes, changes and destroys. */
const OPERATIONS: Readonly<Record<Phase, Readonly<Record<Rotated, number>>>> = {
  "A stage": { serverRoot: 9, serverCA: 4, deviceRoot: 7 },
  "C activate": { serverRoot: 8, serverCA: 3, deviceRoot: 6 },
  "D retire": { serverRoot: 10, serverCA: 5, deviceRoot: 8 },
};

/** About how often the update of a step writes the state: before and after each operation. */
export function writesIn({ phase, authority }: Step): number {
  return 2 * OPERATIONS[phase][authority];
}

const PARTS = ["key", "request", "certificate"] as const;

/** The resources that a step makes. */
export function madeBy({ phase, authority }: Step): string[] {
  return phase === "A stage"
    ? PARTS.map((part) => `${COMPONENTS[authority]}-${NEW}-${part}`)
    : [];
}

/** The resources that a step destroys. */
export function destroyedBy({ phase, authority }: Step): string[] {
  return phase === "D retire"
    ? PARTS.map((part) => `${COMPONENTS[authority]}-${part}`)
    : [];
}

/** Below a root, its intermediates get certificates of the new one; the staged one of the server as well. */
const BELOW: Readonly<Record<Rotated, readonly string[]>> = {
  serverRoot: [
    "state server-ca-certificate",
    `state server-ca-${NEW}-certificate`,
  ],
  serverCA: ["state server-certificate", "server's Secret"],
  deviceRoot: ["state device-ca-certificate"],
};

/** Who gets a certificate in a step, and nobody else does: never a device. */
export function issuedBy(step: Step): string[] {
  if (step.phase === "A stage") {
    return [`state ${COMPONENTS[step.authority]}-${NEW}-certificate`];
  }
  return step.phase === "C activate" ? [...BELOW[step.authority]] : [];
}
