import { createHash } from "node:crypto";
import { decodePem } from "./pem";

/**
 * The id under which ThingsBoard knows a device certificate: SHA3-256 in hex
 * over the base64 *text* of the DER, not over the DER (`EncryptionUtil` in
 * thingsboard/thingsboard).
 *
 * @example
 * ```ts
 * thingsBoardCredentialsId(certificatePem); // "5f3c…", to search for in the device's credentials
 * ```
 */
export function thingsBoardCredentialsId(certificatePem: string): string {
  const base64 = decodePem("CERTIFICATE", certificatePem, "").toString(
    "base64",
  );
  return createHash("sha3-256").update(base64).digest("hex");
}
