import { mkdirSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import type { Engine, Outcome, Place } from "../../e2e/conformance/engines";
import { PASSPHRASE, saltLine } from "../../e2e/conformance/secrets";
import { Fleet } from "../../support/fleet";
import { complaints } from "../cases/stack";
import type { Wanted } from "./program";

type Verb = "up" | "preview" | "refresh" | "destroy";

/** A stack of the program beside this file, with a folder and a state of its own. */
export class DistributionStack implements Place {
  readonly stack = "dev";
  private readonly fleet = new Fleet("test/cluster/distribution/program");

  private constructor(
    private readonly engine: Engine,
    private readonly target: Readonly<Record<string, string>>,
  ) {
    writeFileSync(
      this.fleet.path("Pulumi.yaml"),
      stringify({
        name: "distribution",
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

  /** @param target the keys of `mqtt-pki:` by which the target is reached */
  static async open(
    engine: Engine,
    target: Readonly<Record<string, string>>,
  ): Promise<DistributionStack> {
    const stack = new DistributionStack(engine, target);
    stack.want({});
    await engine.prepare(stack);
    // What the making of a stack writes there is not what it is to say.
    return stack.want({});
  }

  want(wanted: Wanted): this {
    const target = Object.entries(this.target).map(([name, value]) => [
      `mqtt-pki:${name}`,
      value,
    ]);
    const config = {
      ...Object.fromEntries(target),
      "distribution:wanted": wanted,
      "distribution:namespace": this.target.namespace,
    } as Record<string, unknown>;
    writeFileSync(
      this.fleet.path(`Pulumi.${this.stack}.yaml`),
      `${saltLine(this.stack)}${stringify({ config })}`,
    );
    return this;
  }

  /** Runs a command that must succeed; what it does to resources as `update server-secret`, sorted. */
  async must(verb: Verb, ...flags: readonly string[]): Promise<string[]> {
    const { code, text, operations } = await this.run(verb, ...flags);
    if (code !== 0) {
      throw new Error(`${verb} ends with ${code}: ${complaints(text)}`);
    }
    return operations
      .filter(({ type, op }) => type !== "pulumi:pulumi:Stack" && op !== "read")
      .map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? urn}`)
      .sort();
  }

  /** Runs a command, however it ends. */
  run(verb: Verb, ...flags: readonly string[]): Promise<Outcome> {
    return this.engine.run(this, verb, { flags });
  }

  /** What a preview that has to be refused complains of. */
  async refusal(): Promise<string> {
    const { code, text } = await this.run("preview");
    if (code === 0) {
      throw new Error("the preview passes");
    }
    return complaints(text);
  }

  /** What a command says to somebody who reads it. */
  async said(...command: readonly string[]): Promise<string> {
    return (await this.engine.command(this, ...command)).text;
  }

  get folder(): string {
    return this.fleet.directory;
  }

  environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return this.fleet.environment({
      PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
      ...extra,
    });
  }

  remove(): void {
    this.fleet.remove();
  }
}
