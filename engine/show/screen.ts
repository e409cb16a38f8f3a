import { stripVTControlCharacters } from "node:util";

import { isDefaultProvider, parseUrn } from "../urn";
import { equal } from "../values";
import type {
  Diagnostic,
  Display,
  Operation,
  Phase,
  PhaseResult,
  Step,
} from "./events";
import { groupedBy } from "./grouping";
import { RunningSteps } from "./runningSteps";
import {
  changeText,
  diffLines,
  OPERATIONS,
  outputLines,
  shortType,
} from "./text";

const TITLES: Record<Phase, string> = {
  preview: "Previewing update",
  update: "Updating",
  "destroy-preview": "Previewing destroy",
  destroy: "Destroying",
  "refresh-preview": "Previewing refresh",
  refresh: "Refreshing",
};

const PROGRESS_AFTER_MS = 2_000;
const PROGRESS_EVERY_MS = 10_000;

/** The width of one level of the tree. */
const BRANCH = 3;

/** A finished step as it is shown. */
interface Row {
  step: Step;
  failed: boolean;
  seconds: number;
}

/** How the screen is to look. */
export interface ScreenOptions {
  stack: string;
  /** Whether a person watches: a tree in colour at the end, and a line that moves meanwhile. */
  terminal: boolean;
  color: boolean;
  diff: boolean;
  showSecrets: boolean;
  write: (text: string) => void;
}

/** Shows previews and updates in words, as Pulumi shows them. */
export class Screen implements Display {
  private phase: Phase = "preview";
  private rows: Row[] = [];
  private diagnostics: Diagnostic[] = [];
  private done = 0;
  private started = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private progressShown = false;
  private readonly running = new RunningSteps((step, message) => {
    this.stillRunning(step, message);
  });

  constructor(private readonly options: ScreenOptions) {}

  phaseStarted(phase: Phase): void {
    this.phase = phase;
    this.rows = [];
    this.diagnostics = [];
    this.done = 0;
    this.started = Date.now();
    this.line(`${TITLES[phase]} (${this.options.stack}):`);
    this.line("");
    const every = this.options.terminal ? 500 : PROGRESS_EVERY_MS;
    this.timer = setTimeout(() => {
      this.progress();
      this.timer = setInterval(() => {
        this.progress();
      }, every);
    }, PROGRESS_AFTER_MS);
  }

  stepStarted(step: Step): () => void {
    return this.running.started(step);
  }

  stepDone(step: Step, failed: boolean, seconds: number): void {
    const row = { step, failed, seconds };
    this.rows.push(row);
    if (!isShown(step)) {
      return;
    }
    this.done += 1;
    if (!this.options.terminal || this.options.diff) {
      this.line(this.rowText(row, shortType(step.type), step.name));
    }
    if (this.options.diff) {
      for (const text of diffLines(
        step.before,
        step.after,
        this.options.showSecrets,
      )) {
        this.line(text);
      }
    }
  }

  diagnostic(diagnostic: Diagnostic): void {
    if (diagnostic.severity === "debug") {
      return;
    }
    if (diagnostic.passing === true) {
      this.running.says(diagnostic.urn, diagnostic.message);
      return;
    }
    this.diagnostics.push(diagnostic);
    if (!this.options.terminal && diagnostic.severity !== "error") {
      const [first = ""] = diagnostic.message.split("\n");
      this.line(
        `    ${this.subject(diagnostic.urn)} ${prefix(diagnostic)}${first}`,
      );
    }
  }

  note(message: string): void {
    this.line(message);
  }

  phaseEnded(result: PhaseResult): void {
    this.close();
    if (this.options.terminal && !this.options.diff) {
      this.tree();
    }
    if (result.succeeded) {
      this.showDiagnostics();
      this.showOutputs(result);
      this.showCounts(result);
    } else {
      // What went wrong comes last, where the eye is when the command has ended.
      this.showCounts(result);
      this.showDiagnostics();
    }
    if (!isPreview(this.phase)) {
      this.line(
        `Duration: ${Math.max(1, Math.round(result.milliseconds / 1000))}s`,
      );
      this.line("");
    }
  }

