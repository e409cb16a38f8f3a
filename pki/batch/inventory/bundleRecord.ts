import { hash } from "node:crypto";
import type { BundleRow } from "./schema";

/** A row of `bundle` with its files as the text that was written. */
export type BundleRecord = Omit<BundleRow, "files"> & {
  readonly files: string;
};

/** SHA-256 over all that is recorded of a bundle itself, lowercase hex; its rows and files are in it by their own hashes. */
export function hashRecord(bundle: BundleRecord): string {
  const { number, issuer, generation, signedAt, devices } = bundle;
  const { firstId, lastId, reissue, files, rowsSha256 } = bundle;
  const record = [
    ...[number, issuer, generation, signedAt, devices],
    ...[firstId, lastId, reissue, files, rowsSha256],
  ];
  return hash("sha256", JSON.stringify(record));
}

/** What `history` says of a bundle: its number and all the rest as a hash. */
export function bundleDetail(bundle: BundleRecord): string {
  return `${bundle.number} ${hashRecord(bundle)}`;
}
