import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..", "..", "..");

/** A pull request as a runbook shows it. */
export interface ShownStep {
  readonly id: string;
  /** The rule that refuses it. */
  readonly refusedBy: string | undefined;
  /** The diff; empty where it shows none. */
  readonly change: string;
}

/** A runbook for operators. */
export interface RunbookText {
  readonly steps: readonly ShownStep[];
  /** The fenced blocks with shell commands. */
  readonly commands: readonly string[];
}

/** A step of a runbook for programs in TypeScript. */
export interface CodeStep {
  readonly id: string;
  /** The code as it is after it. */
  readonly code: string;
}

/** Reads `docs/runbooks/<name>.md`. */
export function readRunbook(name: string): RunbookText {
  const text = textOf(name);
  return {
    steps: stepsIn(text).map(({ id, section }) => ({
      id,
      refusedBy: /\*\*Refused: (I\d+)\*\*/.exec(section)?.[1],
      change: blocks(section, "diff")[0] ?? "",
    })),
    commands: blocks(text, "sh"),
  };
}

/** The steps of `docs/runbooks/<name>.md` with their TypeScript. */
export function readCodeSteps(name: string): CodeStep[] {
  return stepsIn(textOf(name)).map(({ id, section }) => ({
    id,
    code: blocks(section, "ts")[0] ?? "",
  }));
}

function textOf(name: string): string {
  return readFileSync(join(ROOT, "docs", "runbooks", `${name}.md`), "utf8");
}

function stepsIn(text: string): { id: string; section: string }[] {
  return text
    .split(/^### /m)
    .slice(1)
    .filter((section) => /^`\d\d-/.test(section))
    .map((section) => ({
      id: /^`([^`]+)`/.exec(section)?.[1] ?? "",
      section,
    }));
}

function blocks(text: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...text.matchAll(fence)].map(([, block]) => block ?? "");
}