  close(): void {
    clearTimeout(this.timer);
    this.running.clear();
    this.eraseProgress();
  }

  private rowText(
    { step, failed, seconds }: Row,
    type: string,
    name: string,
  ): string {
    const { mark, plan, done, color } = OPERATIONS[step.op];
    const duration =
      seconds < 1 ? seconds.toFixed(2) : String(Math.round(seconds));
    const what = failed
      ? "failed"
      : isPreview(this.phase)
        ? plan
        : `${done} (${duration}s)`;
    const changes =
      step.changes.length === 0 ? "" : ` [diff: ${changeText(step.changes)}]`;
    const status = step.op === "same" ? "" : `${what}${changes}`;
    return ` ${this.paint(failed ? 31 : color, mark)} ${type} ${name} ${status}`.trimEnd();
  }

  /** The resources that change, below the components they belong to. */
  private tree(): void {
    const parents = new Map(
      this.rows.map(({ step }) => [step.urn, step.parent]),
    );
    const shown = new Set<string>();
    for (const { step } of this.rows.filter((row) => isShown(row.step))) {
      for (
        let urn = step.urn;
        parents.has(urn) && !shown.has(urn);
        urn = parents.get(urn) ?? ""
      ) {
        shown.add(urn);
      }
    }
    const rows = this.rows.filter(
      ({ step }) =>
        shown.has(step.urn) && !isDefaultProvider(step.type, step.name),
    );
    const widest = (lengths: number[]): number => Math.max(0, ...lengths);
    const typeWidth = widest(
      rows.map(
        ({ step }) =>
          shortType(step.type).length + BRANCH * depth(step, parents),
      ),
    );
    const children = groupedBy(rows, ({ step }) => step.parent);
    const nameWidth = widest(rows.map(({ step }) => step.name.length));
    const print = (row: Row, lead: string, branch: string): void => {
      const { step } = row;
      const type = `${lead}${branch}${shortType(step.type)}`.padEnd(typeWidth);
      this.line(this.rowText(row, type, ` ${step.name.padEnd(nameWidth)} `));
      const below = branch === "" ? "" : branch.startsWith("├") ? "│  " : "   ";
      if (step.op !== "delete-replaced") {
        printAll(children.get(step.urn) ?? [], lead + below, true);
      }
    };
    const printAll = (
      siblings: Row[],
      lead: string,
      branches: boolean,
    ): void => {
      siblings.forEach((row, index) => {
        const last = index === siblings.length - 1;
        print(row, lead, branches ? (last ? "└─ " : "├─ ") : "");
      });
    };
    printAll(
      rows.filter(({ step }) => !shown.has(step.parent)),
      "",
      false,
    );
    if (rows.length > 0) {
      this.line("");
    }
  }

  private showDiagnostics(): void {
    if (this.diagnostics.length === 0) {
      return;
    }
    this.line("Diagnostics:");
    const byUrn = groupedBy(this.diagnostics, ({ urn }) => urn);
    const urns = [...byUrn.keys()];
    const failing = new Set(
      this.diagnostics
        .filter(({ severity }) => severity === "error")
        .map(({ urn }) => urn),
    );
    for (const urn of [
      ...urns.filter((one) => !failing.has(one)),
      ...urns.filter((one) => failing.has(one)),
    ]) {
      this.line(`  ${this.subject(urn)}:`);
      const own = byUrn.get(urn) ?? [];
      const ordered = [
        ...own.filter(({ severity }) => severity !== "error"),
        ...own.filter(({ severity }) => severity === "error"),
      ];
      for (const diagnostic of ordered) {
        const text = `${prefix(diagnostic)}${diagnostic.message.trimEnd()}`;
        this.line(`    ${text.replaceAll("\n", "\n    ")}`);
      }
    }
    this.line("");
  }

