import type { Command } from "commander";
import { UsageError } from "../options";
import type { StackState } from "./state";
import { readStateFile } from "./state";

/** Which stack's state is meant. */
export interface StateOptions {
  readonly state?: string;
  readonly stack: string;
}

/** The options by which a command is told whose state it reads; see bin/stateCommands.mjs. */
export function addStateOptions(command: Command): Command {
  return command
    .option("-s, --stack <name>", "the stack", "dev")
    .option("--engine <name>", "who reads the stack: bundled or pulumi")
    .option("--state <file>", "what `stack export` wrote, in its place");
}

/**
 * Reads the state of a stack that has CAs.
 *
 * @throws UsageError where there is none
 */
export function readState({ state }: StateOptions): StackState {
  if (state === undefined) {
    // bin/stateCommands.mjs, by which the command is started, exports the stack and names the file here.
    throw new UsageError(
      "no state is named; write --state FILE with what `stack export` wrote.",
    );
  }
  const found = readStateFile(state);
  if (found.authorities.length === 0) {
    throw new UsageError(
      "the stack has no CA: no resource mqtt-pki:index:CertificateAuthority.",
    );
  }
  return found;
}
