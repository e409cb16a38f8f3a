import type { PropertyMap } from "../values";

/** What happens to a resource. */
export type Operation =
  | "same"
  | "create"
  | "update"
  | "replace"
  | "delete"
  | "delete-replaced"
  | "import"
  | "import-replacement"
  | "read"
  | "discard"
  | "discard-replaced";

/** One step of a preview or an update. */
export interface Step {
  op: Operation;
  urn: string;
  type: string;
  name: string;
  parent: string;
  /** Changed properties, each with `+`, `-` or `~` before its name. */
  changes: string[];
  /** Which of them make it a replacement. */
  replaces: string[];
  /** Inputs before and after, for `--diff`. */
  before: PropertyMap | undefined;
  after: PropertyMap | undefined;
}

export type Severity = "debug" | "info" | "warning" | "error";

/** A message about the update or one of its resources. */
export interface Diagnostic {
  severity: Severity;
  /** Empty if it belongs to no resource. */
  urn: string;
  message: string;
  /** Whether it only says what is going on right now, and is of no interest once that has ended. */
  passing?: boolean;
}

/** Who shows an update to the user. */
export interface Display {
  phaseStarted(phase: Phase): void;
  /** Something about a resource has begun that may take its time; what is returned says that it has ended. */
  stepStarted(step: Step): () => void;
  /** A step has ended; a resource that stays as it is has one too. */
  stepDone(step: Step, failed: boolean, seconds: number): void;
  diagnostic(diagnostic: Diagnostic): void;
  /** A message of the engine itself, outside the report. */
  note(message: string): void;
  phaseEnded(result: PhaseResult): void;
  /** Nothing more comes, also when a phase has not ended as it should. */
  close(): void;
}

export type Phase =
  | "preview"
  | "update"
  | "destroy-preview"
  | "destroy"
  | "refresh-preview"
  | "refresh";

/** What a phase came to. */
export interface PhaseResult {
  phase: Phase;
  succeeded: boolean;
  /** How many resources had which operation. */
  counts: Map<Operation, number>;
  /** How many failed of those the run went on after. */
  lost: number;
  outputs: PropertyMap;
  /** Undefined for a stack that is new. */
  previousOutputs: PropertyMap | undefined;
  milliseconds: number;
  /** Absent where none ran. */
  program?: ProgramTime;
}

/** How long the program took of a phase, and for how much of that a call of it was open, so that it may have waited. */
export interface ProgramTime {
  milliseconds: number;
  waitingMilliseconds: number;
}
