import { stripVTControlCharacters } from "node:util";

import {
  isMap,
  isSecret,
  type PropertyMap,
  type PropertyValue,
  revealAll,
  UNKNOWN,
} from "../values";
import type { Diagnostic, Display, PhaseResult, Step } from "./events";
import { isShown } from "./screen";

/** Collects a run into one JSON document. */
export class JsonReport implements Display {
  private steps: { step: Step; failed: boolean }[] = [];
  private diagnostics: Diagnostic[] = [];
  private last: PhaseResult | undefined;
  private failure: string | undefined;

  constructor(
    private readonly showSecrets: boolean,
    private readonly writeNote: (text: string) => void,
  ) {}

  phaseStarted(): void {
    // The document is about the last phase; what was planned shows in what was done.
    this.steps = [];
    this.diagnostics = [];
  }

  stepStarted(): () => void {
    // The document is written when all is over.
    return () => undefined;
  }

  stepDone(step: Step, failed: boolean): void {
    if (isShown(step)) {
      this.steps.push({ step, failed });
    }
  }

  diagnostic(diagnostic: Diagnostic): void {
    if (diagnostic.severity !== "debug" && diagnostic.passing !== true) {
      const message = stripVTControlCharacters(diagnostic.message);
      this.diagnostics.push({ ...diagnostic, message });
    }
  }

  note(message: string): void {
    this.writeNote(`${message}\n`);
  }

  phaseEnded(result: PhaseResult): void {
    this.last = result;
  }

  close(): void {
    // The document is asked for when it is needed.
  }

  /** Notes what ended the run early. */
  failed(message: string): void {
    this.failure = message;
  }

  /** The document. */
  document(): string {
    return JSON.stringify(
      {
        phase: this.last?.phase ?? null,
        succeeded: this.failure === undefined,
        ...(this.failure === undefined ? {} : { error: this.failure }),
        steps: this.steps.map(({ step, failed }) => ({
          op: step.op,
          urn: step.urn,
          type: step.type,
          name: step.name,
          changes: step.changes.map((change) => change.slice(1)),
          replaces: step.replaces,
          ...(failed ? { failed } : {}),
        })),
        diagnostics: this.diagnostics,
        summary: Object.fromEntries(this.last?.counts ?? []),
        outputs: jsonOutputs(this.last?.outputs ?? {}, this.showSecrets),
        durationSeconds: Math.round((this.last?.milliseconds ?? 0) / 1000),
        ...(this.last?.program === undefined
          ? {}
          : {
              program: {
                seconds: this.last.program.milliseconds / 1000,
                waitingSeconds: this.last.program.waitingMilliseconds / 1000,
              },
            }),
      },
      undefined,
      2,
    );
  }
}

/** Outputs for people and scripts: secrets as `[secret]` unless they are asked for, unknowns as `[unknown]`. */
export function jsonOutputs(
  outputs: PropertyMap,
  showSecrets: boolean,
): PropertyMap {
  const show = (value: PropertyValue): PropertyValue => {
    if (isSecret(value)) {
      return showSecrets ? show(revealAll(value)) : "[secret]";
    }
    if (value === UNKNOWN) {
      return "[unknown]";
    }
    if (Array.isArray(value)) {
      return value.map(show);
    }
    return isMap(value)
      ? Object.fromEntries(
          Object.entries(value).map(([key, inner]) => [key, show(inner)]),
        )
      : value;
  };
  return Object.fromEntries(
    Object.entries(outputs).map(([key, value]) => [key, show(value)]),
  );
}
