import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Party } from "../../pki/support/authority";
import { root } from "../../pki/support/authority";
import type { Run } from "./run";
import { runCli } from "./run";
import type { Update } from "./stackExport";
import { ledger, stackExport } from "./stackExport";

/** A server root on its way from one key to the next. */
export interface RotatedRoot {
  readonly old: Party;
  readonly fresh: Party;
  /** The code has no `generations` yet. */
  readonly first: Update;
  readonly staged: Update;
  readonly activated: Update;
}

/** Makes one: made on 2026-11-20, staged on 2027-01-01, activated seven days after. */
export async function rotatedRoot(): Promise<RotatedRoot> {
  const old = await root({ subject: { commonName: "My Root" } });
  const fresh = await root({ subject: { commonName: "My Root 2027a" } });
  const { certificatePem } = old;
  const generations = (one: string, other: string): Update["generations"] => ({
    "2026a": { state: one, certificatePem },
    "2027a": { state: other, certificatePem: fresh.certificatePem },
  });
  return {
    old,
    fresh,
    first: {
      generations: { 1: { state: "active", certificatePem } },
      at: "2026-11-20T12:00:00Z",
    },
    staged: {
      generations: generations("active", "staged"),
      at: "2027-01-01T00:00:00Z",
    },
    activated: {
      generations: generations("retiring", "active"),
      at: "2027-01-08T00:00:00Z",
    },
  };
}

let count = 0;

/** Writes a file of its own; answers its path. */
export function write(folder: string, name: string, text: string): string {
  count += 1;
  const path = join(folder, `${count}-${name}`);
  writeFileSync(path, text);
  return path;
}

/** An export of a stack with a server root that saw these updates. */
export function stateOf(folder: string, ...updates: readonly Update[]): string {
  return write(
    folder,
    "state.json",
    stackExport(ledger("server-root", updates)),
  );
}

/** Runs `rotation …` at a moment. */
export function runRotation(
  now: string,
  ...args: readonly string[]
): Promise<Run> {
  return runCli(["rotation", ...args], { now: new Date(now) });
}
