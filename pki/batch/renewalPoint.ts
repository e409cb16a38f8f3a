/**
 * When a certificate of a batch is due where the batch names no number of
 * days: a third of its life before its end, and up to a twentieth more by a
 * jitter, as `renewalPoint` has it for one certificate. There the jitter comes
 * from the name; here from the fingerprint, which is at hand for each of a
 * million.
 *
 * @param fingerprint SHA-256 over the DER
 * @param offset where it begins
 * @param notBefore Unix seconds, as all dates here
 */
export function defaultRenewalPoint(
  fingerprint: Uint8Array,
  offset: number,
  notBefore: number,
  notAfter: number,
): number {
  const life = notAfter - notBefore;
  const [high = 0, low = 0] = [fingerprint[offset], fingerprint[offset + 1]];
  const fraction = (high * 256 + low) / 65_536;
  return Math.floor(notAfter - life / 3 - (life / 20) * fraction);
}
