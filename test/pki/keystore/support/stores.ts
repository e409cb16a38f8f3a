import type { KeySpec } from "../../../../pki/key";
import { exportPkcs8 } from "../../../../pki/key";
import type { Party } from "../../support/authority";
import { intermediate, issue, root } from "../../support/authority";

/** A device below an issuing CA and a root, and what a store wants of them. */
export interface Holder {
  readonly leaf: Party;
  readonly ca: Party;
  readonly authority: Party;
  readonly privateKeyPem: string;
  /** Leaf and issuing CA. */
  readonly chainPem: string;
  /** The root. */
  readonly trustAnchorsPem: string;
}

/** Makes a device with a key of this kind. */
export async function holder(key: KeySpec, now?: Date): Promise<Holder> {
  const authority = await root({}, now);
  const ca = await intermediate(authority, {}, now);
  const leaf = await issue(ca, { key }, now);
  return {
    leaf,
    ca,
    authority,
    privateKeyPem: exportPkcs8(leaf.key),
    chainPem: leaf.certificatePem + ca.certificatePem,
    trustAnchorsPem: authority.certificatePem,
  };
}

/** The kinds of key every store is tried with. */
export const STORE_KEYS: readonly [string, KeySpec][] = [
  ["ECDSA P-256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
  ["ECDSA P-384", { algorithm: "ECDSA", ecdsaCurve: "P384" }],
  ["ECDSA P-521", { algorithm: "ECDSA", ecdsaCurve: "P521" }],
  ["RSA 2048", { algorithm: "RSA", rsaBits: 2048 }],
  ["Ed25519", { algorithm: "ED25519" }],
];
