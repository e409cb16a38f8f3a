import type { KeyObject } from "node:crypto";
import { createPublicKey } from "node:crypto";
import type { CertificateReading } from "./reading";
import { attempt } from "./reading";

/**
 * Whether a key, private or public, is the one in a certificate. OpenSSL's own
 * comparison would do for private keys; this one also knows public ones, and
 * looks at nothing but the public half.
 *
 * @example
 * ```ts
 * belongsTo(createPrivateKey(keyPem), readCertificate(certificatePem, "server.pem"));
 * ```
 */
export function belongsTo(
  key: KeyObject,
  { publicKey }: CertificateReading,
): boolean {
  const own = attempt(() =>
    key.type === "private" ? createPublicKey(key) : key,
  );
  return (
    own !== undefined &&
    publicKey !== undefined &&
    (attempt(() => own.equals(publicKey)) ?? false)
  );
}
