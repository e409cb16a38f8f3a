import type { KeyObject, X509Certificate } from "node:crypto";

/** A private key with the certificates that vouch for it, under one name. */
export interface KeyEntry {
  readonly alias: string;
  readonly key: KeyObject;
  /** The certificate of the key. */
  readonly certificate: X509Certificate;
  /** The CAs above it, nearest first, the root among them or not. */
  readonly issuers: readonly X509Certificate[];
}

/** A certificate by which others are recognized, under a name of its own. */
export interface TrustedEntry {
  readonly alias: string;
  readonly certificate: X509Certificate;
}

/** What stands in a store: Java's `PrivateKeyEntry` and `trustedCertEntry`. */
export interface KeystoreEntries {
  readonly key?: KeyEntry;
  readonly trusted: readonly TrustedEntry[];
}
