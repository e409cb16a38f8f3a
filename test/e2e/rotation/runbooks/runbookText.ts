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

/** Reads `docs/runbooks/<name>.md`. */
export function readRunbook(name: string): RunbookText {
  const file = join(ROOT, "docs", "runbooks", `${name}.md`);
  const text = readFileSync(file, "utf8");
  const sections = text.split(/^### /m).slice(1);
  return {
    steps: sections
      .filter((section) => /^`\d\d-/.test(section))
      .map((section) => ({
        id: /^`([^`]+)`/.exec(section)?.[1] ?? "",
        refusedBy: /\*\*Refused: (I\d+)\*\*/.exec(section)?.[1],
        change: blocks(section, "diff")[0] ?? "",
      })),
    commands: blocks(text, "sh"),
  };
}

function blocks(text: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...text.matchAll(fence)].map(([, block]) => block ?? "");
}
