import type { Surroundings } from "../../../cli/program";
import { main } from "../../../cli/program";
import { DEFAULT_NOW } from "../../pki/support/authority";

/** What a command did. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a command line in this process, at {@link DEFAULT_NOW}. */
export async function runCli(
  args: readonly string[],
  overrides: Partial<Surroundings> = {},
): Promise<Run> {
  let out = "";
  let error = "";
  const code = await main(args, {
    now: DEFAULT_NOW,
    out: (text) => {
      out += text;
    },
    error: (text) => {
      error += text;
    },
    clock: () => 0,
    ...overrides,
  });
  return { code, out, error };
}
