import { createInterface } from "node:readline/promises";

import type { Command } from "commander";

import { EngineError, messageOf } from "../errors";
import { type Kind, Run } from "../run";
import type { Display } from "../show/events";
import { JsonReport } from "../show/jsonReport";
import { Screen } from "../show/screen";
import type { OpenStack } from "../stack/openStack";
import {
  openStack,
  type StackFlags,
  stackFlags,
  type Surroundings,
} from "./common";

interface UpdateFlags extends StackFlags {
  yes?: boolean;
  skipPreview?: boolean;
  diff?: boolean;
  json?: boolean;
  expectNoChanges?: boolean;
  showSecrets?: boolean;
  target: string[];
  targetDependents?: boolean;
  refresh?: boolean;
  continueOnError?: boolean;
}

/** Adds the commands that change a stack, or show how they would. */
export function addUpdateCommands(
  root: Command,
  surroundings: Surroundings,
): void {
  const updates: [Kind, string][] = [
    ["up", "Create or update the resources of a stack"],
    ["preview", "Show what an update would change"],
    ["destroy", "Delete all resources of a stack"],
    ["refresh", "Take over what has become of the resources of a stack"],
  ];
  for (const [kind, description] of updates) {
    const command = stackFlags(root.command(kind).description(description))
      .option("--diff", "show what changes in each resource")
      .option("--json", "write one JSON document and nothing else")
      .option("--expect-no-changes", "fail if anything would change")
      .option("--show-secrets", "show secrets in the open")
      .option(
        "-t, --target <urn>",
        "only this resource (repeatable; * and ** stand for parts of the URN)",
        (urn: string, others: string[]) => [...others, urn],
        [],
      )
      .option("--target-dependents", "what depends on a target too");
    if (kind !== "refresh") {
      command.option("-r, --refresh", "as after a `refresh`");
    }
    if (kind === "up" || kind === "destroy") {
      command.option(
        "--continue-on-error",
        "when a resource fails, go on with those that do not depend on it (also PULUMI_CONTINUE_ON_ERROR)",
      );
    }
    if (kind !== "preview") {
      command
        .option("-y, --yes", "do not ask after the preview")
        .option("-f, --skip-preview", "update without a preview");
    }
    command.action(async (flags: UpdateFlags) => {
      await update(kind, flags, surroundings);
    });
  }
}

async function update(
  kind: Kind,
  flags: UpdateFlags,
  surroundings: Surroundings,
) {
  const interactive =
    surroundings.terminal &&
    flags.nonInteractive !== true &&
    flags.json !== true;
  if (kind !== "preview" && flags.yes !== true && !interactive) {
    throw new EngineError(
      `Without a terminal to ask at, \`${kind}\` needs --yes. To look only, use \`preview\`.`,
    );
  }
  const stack = await openStack(flags, surroundings);
  if (kind === "destroy" || kind === "refresh") {
    await stack.requireState();
  }
  const showSecrets = flags.showSecrets === true;
  const report =
    flags.json === true
      ? new JsonReport(showSecrets, surroundings.error)
      : undefined;
  const display: Display =
    report ??
    new Screen({
      stack: stack.name,
      terminal: interactive,
      color: interactive && surroundings.environment.NO_COLOR === undefined,
      diff: flags.diff === true,
      showSecrets,
      write: surroundings.out,
    });
  const run = (what: Kind, target: OpenStack): Promise<void> =>
    new Run(
      target,
      what,
      {
        skipPreview: flags.skipPreview === true,
        refreshFirst: what === "preview" && flags.refresh === true,
        targets: flags.target,
        targetDependents: flags.targetDependents === true,
        continueOnError:
          (what === "up" || what === "destroy") &&
          (flags.continueOnError ??
            isTruthy(surroundings.environment.PULUMI_CONTINUE_ON_ERROR)),
        expectNoChanges: flags.expectNoChanges === true,
        confirm: () => (flags.yes === true ? Promise.resolve(true) : ask(what)),
      },
      display,
      surroundings.environment,
    ).execute();
  try {
    if (
      flags.refresh === true &&
      kind !== "preview" &&
      stack.stored !== undefined
    ) {
      await run("refresh", stack);
      // The project's folder has been gone to already.
      const { cwd: _, ...entered } = flags;
      await run(kind, await openStack(entered, surroundings));
    } else {
      await run(kind, stack);
    }
  } catch (error) {
    report?.failed(messageOf(error));
    throw error;
  } finally {
    if (report !== undefined) {
      surroundings.out(`${report.document()}\n`);
    }
  }
}

/** Reads an environment variable the way Pulumi does. */
function isTruthy(value: string | undefined): boolean {
  return value !== undefined && ["1", "true"].includes(value.toLowerCase());
}

async function ask(kind: string): Promise<boolean> {
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
  });
  const gone = new AbortController();
  const leave = (): void => {
    gone.abort();
  };
  // Ctrl-C and the end of input are answers too.
  reader.once("SIGINT", leave).once("close", leave);
  try {
    const what = kind === "up" ? "update" : kind;
    const answer = await reader.question(
      `Do you want to perform this ${what}? (yes/no) `,
      { signal: gone.signal },
    );
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    process.stdout.write("\n");
    return false;
  } finally {
    reader.close();
  }
}
