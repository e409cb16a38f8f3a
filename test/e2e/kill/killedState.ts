import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Fleet } from "../../support/fleet";

const fileSchema = z.object({
  version: z.literal(3),
  checkpoint: z.object({
    latest: z.object({
      resources: z
        .array(
          z.object({
            urn: z.string(),
            outputs: z.record(z.string(), z.unknown()).default({}),
          }),
        )
        .default([]),
      pending_operations: z
        .array(
          z.object({
            type: z.string(),
            resource: z.object({ urn: z.string() }),
          }),
        )
        .default([]),
    }),
  }),
});

/** What is left of a state after a kill, secrets still encrypted. */
export interface KilledState {
  resources: { urn: string; outputs: Record<string, unknown> }[];
  /** The names of what was under way. */
  pending: string[];
}

/** Reads the state file of a fleet, or throws where it is not whole. No file is an empty state. */
export function readState(fleet: Fleet): KilledState {
  const file = stateFile(fleet);
  if (!existsSync(file)) {
    return { resources: [], pending: [] };
  }
  const { latest } = fileSchema.parse(
    JSON.parse(readFileSync(file, "utf8")),
  ).checkpoint;
  return {
    resources: latest.resources,
    pending: latest.pending_operations.map(({ resource }) =>
      nameOf(resource.urn),
    ),
  };
}

/** Files that a write left unfinished, beside the state and among what was rendered: there may be a key in them. */
export function unfinishedFiles(fleet: Fleet): string[] {
  return [dirname(stateFile(fleet)), fleet.path("rendered", "1-manifest")]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder))
    .filter((name) => name.endsWith(".tmp"));
}

/** Tells one version of the state file from the next. */
function stateVersion(fleet: Fleet): string {
  const file = stateFile(fleet);
  if (!existsSync(file)) {
    return "";
  }
  const { ino, mtimeMs } = statSync(file);
  return `${ino} ${mtimeMs}`;
}

/** Whether the state has been written so many times since this was asked for. */
export function stateChanges(fleet: Fleet, count: number): () => boolean {
  let [last, seen] = [stateVersion(fleet), 0];
  return () => {
    const version = stateVersion(fleet);
    seen += version === last ? 0 : 1;
    last = version;
    return seen >= count;
  };
}

/** The name a resource has in its program. */
export function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

function stateFile({ stateFolder }: Fleet): string {
  return join(stateFolder, ".pulumi", "stacks", "mqtt-pki-demo", "dev.json");
}
