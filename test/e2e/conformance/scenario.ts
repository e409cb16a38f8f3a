import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const FOLDER = join(__dirname, "scenarios");

const resourceSchema = z.strictObject({
  name: z.string(),
  kind: z
    .enum(["item", "thing", "loose", "group", "provider", "reference"])
    .exactOptional(),
  args: z.record(z.string(), z.unknown()).exactOptional(),
  options: z.record(z.string(), z.unknown()).exactOptional(),
});

const stepSchema = z.strictObject({
  title: z.string(),
  do: z
    .enum(["up", "preview", "refresh", "destroy", "export and import"])
    .default("up"),
  /** The stack the step is about. */
  stack: z.enum(["dev", "other"]).default("dev"),
  /** Whether the other engine does the step, where there is one. */
  byOther: z.boolean().default(false),
  /** Texts that somebody replaces in the exported state before it is imported. */
  edits: z.record(z.string(), z.string()).default({}),
  /** What the program registers; as in the step before where it is left out. */
  resources: z.array(resourceSchema).exactOptional(),
  /** What the program exports; as in the step before where it is left out. */
  exports: z.record(z.string(), z.unknown()).exactOptional(),
  /** Whether the program throws at its end. */
  throws: z.boolean().default(false),
  /** What the plugin refuses to do, such as `delete a`; `half a` makes it create `a` unready. */
  faults: z.array(z.string()).default([]),
  /** Resources somebody removes by hand before the step. */
  vanished: z.array(z.string()).default([]),
  /** Names of resources the command is restricted to. */
  targets: z.array(z.string()).default([]),
  /** Whether a failure leaves alone what does not depend on it. */
  continueOnError: z.boolean().default(false),
  /** A text the refusal must contain, whichever engine words it; the step must succeed where it is left out. */
  fails: z.string().exactOptional(),
  /** The operations, in any order: `replace a`, `update b failed`. */
  operations: z.array(z.string()),
  /** What the plugin did, in order. */
  deeds: z.array(z.string()).exactOptional(),
  /** Stack outputs after the step; `{secret: …}` is one that the state keeps encrypted. */
  outputs: z.record(z.string(), z.unknown()).exactOptional(),
  /** The resources in the state after the step, but for the stack and default providers. */
  state: z.array(z.string()).exactOptional(),
});

const scenarioSchema = z.strictObject({
  title: z.string(),
  steps: z.array(stepSchema).min(1),
});

/** One command of a scenario, and what it must come to. */
export type ScenarioStep = z.infer<typeof stepSchema>;

/** A sequence of commands on one stack. */
export interface Scenario extends z.infer<typeof scenarioSchema> {
  /** The name of its file. */
  id: string;
}

/** Whether a scenario is to run: with `MQTT_PKI_CONFORMANCE=05,09` only those that begin so are. */
export function isWanted(id: string): boolean {
  const wanted = process.env.MQTT_PKI_CONFORMANCE?.split(",") ?? [""];
  return wanted.some((start) => id.startsWith(start));
}

/** All scenarios that are to run, in the order of their files. */
export function loadScenarios(): Scenario[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".yaml"))
    .filter(isWanted)
    .sort()
    .map((file) => {
      const read = scenarioSchema.safeParse(
        parse(readFileSync(join(FOLDER, file), "utf8")),
      );
      if (!read.success) {
        throw new Error(`${file}: ${z.prettifyError(read.error)}`);
      }
      return { id: basename(file, ".yaml"), ...read.data };
    });
}
