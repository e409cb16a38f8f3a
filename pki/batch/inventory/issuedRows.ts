import { createHash } from "node:crypto";
import type { OctetColumn } from "./octetColumn";

/**
 * What is recorded of the certificates of one bundle, by column: a million
 * objects would cost more than the certificates. Octets of equal length stand
 * one after the other in one buffer.
 */
export interface IssuedRows {
  readonly ids: readonly string[];
  /** 17 octets each. */
  readonly serialNumbers: Uint8Array;
  /** Unix seconds. */
  readonly notBefore: Float64Array;
  readonly notAfter: Float64Array;
  readonly renewAt: Float64Array;
  /** SHA-256 over the DER, 32 octets each. */
  readonly sha256: Uint8Array;
  /** 32 octets each. */
  readonly credentialsIds: Uint8Array;
  /** DER of each SubjectPublicKeyInfo. */
  readonly publicKeys: OctetColumn;
  /** What was asked for, 32 octets each. */
  readonly orders: readonly Uint8Array[];
}

/** Octets of a serial number, see `newSerialNumber`. */
export const SERIAL_NUMBER_LENGTH = 17;

/** Octets of a SHA-256 or SHA3-256. */
export const HASH_LENGTH = 32;

/**
 * SHA-256 over all rows of a bundle in their order, lowercase hex: it shows
 * whether somebody changed, added or deleted one by hand. Points of renewal
 * are left out: they move with the batch's `renewal`.
 */
export function hashRows(rows: IssuedRows): string {
  const hash = createHash("sha256");
  hash.update(rows.ids.join("\n"));
  hash.update(rows.serialNumbers);
  for (const dates of [rows.notBefore, rows.notAfter]) {
    hash.update(Buffer.from(dates.buffer, dates.byteOffset, dates.byteLength));
  }
  hash.update(rows.sha256);
  hash.update(rows.credentialsIds);
  hash.update(rows.publicKeys.bytes);
  hash.update(Buffer.concat(rows.orders));
  return hash.digest("hex");
}
