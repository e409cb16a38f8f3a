import type { Party } from "../../pki/support/authority";
import { root } from "../../pki/support/authority";
import { withPlugin } from "./killed";
import type { Diff, Message, Plugin } from "./plugin";
import { urnOf } from "./plugin";
import type { Properties } from "./wire";

/** What a preview of a ledger came to. */
export interface LedgerPreview {
  readonly diff: Diff | undefined;
  /** Why it was refused; empty where it was not. */
  readonly refusal: string;
  readonly log: readonly Message[];
}

/** A ledger as the engine would take it through its life, each step on a day of its own. */
export class Ledger {
  readonly urn = urnOf("CertificateAuthority", "server-root-authority");
  outs: Properties = {};

  /** @param parties the generations' certificates, by id */
  constructor(
    private readonly cwd: string,
    private readonly parties: Readonly<Record<string, Party>>,
  ) {}

  /** Inputs with these states; a retired generation has no certificate. */
  inputs(
    states: Readonly<Record<string, string>>,
    overrides: Properties = {},
  ): Properties {
    return {
      kind: "serverRoot",
      allowClockOverride: true,
      generations: Object.fromEntries(
        Object.entries(states).map(([id, state]) => {
          const certificatePem = this.parties[id]?.certificatePem;
          return [
            id,
            state === "retired" || certificatePem === undefined
              ? { state }
              : { state, certificatePem },
          ];
        }),
      ),
      ...overrides,
    };
  }

  async create(now: string, inputs: Properties): Promise<this> {
    await withPlugin({ cwd: this.cwd, now }, async (plugin) => {
      expect(await plugin.check(this.urn, inputs)).toEqual([]);
      ({ outs: this.outs } = await plugin.create(this.urn, inputs));
      expect(await plugin.diff(this.urn, this.outs, inputs)).toEqual({
        changes: "none",
        replaces: [],
      });
    });
    return this;
  }

  /** What a preview says: refusals of check and of diff alike. */
  preview(now: string, inputs: Properties): Promise<LedgerPreview> {
    return withPlugin({ cwd: this.cwd, now }, (plugin) =>
      this.ask(plugin, inputs),
    );
  }

  private async ask(
    plugin: Plugin,
    inputs: Properties,
  ): Promise<LedgerPreview> {
    const failures = await plugin.check(this.urn, inputs);
    if (failures.length > 0) {
      return { diff: undefined, refusal: failures.join("\n"), log: [] };
    }
    const asked = plugin.diff(this.urn, this.outs, inputs);
    const diff = await asked.catch(() => undefined);
    const refusal = diff === undefined ? await plugin.refusal(asked) : "";
    return { diff, refusal, log: [...plugin.log] };
  }

  /** An update that its preview allows, and after which nothing is left to do; what its preview said. */
  async update(now: string, inputs: Properties): Promise<readonly Message[]> {
    return withPlugin({ cwd: this.cwd, now }, async (plugin) => {
      const { diff, refusal, log } = await this.ask(plugin, inputs);
      expect([refusal, diff?.changes]).toEqual(["", "some"]);
      this.outs = await plugin.update(this.urn, this.outs, inputs);
      expect((await plugin.diff(this.urn, this.outs, inputs)).changes).toBe(
        "none",
      );
      return log;
    });
  }

  /** Fails unless a preview refuses this; the refusal. */
  async refusal(now: string, inputs: Properties): Promise<string> {
    const { refusal } = await this.preview(now, inputs);
    expect(refusal).not.toBe("");
    return refusal;
  }
}

/** Roots of three generations. */
export async function threeRoots(at: Date): Promise<Record<string, Party>> {
  const entries = await Promise.all(
    ["2026a", "2027a", "2028a"].map(async (id): Promise<[string, Party]> => [
      id,
      await root({ subject: { commonName: `Root ${id}` } }, at),
    ]),
  );
  return Object.fromEntries(entries);
}
