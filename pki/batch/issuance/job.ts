import type { KeyObject } from "node:crypto";
import type { KeySpec } from "../../key";
import type { BundleOptions } from "../bundles/layout";
import type { CertificateTemplate } from "../fast/template";
import type { IssuedRows } from "../inventory/issuedRows";
import type { BundleFile } from "../inventory/schema";

/** What all bundles of a run have in common, as a thread is given it when it starts. */
export interface IssuanceSettings extends BundleOptions {
  /** The folder of the bundles; it is there. */
  readonly folder: string;
  readonly signingKey: KeyObject;
  /** PEM. */
  readonly issuerCertificate: string;
  /** Of keys that are made here. */
  readonly key: KeySpec;
  /** age recipients; empty writes plain files, 0600. */
  readonly recipients: readonly string[];
  /** Unix seconds. */
  readonly signedAt: number;
  /** How long before their end certificates are due; by `defaultRenewalPoint` where left out. */
  readonly renewalSeconds?: number;
  /** PKCS#12 for each device with a new key. */
  readonly keystore?: DeviceKeystoreSettings;
}

/** What keystores have in common. */
export interface DeviceKeystoreSettings {
  readonly password: string;
  /** What follows the device's certificate, DER of each. */
  readonly chain: readonly Uint8Array[];
}

/** The devices of one bundle, in the order of their ids. */
export interface IssuanceJob {
  readonly number: number;
  readonly ids: readonly string[];
  readonly templates: readonly CertificateTemplate[];
  /** Which of the templates each device takes. */
  readonly shapes: Uint16Array;
  /** The texts that fill the template, by place; none where the id is the only one. */
  readonly texts: ReadonlyMap<number, readonly string[]>;
  /** DER of the SubjectPublicKeyInfo of keys that stay, one after the other, and where each ends; those without octets get a new key. */
  readonly keptKeys: Uint8Array;
  readonly keptKeyEnds: Uint32Array;
}

/** A bundle that is written, as `.partial`, and not yet known to the inventory. */
export interface WrittenBundle {
  readonly files: readonly BundleFile[];
  readonly rows: Omit<IssuedRows, "ids" | "orders" | "publicKeys">;
  /** All public keys, one after the other, and where each ends. */
  readonly publicKeys: Uint8Array;
  readonly publicKeyEnds: Uint32Array;
  /** DER of one of the certificates, for another opinion. */
  readonly sample: Uint8Array;
}

/** What a thread answers to the job of this number. */
export type Answer =
  | { readonly number: number; readonly written: WrittenBundle }
  | {
      readonly number: number;
      readonly failure: { readonly message: string; readonly code?: string };
    };
