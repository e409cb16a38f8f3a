import { join } from "node:path";
import { z } from "zod";
import { runCommand } from "../../support/command";
import { ROOT } from "../../support/fleet";
import { findPulumi } from "../../support/realPulumi";
import type { ScenarioStep } from "./scenario";
import type { Site } from "./site";

/** What an engine has to know of where it works. */
export type Place = Pick<Site, "stack" | "folder" | "environment">;

/** An operation on a resource, as users see it. */
export interface Operation {
  /** `create`, `update`, `replace`, `delete` or `delete-replaced`. */
  op: string;
  urn: string;
  type: string;
  failed: boolean;
}

/** What a command came to. */
export interface Outcome {
  code: number;
  operations: Operation[];
  /** Everything it said. */
  text: string;
}

/** A command that goes over a stack's resources. */
export type Verb = Exclude<ScenarioStep["do"], "export and import">;

/** How a command goes over the resources. */
export interface RunOptions {
  /** URNs it is restricted to. */
  targets?: readonly string[];
  /** Whether a failure leaves alone what does not depend on it. */
  continueOnError?: boolean;
  /** Options beside these: `--refresh`. */
  flags?: readonly string[];
}

function optionFlags(
  verb: Verb,
  { targets = [], continueOnError = false, flags = [] }: RunOptions,
): string[] {
  return [
    ...(verb === "preview" ? [] : ["--yes", "--skip-preview"]),
    ...(continueOnError ? ["--continue-on-error"] : []),
    ...targets.flatMap((urn) => ["--target", urn]),
    ...flags,
  ];
}

/** One of the two that can run a program. */
export interface Engine {
  name: "bundled" | "pulumi";
  /** Makes the stack ready to be worked on. */
  prepare(site: Place): Promise<void>;
  run(site: Place, verb: Verb, options?: RunOptions): Promise<Outcome>;
  /** Runs a command of the stack's. */
  command(site: Place, ...args: readonly string[]): Promise<Outcome>;
}

const reportSchema = z.object({
  steps: z.array(
    z.object({
      op: z.string(),
      urn: z.string(),
      type: z.string(),
      failed: z.boolean().default(false),
    }),
  ),
});

/** What Node is started with to run the bundled engine. */
export const BUNDLED = [
  "-r",
  join(ROOT, "bin", "register.cjs"),
  join(ROOT, "engine", "main.ts"),
];

export const bundled: Engine = {
  name: "bundled",
  // The first update makes the stack.
  prepare: () => Promise.resolve(),
  async run(site, verb, options = {}) {
    const { code, stdout, stderr } = await bundledCommand(site, [
      verb,
      "--json",
      ...optionFlags(verb, options),
    ]);
    const operations = stdout.startsWith("{")
      ? reportSchema
          .parse(JSON.parse(stdout))
          .steps.map((step) => ({ ...step, op: NAMES[step.op] ?? step.op }))
      : [];
    return { code, operations, text: stdout + stderr };
  },
  async command(site, ...args) {
    const { code, stdout, stderr } = await bundledCommand(site, args);
    return { code, operations: [], text: stdout + stderr };
  },
};

function bundledCommand(
  site: Place,
  args: readonly string[],
): ReturnType<typeof runCommand> {
  return runCommand(
    process.execPath,
    [...BUNDLED, ...args, "--stack", site.stack],
    {
      cwd: site.folder,
      env: site.environment(),
    },
  );
}

const metadataSchema = z.object({
  metadata: z.object({ op: z.string(), urn: z.string(), type: z.string() }),
});
const eventSchema = z.object({
  resourcePreEvent: metadataSchema.exactOptional(),
  resOpFailedEvent: metadataSchema.exactOptional(),
});
// A replacement is several events; its name is the one users see.
const NAMES: Record<string, string> = {
  "create-replacement": "replace",
  "read-replacement": "replace",
  "import-replacement": "replace",
};
const UNSEEN = ["same", "remove-pending-replace", "refresh"];

/** The CLI of this machine, `undefined` where there is none. */
export function realEngine(): Engine | undefined {
  const program = findPulumi();
  return program === undefined ? undefined : pulumiAt(program);
}

function pulumiAt(program: string): Engine {
  const command = async (
    site: Place,
    ...args: readonly string[]
  ): Promise<Outcome> => {
    const { code, stdout, stderr } = await runCommand(
      program,
      [...args, "--stack", site.stack, "--non-interactive"],
      { cwd: site.folder, env: pulumiEnvironment(site) },
    );
    return { code, operations: operationsOf(stdout), text: stdout + stderr };
  };
  return {
    name: "pulumi",
    command,
    async prepare(site) {
      const { code, text } = await command(site, "stack", "init");
      if (code !== 0) {
        throw new Error(`the stack could not be made:\n${text}`);
      }
    },
    run: (site, verb, options = {}) =>
      command(site, verb, "--json", ...optionFlags(verb, options)),
  };
}

function pulumiEnvironment(site: Place): NodeJS.ProcessEnv {
  const { PULUMI_HOME } = process.env;
  return site.environment({
    ...(PULUMI_HOME === undefined ? {} : { PULUMI_HOME }),
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
  });
}

function operationsOf(stream: string): Operation[] {
  const found = new Map<string, Operation>();
  for (const line of stream
    .split("\n")
    .filter((text) => text.startsWith('{"'))) {
    const event = eventSchema.parse(JSON.parse(line));
    const seen = event.resourcePreEvent ?? event.resOpFailedEvent;
    if (seen !== undefined && !UNSEEN.includes(seen.metadata.op)) {
      const { urn, type } = seen.metadata;
      const op = NAMES[seen.metadata.op] ?? seen.metadata.op;
      const key = `${op} ${urn}`;
      const failed =
        event.resOpFailedEvent !== undefined || found.get(key)?.failed === true;
      found.set(key, { op, urn, type, failed });
    }
  }
  return [...found.values()];
}
