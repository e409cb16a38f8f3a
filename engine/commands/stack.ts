import { readFile } from "node:fs/promises";

import type { Command } from "commander";

import { stackOutputs } from "../deploy/deployment";
import { EngineError } from "../errors";
import { jsonOutputs } from "../show/jsonReport";
import { ago, table } from "../show/table";
import { outputTable } from "../show/text";
import { writeFileAtomic } from "../stack/atomic";
import { Backend, stackNames } from "../stack/backend";
import { encodeDeployment } from "../stack/deploymentText";
import { importState } from "../stack/importState";
import { locateBackend } from "../stack/openStack";
import { isMap } from "../values";
import {
  enterProject,
  openStack,
  type StackFlags,
  stackFlags,
  type Surroundings,
} from "./common";

interface ListFlags extends StackFlags {
  json?: boolean;
}

interface OutputFlags extends StackFlags {
  json?: boolean;
  showSecrets?: boolean;
  file?: string;
}

/** Adds the commands that look at a stack's state or put another in its place. */
export function addStackCommands(
  root: Command,
  surroundings: Surroundings,
): void {
  const stack = root
    .command("stack")
    .description("Look at a stack")
    .exitOverride();
  stackFlags(
    stack
      .command("output [name]")
      .description("Show the outputs of a stack, or one of them"),
  )
    .option("--json", "write JSON")
    .option("--show-secrets", "show secrets in the open")
    .action(async (name: string | undefined, flags: OutputFlags) => {
      await showOutputs(name, flags, surroundings);
    });
  stackFlags(
    stack
      .command("export")
      .description("Write the state of a stack, secrets encrypted"),
  )
    .option("--show-secrets", "write secrets in the open")
    .option("--file <path>", "write to a file")
    .action(async (flags: OutputFlags) => {
      await exportState(flags, surroundings);
    });
  stackFlags(
    stack
      .command("import")
      .description("Put an exported state in the place of a stack's"),
  )
    .option("--file <path>", "read a file and not the standard input")
    .action(async (flags: OutputFlags) => {
      const { file } = flags;
      const opened = await openStack(flags, surroundings);
      const document =
        file === undefined
          ? await surroundings.readInput("The exported state: ")
          : await readDocument(file);
      await importState(opened, document, surroundings.error);
      surroundings.out("Import complete.\n");
    });
  stackFlags(stack.command("ls").description("List the project's stacks"))
    .option("--json", "write JSON")
    .action(async (flags: ListFlags) => {
      await listStacks(flags, surroundings);
    });
}

async function showOutputs(
  name: string | undefined,
  flags: OutputFlags,
  surroundings: Surroundings,
): Promise<void> {
  const stack = await openStack(flags, surroundings);
  await stack.requireState();
  const outputs = stackOutputs(await stack.snapshot) ?? {};
  const showSecrets = flags.showSecrets === true;
  if (name === undefined) {
    if (flags.json === true) {
      surroundings.out(
        `${JSON.stringify(jsonOutputs(outputs, showSecrets), undefined, 2)}\n`,
      );
      return;
    }
    const lines = [
      `Current stack outputs (${Object.keys(outputs).length}):`,
      ...outputTable(outputs, showSecrets),
    ];
    surroundings.out(`${lines.join("\n")}\n`);
    return;
  }
  const value = outputs[name];
  if (value === undefined) {
    const known = Object.keys(outputs).sort().join(", ") || "none";
    throw new EngineError(
      `The stack "${stack.name}" has no output "${name}". It has: ${known}.`,
    );
  }
  const shown = jsonOutputs({ value }, showSecrets).value ?? null;
  surroundings.out(
    flags.json !== true && typeof shown === "string"
      ? `${shown}\n`
      : `${JSON.stringify(shown, undefined, 2)}\n`,
  );
}

async function exportState(
  flags: OutputFlags,
  surroundings: Surroundings,
): Promise<void> {
  const stack = await openStack(flags, surroundings);
  const stored = await stack.requireState();
  const deployment =
    flags.showSecrets === true
      ? encodeDeployment(
          await stack.snapshot,
          await stack.crypter,
          stack.metadata,
          "plaintext",
        )
      : stored.deployment;
  const text = `${JSON.stringify({ version: 3, deployment }, undefined, 4)}\n`;
  if (flags.file === undefined) {
    surroundings.out(text);
  } else {
    await writeFileAtomic(flags.file, text);
  }
}

async function readDocument(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    throw new EngineError(`The file ${file} cannot be read.`);
  }
}

async function listStacks(
  flags: ListFlags,
  { environment, out }: Surroundings,
): Promise<void> {
  enterProject(flags);
  const { project, root } = await locateBackend(environment);
  const chosen = (flags.stack ?? environment.PULUMI_STACK)?.split("/").at(-1);
  const stacks = await Promise.all(
    (await stackNames(root, project.name)).map(async (name) => {
      const stored = await new Backend(root, project.name, name).read();
      const { manifest, resources } = stored?.deployment ?? {};
      const time = isMap(manifest) ? manifest.time : undefined;
      return {
        name,
        current: name === chosen,
        ...(typeof time === "string" ? { lastUpdate: time } : {}),
        resourceCount: Array.isArray(resources) ? resources.length : 0,
      };
    }),
  );
  if (flags.json === true) {
    out(`${JSON.stringify(stacks, undefined, 2)}\n`);
    return;
  }
  out(
    `${table([
      ["NAME", "LAST UPDATE", "RESOURCE COUNT"],
      ...stacks.map(({ name, current, lastUpdate, resourceCount }) => [
        current ? `${name}*` : name,
        lastUpdate === undefined ? "n/a" : ago(new Date(lastUpdate)),
        String(resourceCount),
      ]),
    ])}\n`,
  );
}