  private showOutputs(result: PhaseResult): void {
    const lines = outputLines(
      result.outputs,
      result.previousOutputs,
      this.options.showSecrets,
    );
    const changed = !equal(result.outputs, result.previousOutputs);
    if (lines.length > 0 && (changed || !isPreview(this.phase))) {
      this.line("Outputs:");
      lines.forEach((line) => {
        this.line(line);
      });
      this.line("");
    }
  }

  private showCounts(result: PhaseResult): void {
    const preview = isPreview(this.phase);
    const kinds: Operation[] = [
      "create",
      "import",
      "import-replacement",
      "update",
      "replace",
      "delete",
    ];
    const changes = kinds.filter((op) => (result.counts.get(op) ?? 0) > 0);
    const total = changes.reduce(
      (sum, op) => sum + (result.counts.get(op) ?? 0),
      0,
    );
    const unchanged = result.counts.get("same") ?? 0;
    this.line("Resources:");
    for (const op of changes) {
      const { mark, plan, done, color } = OPERATIONS[op];
      const text = `${mark}${result.counts.get(op) ?? 0} ${preview ? `to ${plan}` : done}`;
      this.line(`    ${this.paint(color, text)}`);
    }
    if (unchanged > 0 || changes.length === 0) {
      this.line(
        `    ${changes.length > 1 ? `${total} changes. ` : ""}${unchanged} unchanged`,
      );
    }
    if (result.lost > 0) {
      this.line(`    ${this.paint(31, `${result.lost} failed`)}`);
    }
    this.line("");
  }

  private subject(urn: string): string {
    const parts = parseUrn(urn);
    return parts === undefined
      ? `pulumi:pulumi:Stack (${this.options.stack})`
      : `${shortType(parts.type)} (${parts.name})`;
  }

  /** Says in a line of its own what takes its time; a person who watches sees it in the line that moves. */
  private stillRunning(step: Step, message: string): void {
    if (this.options.terminal || isDefaultProvider(step.type, step.name)) {
      return;
    }
    const { mark, doing, color } = OPERATIONS[step.op];
    this.line(
      ` ${this.paint(color, mark)} ${shortType(step.type)} ${step.name} ${doing}... ${message}`.trimEnd(),
    );
  }

  private progress(): void {
    const seconds = Math.round((Date.now() - this.started) / 1000);
    const slow = this.options.terminal ? this.running.slowest() : undefined;
    const what =
      slow === undefined
        ? ""
        : `, ${OPERATIONS[slow.step.op].doing} ${slow.step.name}... ${slow.message}`.trimEnd();
    const text = `@ ${TITLES[this.phase].toLowerCase()}... ${this.done} done, ${seconds}s${what}`;
    if (this.options.terminal) {
      const columns = process.stdout.columns || 80;
      this.options.write(`\r${text.slice(0, columns - 1)}\u001b[K`);
      this.progressShown = true;
    } else {
      this.options.write(`${text}\n`);
    }
  }

  private eraseProgress(): void {
    if (this.progressShown) {
      this.options.write("\r\u001b[K");
      this.progressShown = false;
    }
  }

  private line(text: string): void {
    this.eraseProgress();
    // Programs colour their errors whoever reads them.
    const plain = this.options.color ? text : stripVTControlCharacters(text);
    this.options.write(`${plain}\n`);
  }

  private paint(color: number, text: string): string {
    return this.options.color && color !== 0
      ? `\u001b[${color}m${text}\u001b[0m`
      : text;
  }
}

function isPreview(phase: Phase): boolean {
  return phase.endsWith("preview");
}

/** Whether a step is worth a line: what stays as it is, and providers nobody asked for by name, are not. */
export function isShown(step: Step): boolean {
  return step.op !== "same" && !isDefaultProvider(step.type, step.name);
}

function prefix({ severity }: Diagnostic): string {
  return severity === "info" ? "" : `${severity}: `;
}

function depth(step: Step, parents: Map<string, string>): number {
  let levels = 0;
  for (let urn = step.parent; parents.has(urn); urn = parents.get(urn) ?? "") {
    levels += 1;
  }
  return levels;
}
