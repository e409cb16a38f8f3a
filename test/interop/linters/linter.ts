import { LineProcess } from "../stacks/lineProcess";
import type { Program } from "../stacks/programs";
import { pythonProgram, zlintProgram } from "../stacks/programs";

/** What a linter said of a certificate. */
export interface Finding {
  /** The lint that found it. */
  readonly lint: string;
  readonly severity: string;
  readonly details: string;
}

/** A program that looks at certificates one by one. */
export interface Linter {
  readonly name: string;
  readonly howToGet: string;
  /** Whether it also looks at an issuer and what it issued, together. */
  readonly pairs: boolean;
  readonly find: () => Program | undefined;
}

/** The linters, each of which would rather look at the web's CAs and is told not to. */
export const LINTERS: readonly Linter[] = [
  {
    name: "zlint",
    howToGet: "see https://go.dev/doc/install; a module proxy must be in reach",
    pairs: false,
    find: zlintProgram,
  },
  {
    name: "pkilint",
    howToGet: "apt install python3-venv, and pip must reach PyPI",
    pairs: true,
    find: () => pythonProgram("lint"),
  },
];

/** Lints files, or pairs of files: issuer and subject. */
export async function lint(
  program: Program,
  files: readonly (readonly string[])[],
): Promise<Finding[][]> {
  const process = new LineProcess(program.command);
  try {
    return await Promise.all(
      files.map(async (names) => {
        const answer = await process.ask(names.join("\t"));
        return JSON.parse(answer) as Finding[];
      }),
    );
  } finally {
    process.end();
  }
}

/** Whether it is a violation of a standard. */
export function isError({ severity }: Finding): boolean {
  return ["error", "fatal"].includes(severity);
}
