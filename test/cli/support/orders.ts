import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportPkcs8 } from "../../../pki/key";
import type { Authorities } from "../../pki/batch/support/bundles";

/** An order on the disk, beside its list and its key. */
export interface OrderFiles {
  readonly folder: string;
  readonly order: string;
  readonly key: string;
}

/** What an order says of its issuer. */
export function issuerOf({ top, ca }: Authorities): Record<string, unknown> {
  return {
    certificatePem: ca.certificatePem,
    chainPem: ca.certificatePem,
    trustAnchorsPem: top.certificatePem,
  };
}

/** Writes the files with which `batch issue` starts. */
export function writeOrder(
  folder: string,
  authorities: Authorities,
  ids: readonly string[],
  overrides: Readonly<Record<string, unknown>> = {},
): OrderFiles {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "fleet.csv"), ["id", ...ids, ""].join("\n"));
  const order = join(folder, "order.json");
  writeFileSync(
    order,
    JSON.stringify({
      schema: "mqtt-pki/batch-order/1",
      name: "fleet",
      manifest: "fleet.csv",
      key: { algorithm: "ECDSA", ecdsaCurve: "P256" },
      validityDays: 90,
      bundles: { devices: 100 },
      signer: issuerOf(authorities),
      ...overrides,
    }),
  );
  const key = join(folder, "ca.key");
  writeFileSync(key, exportPkcs8(authorities.ca.key), { mode: 0o600 });
  return { folder, order, key };
}
