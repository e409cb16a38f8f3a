import { parse } from "csv-parse/sync";
import { X509Certificate, createHash } from "node:crypto";
import { InputError } from "../problem";
import { formatDate } from "../validity";
import { thingsBoardCredentialsId } from "../thingsBoard";

/** Whether the batch still issues for a device. */
export const DeviceStatus = {
  Active: "active",
  Removed: "removed",
} as const;

/** One line of a batch's inventory: what was issued to one device last. */
export interface InventoryEntry {
  readonly id: string;
  /** Lowercase hex. */
  readonly serialNumber: string;
  /** `2026-11-20T21:46:40Z` */
  readonly notBefore: string;
  readonly notAfter: string;
  /** SHA-256 over the DER, lowercase hex. */
  readonly sha256: string;
  readonly thingsBoardCredentialsId: string;
  /** One of {@link DeviceStatus}. */
  readonly status: string;
}

const COLUMNS = [
  "id",
  "serialNumber",
  "notBefore",
  "notAfter",
  "sha256",
  "thingsBoardCredentialsId",
  "status",
] as const;

/** The line of the inventory for a certificate. */
export function inventoryEntry(
  id: string,
  certificatePem: string,
): InventoryEntry {
  const certificate = new X509Certificate(certificatePem);
  return {
    id,
    serialNumber: certificate.serialNumber.toLowerCase(),
    notBefore: formatDate(new Date(certificate.validFrom)),
    notAfter: formatDate(new Date(certificate.validTo)),
    sha256: createHash("sha256").update(certificate.raw).digest("hex"),
    thingsBoardCredentialsId: thingsBoardCredentialsId(certificatePem),
    status: DeviceStatus.Active,
  };
}

/** The inventory as CSV, sorted by id, so that equal contents are equal bytes. */
export function formatInventory(entries: readonly InventoryEntry[]): string {
  const sorted = entries.toSorted((one, other) =>
    one.id < other.id ? -1 : one.id > other.id ? 1 : 0,
  );
  // No value needs quoting: ids hold neither comma nor quote, all else is ours.
  const lines = sorted.map((entry) =>
    COLUMNS.map((column) => entry[column]).join(","),
  );
  return [COLUMNS.join(","), ...lines, ""].join("\n");
}

/**
 * Reads what {@link formatInventory} wrote.
 *
 * @throws InputError naming `path` where the text is damaged
 */
export function parseInventory(text: string, path: string): InventoryEntry[] {
  const damaged = (reason: string): InputError =>
    new InputError([
      {
        path,
        message: `is damaged (${reason}); bring back the inventory as the last update wrote it.`,
      },
    ]);
  let entries: InventoryEntry[];
  try {
    entries = parse<InventoryEntry>(text, {
      columns: true,
      skip_empty_lines: true,
    });
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error));
  }
  if (!text.startsWith(COLUMNS.join(","))) {
    throw damaged("its first line does not name the columns");
  }
  return entries;
}
