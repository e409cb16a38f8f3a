import { mkdirSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import type { Engine, Outcome, Place } from "../../e2e/conformance/engines";
import { PASSPHRASE, saltLine } from "../../e2e/conformance/secrets";
import { Fleet } from "../../support/fleet";
import type { GivenSettings } from "./program/settings";
import { SETTINGS_KEY } from "./program/settings";
import type { GivenWorkloadSettings } from "./workloadProgram/settings";

/** How a stack reaches its cluster: the keys of `mqtt-pki:`, such as `kubeconfig`. */
export type TargetConfig = Readonly<
  Record<string, string | boolean | undefined>
>;

/** How a command is run. */
export interface CommandOptions {
  readonly flags?: readonly string[];
  readonly continueOnError?: boolean;
  /** Another engine than the stack's own. */
  readonly by?: Engine;
}

type Verb = "up" | "preview" | "refresh" | "destroy";

/** A stack of the program of the cases, with a folder and a state of its own. */
export class CaseStack implements Place {
  readonly stack = "dev";
  private readonly fleet: Fleet;
  private settings: GivenSettings | GivenWorkloadSettings = {};
  private target: TargetConfig = {};
  private moment: Date | undefined;

  private constructor(
    private readonly engine: Engine,
    program: string,
  ) {
    this.fleet = new Fleet(`test/cluster/cases/${program}`);
    writeFileSync(
      this.fleet.path("Pulumi.yaml"),
      stringify({
        name: "cluster-cases",
        // The TypeScript compiler would take longer than all the rest.
        runtime: {
          name: "nodejs",
          options: { typescript: false, nodeargs: "-r ./bin/register.cjs" },
        },
        main: "index.ts",
        plugins: { providers: [{ name: "mqtt-pki", path: "./provider" }] },
      }),
    );
    mkdirSync(this.fleet.stateFolder, { recursive: true });
  }

  /** @param program a folder beside this file */
  static async open(
    engine: Engine,
    target: TargetConfig,
    program = "program",
  ): Promise<CaseStack> {
    const stack = new CaseStack(engine, program);
    stack.reach(target);
    await engine.prepare(stack);
    // What the making of a stack writes there is not what it is to say.
    stack.write();
    return stack;
  }

  /** Changes what the program makes; what is left out stays as it is. */
  set(settings: GivenSettings | GivenWorkloadSettings): this {
    this.settings = { ...this.settings, ...settings };
    this.write();
    return this;
  }

  /** Changes how the cluster is reached; what is left out stays as it is. */
  reach(target: TargetConfig): this {
    this.target = { ...this.target, ...target };
    this.write();
    return this;
  }

  /** From now on this moment counts as now. */
  at(moment: Date): this {
    this.moment = moment;
    return this.reach({ allowClockOverride: true });
  }

  /** Runs a command that must succeed; what it does to resources as `update broker-tls`, sorted. */
  async must(verb: Verb, options: CommandOptions = {}): Promise<string[]> {
    const outcome = await this.run(verb, options);
    const done = deedsOf(outcome);
    if (outcome.code !== 0) {
      throw new Error(
        `${verb} ends with ${outcome.code}: ${complaints(outcome.text)}; ${done.join(", ")}`,
      );
    }
    return done;
  }

  /** Runs a command, however it ends. */
  run(
    verb: Verb,
    { flags = [], continueOnError = false, by = this.engine }: CommandOptions,
  ): Promise<Outcome> {
    return by.run(this, verb, { flags, continueOnError });
  }

  /** Runs a command as somebody who reads what it says does. */
  async said(
    verb: Verb,
    ...flags: readonly string[]
  ): Promise<{ readonly code: number; readonly text: string }> {
    return this.engine.command(
      this,
      verb,
      ...(verb === "preview" ? [] : ["--yes", "--skip-preview"]),
      ...flags,
    );
  }

  /** Sees that nothing is left to do. */
  async settled(by = this.engine): Promise<void> {
    await this.must("preview", { flags: ["--expect-no-changes"], by });
  }

  get folder(): string {
    return this.fleet.directory;
  }

  environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return this.fleet.environment({
      PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
      ...(this.moment !== undefined && {
        MQTT_PKI_NOW: this.moment.toISOString(),
      }),
      ...extra,
    });
  }

  remove(): void {
    this.fleet.remove();
  }

  private write(): void {
    const target = Object.entries(this.target).map(([name, value]) => [
      `mqtt-pki:${name}`,
      value,
    ]);
    const config = {
      ...Object.fromEntries(target),
      [SETTINGS_KEY]: this.settings,
    } as Record<string, unknown>;
    writeFileSync(
      this.fleet.path(`Pulumi.${this.stack}.yaml`),
      `${saltLine(this.stack)}${stringify({ config })}`,
    );
  }
}

function deedsOf({ operations }: Outcome): string[] {
  return operations
    .filter(({ type }) => type !== "pulumi:pulumi:Stack")
    .map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? urn}`)
    .sort();
}

/** What a command complains of, out of a report or a stream of events; never what it notes down for debugging, keys included. */
export function complaints(text: string): string {
  const whole = diagnosticsOf(text.slice(0, text.lastIndexOf("}") + 1));
  const said = [whole, ...text.split("\n").map(diagnosticsOf)].flat();
  return said.length === 0
    ? "nothing is said"
    : [...new Set(said.map((message) => message.trim()))].join("\n");
}

const diagnosticSchema = z.object({
  severity: z.string(),
  message: z.string(),
});
const saidSchema = z.object({
  diagnostics: z.array(diagnosticSchema).exactOptional(),
  diagnosticEvent: diagnosticSchema.exactOptional(),
});

function diagnosticsOf(text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.startsWith("error: ") ? [text] : [];
  }
  const { data } = saidSchema.safeParse(value);
  return [data?.diagnostics ?? [], data?.diagnosticEvent ?? []]
    .flat()
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => message);
}
