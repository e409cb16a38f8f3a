import { hash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { joinCertificates } from "../../pem";
import type { InventoryDatabase } from "../inventory/database";
import type { BundleRow } from "../inventory/schema";
import { BUNDLES, BundleKind, CHAIN, INDEX, ISSUERS, PARTIAL } from "./layout";

/**
 * Writes what follows each certificate of a chain, once for all devices.
 *
 * @param directory the output directory of the batch
 * @returns SHA-256 of the text, lowercase hex
 */
export function writeChain(
  directory: string,
  inventory: InventoryDatabase,
  chainPem: string,
): string {
  const sha256 = hash("sha256", chainPem);
  if (inventory.setting("chainSha256") !== sha256) {
    inventory.transaction(() => {
      inventory.set("chainSha256", sha256);
      inventory.remember("chain", sha256);
    });
  }
  const folder = join(directory, BUNDLES);
  const issuers = join(folder, ISSUERS);
  const before = existsSync(issuers) ? readFileSync(issuers, "utf8") : "";
  writeText(folder, ISSUERS, joinCertificates(before, chainPem));
  writeText(folder, CHAIN, chainPem);
  return sha256;
}

/**
 * Writes `index.json`: which bundles there are, with their files, for people
 * and programs without SQLite. It follows from the inventory.
 */
export function writeIndex(
  directory: string,
  inventory: InventoryDatabase,
): void {
  const bundles = inventory
    .bundles()
    .map(({ rowsSha256, signedAt, ...bundle }) => ({
      ...bundle,
      signedAt: new Date(signedAt * 1000).toISOString(),
    }));
  writeText(
    join(directory, BUNDLES),
    INDEX,
    `${JSON.stringify({ chain: CHAIN, bundles }, null, 2)}\n`,
  );
}

/** A file of a bundle that is not as it was written. */
export interface StrayFile {
  /** Within the folder of bundles. */
  readonly name: string;
  /** Whether it is gone; otherwise it has another size. */
  readonly isGone: boolean;
}

/**
 * Which files of certificates are gone, and which files have another size than
 * they were written with. Keys are handed over and deleted: those that are gone
 * are not told. Their contents are looked at by `mqtt-pki batch verify`.
 */
export function strayFiles(
  directory: string,
  bundles: readonly BundleRow[],
): StrayFile[] {
  const folder = join(directory, BUNDLES);
  return bundles.flatMap(({ files }) =>
    files.flatMap(({ kind, name, bytes }): StrayFile[] => {
      const path = join(folder, name);
      const found =
        statSync(path, { throwIfNoEntry: false }) ??
        // A run was killed before it gave the file its name; the next one does.
        statSync(`${path}${PARTIAL}`, { throwIfNoEntry: false });
      if (found === undefined) {
        return kind === BundleKind.Certificates ? [{ name, isGone: true }] : [];
      }
      return found.size === bytes ? [] : [{ name, isGone: false }];
    }),
  );
}

/** Replaces a file whole; leaves it alone where it holds the text already. */
function writeText(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  if (existsSync(path) && readFileSync(path, "utf8") === text) {
    return;
  }
  writeFileSync(`${path}${PARTIAL}`, text, { mode: 0o600, flush: true });
  renameSync(`${path}${PARTIAL}`, path);
}
