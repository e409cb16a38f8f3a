import { ownerFolder, stemOf } from "./names";
import type { FoundCertificate, FoundKey } from "./material";

/** Which key belongs to a certificate, and how we know. */
export interface KeyMatch {
  readonly key: FoundKey;
  /** Taken by its name alone, since it is encrypted and no passphrase opened it. */
  readonly byName: boolean;
}

/** Finds the key of each certificate: by the public key, and for those nobody can open by their names. */
export function matchKeys(
  certificates: readonly FoundCertificate[],
  keys: readonly FoundKey[],
): ReadonlyMap<FoundCertificate, KeyMatch> {
  const matches = new Map<FoundCertificate, KeyMatch>();
  const byPublicKey = new Map<string, FoundKey>();
  for (const key of keys) {
    if (key.publicKeySha256 !== undefined) {
      byPublicKey.set(key.publicKeySha256, key);
    }
  }
  for (const certificate of certificates) {
    const key = byPublicKey.get(certificate.publicKeySha256);
    if (key !== undefined) {
      matches.set(certificate, { key, byName: false });
    }
  }
  for (const key of keys.filter((one) => one.publicKeySha256 === undefined)) {
    const candidates = certificates.filter(
      (certificate) => !matches.has(certificate) && goesBy(certificate, key),
    );
    const publicKeys = new Set(
      candidates.map(({ publicKeySha256 }) => publicKeySha256),
    );
    // Two that could be its own are one too many, unless one is the renewal of the other.
    if (publicKeys.size === 1) {
      for (const certificate of candidates) {
        matches.set(certificate, { key, byName: true });
      }
    }
  }
  return matches;
}

function goesBy({ files }: FoundCertificate, { file }: FoundKey): boolean {
  return files.some(
    (other) =>
      ownerFolder(other) === ownerFolder(file) &&
      stemOf(other) === stemOf(file),
  );
}
