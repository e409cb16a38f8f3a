import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { parse as parseCsv } from "csv-parse/sync";
import { parse as parseYaml } from "yaml";
import { z } from "zod";

/** A file or folder: its permissions, and for a file the digest of its bytes. */
export interface Entry {
  /** `0600` */
  readonly mode: string;
  /** SHA-256, hex; `undefined` for a folder. */
  readonly sha256: string | undefined;
}

/** All that is in a folder but links, by its path within: bytes as digests, so that no message ever shows a key. */
export function tree(folder: string): Record<string, Entry> {
  const result: Record<string, Entry> = {};
  const visit = (path: string): void => {
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) {
      return;
    }
    result[relative(folder, path)] = {
      mode: `0${(stats.mode & 0o777).toString(8)}`,
      sha256: stats.isDirectory() ? undefined : digest(readFileSync(path)),
    };
    if (stats.isDirectory()) {
      readdirSync(path).forEach((name) => {
        visit(join(path, name));
      });
    }
  };
  visit(folder);
  return result;
}

/** The paths whose bytes differ between two looks at a folder, gone and new ones included. */
export function changedFiles(
  before: Readonly<Record<string, Entry>>,
  after: Readonly<Record<string, Entry>>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter(
      (path) =>
        path in before !== path in after ||
        before[path]?.sha256 !== after[path]?.sha256,
    )
    .sort();
}

/** SHA-256 in hex: what tests compare instead of keys. */
export function digest(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const objectSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  type: z.string().exactOptional(),
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).exactOptional(),
    annotations: z.record(z.string(), z.string()).exactOptional(),
  }),
  data: z.record(z.string(), z.string()),
});

/** A rendered Kubernetes object. A Secret's data are decoded. */
export type KubernetesObject = z.infer<typeof objectSchema>;

/** Reads a rendered object. */
export function readObject(file: string): KubernetesObject {
  const object = objectSchema.parse(parseYaml(readFileSync(file, "utf8")));
  return object.kind !== "Secret"
    ? object
    : {
        ...object,
        data: Object.fromEntries(
          Object.entries(object.data).map(([key, value]) => [
            key,
            Buffer.from(value, "base64").toString("utf8"),
          ]),
        ),
      };
}

const rowsSchema = z.array(z.record(z.string(), z.string()));

/** A batch's inventory, by device. */
export function readInventory(
  file: string,
): Record<string, Record<string, string>> {
  const rows = rowsSchema.parse(
    parseCsv(readFileSync(file, "utf8"), { columns: true }),
  );
  return Object.fromEntries(rows.map((row) => [row.id ?? "", row]));
}

/** A value of a record that must be there. */
export function required<T>(
  record: Readonly<Record<string, T>>,
  key: string,
): T {
  const value = record[key];
  if (value === undefined) {
    throw new Error(
      `there is no ${key}; there are ${Object.keys(record).join(", ")}`,
    );
  }
  return value;
}
