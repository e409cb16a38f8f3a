import * as pulumi from "@pulumi/pulumi";
import { allowClockOverride } from "./clockOverride";
import type {
  DeviceSubjectArgs,
  ExtensionsArgs,
  KeyArgs,
  RenewalArgs,
  SignerArgs,
  ValidityArgs,
} from "./types";

/** One device, where a batch is listed in the program. */
export interface DeviceArgs {
  /** Common name and MQTT client id: 1 to 64 characters of `A-Za-z0-9._@/-`. */
  id: pulumi.Input<string>;
  dnsNames?: pulumi.Input<pulumi.Input<string>[]>;
  uris?: pulumi.Input<pulumi.Input<string>[]>;
  /** The device's own serial number, for the subject. */
  serialNumber?: pulumi.Input<string>;
  /** Days, where this device differs from the batch. */
  validityDays?: pulumi.Input<number>;
  /** Values for placeholders of the batch's templates, by their names: `{ site: "berlin" }`. */
  columns?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Devices whose ids differ by a number. */
export interface DeviceRangeArgs {
  /** Template of the ids: `thermometer-{number}`. */
  id: pulumi.Input<string>;
  /** The first number, 0 at least. */
  from: pulumi.Input<number>;
  /** The last number; included. */
  to: pulumi.Input<number>;
  /** Write numbers with this many digits, zeros in front: 7 makes `0000001`. Default: as they are. */
  digits?: pulumi.Input<number>;
}

/** How bundles are written. */
export interface BundlesArgs {
  /** `ndjson` or `tar`. Default `ndjson`. */
  format?: pulumi.Input<string>;
  /** `zstd`, `gzip` or `none`. Default `zstd`. */
  compression?: pulumi.Input<string>;
  /** Devices a bundle holds at most, 100 to 50,000. Default 10,000. */
  devices?: pulumi.Input<number>;
}

/** Who alone is to read private keys. */
export interface SealArgs {
  /** Public keys of age, `age1…`, as age-keygen prints them; one at least. */
  recipients: pulumi.Input<pulumi.Input<string>[]>;
}

/** A PKCS#12 store for each device. */
export interface DeviceKeystoreArgs {
  /** 6 to 512 printable ASCII characters, the same for every device; secret. */
  password: pulumi.Input<string>;
}

/** One part of a batch that several machines share. */
export interface ShardArgs {
  /** Which part, from 0. */
  index: pulumi.Input<number>;
  /** How many parts there are. */
  of: pulumi.Input<number>;
}

/** When the certificates of a batch are renewed, and for which key. */
export interface DeviceRenewalArgs extends RenewalArgs {
  /** Whether a renewal makes a new key as well. Default false: the device keeps its own. */
  newKey?: pulumi.Input<boolean>;
}

/** Arguments of {@link DeviceBatch}. */
export interface DeviceBatchArgs {
  /** The devices; or `manifest`, `requests`, or `range`. */
  devices?: pulumi.Input<pulumi.Input<DeviceArgs>[]>;
  /**
   * CSV file with the columns `id`, `dnsNames`, `uris`, `serialNumber`,
   * `validityDays`, and those that templates use as placeholders; or NDJSON with
   * members of these names (`.ndjson`, `.jsonl`). Relative to Pulumi.yaml.
   */
  manifest?: pulumi.Input<string>;
  /**
   * Folder of certificate requests, one a file, PEM or DER, with the device's id
   * as common name: keys then stay with their devices. Or an archive of them
   * (`.tar`, `.tar.gz`, `.tgz`). Relative to Pulumi.yaml.
   */
  requests?: pulumi.Input<string>;
  /** Devices that differ by a number: `{ id: "thermometer-{number}", from: 1, to: 1000000, digits: 7 }`. */
  range?: pulumi.Input<DeviceRangeArgs>;
  /** The subject but for the common name; its texts may hold the placeholders of `dnsNames`. */
  subject?: pulumi.Input<DeviceSubjectArgs>;
  /**
   * Host names for every device beside its own: `{id}.{site}.example`.
   * Placeholders are `{id}`, `{serialNumber}` and columns of the list that have
   * no meaning of their own; `{{` writes a brace.
   */
  dnsNames?: pulumi.Input<pulumi.Input<string>[]>;
  /** URIs for every device beside its own: `urn:device:{serialNumber}`. */
  uris?: pulumi.Input<pulumi.Input<string>[]>;
  key: pulumi.Input<KeyArgs>;
  /** `device` or `initialDeviceIdentity`. Default `device`. */
  profile?: pulumi.Input<string>;
  /** Days; or `validity`. */
  validityDays?: pulumi.Input<number>;
  validity?: pulumi.Input<ValidityArgs>;
  extensions?: pulumi.Input<ExtensionsArgs>;
  /** Object identifier of the hardware; each device with a serial number is then named by both (RFC 4108 §5). */
  hardwareType?: pulumi.Input<string>;
  renewal?: pulumi.Input<RenewalArgs>;
  truncate?: pulumi.Input<boolean>;
  /** Put the root at the end of each `chain.pem`, as Cumulocity wants where the root is what was uploaded. */
  includeRoot?: pulumi.Input<boolean>;
  /** A text; a new one issues every device a new certificate and key, or with `requests` a new certificate. */
  reissue?: pulumi.Input<string>;
  /** Folder for the files and the inventory, relative to Pulumi.yaml. */
  outputDirectory: pulumi.Input<string>;
  /** Into how many Kubernetes Secrets the batch is to fit; left out, no size is checked. */
  secretShards?: pulumi.Input<number>;
  /** `files`, a folder for each device, or `bundles` with an inventory in SQLite. Default: bundles for more than 10,000 devices; a batch stays as it was begun. */
  format?: pulumi.Input<string>;
  bundles?: pulumi.Input<BundlesArgs>;
  /** Seals private keys for recipients of age; excludes `secretShards`. Default: plain files, 0600, with a warning. */
  seal?: pulumi.Input<SealArgs>;
  /** A PKCS#12 store for each device with a new key, too. */
  keystore?: pulumi.Input<DeviceKeystoreArgs>;
  /** What becomes of a device that the list names no more: `record` or `revoke`. Default `record`; `revoke` is for bundles. */
  onRemoval?: pulumi.Input<string>;
  /** Renewals make new keys, too. Default false. */
  newKeyOnRenewal?: pulumi.Input<boolean>;
  /** Issue only this part of the list. Default: all of it. */
  shard?: pulumi.Input<ShardArgs>;
  /** Connection string of a PostgreSQL that gets the inventory as well; secret. For bundles. */
  postgresql?: pulumi.Input<string>;
  signer: SignerArgs;
}

/** Certificates for a list of devices, in one resource whatever their number. */
export class DeviceBatch extends pulumi.CustomResource {
  /** Devices the list names. */
  declare readonly count: pulumi.Output<number>;
  /** SHA-256 over inventory and chain, lowercase hex. */
  declare readonly digest: pulumi.Output<string>;
  /** Devices that got a new key and certificate in the last update. */
  declare readonly issued: pulumi.Output<number>;
  /** Devices whose key got a new certificate in the last update. */
  declare readonly renewed: pulumi.Output<number>;
  /** UTC, such as `2027-11-20T21:46:40Z`. */
  declare readonly expiresFirst: pulumi.Output<string>;
  declare readonly expiresLast: pulumi.Output<string>;
  declare readonly outputDirectory: pulumi.Output<string>;

  constructor(
    name: string,
    args: DeviceBatchArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mqtt-pki:index:DeviceBatch",
      name,
      {
        ...args,
        signer: {
          ...args.signer,
          privateKeyPem: pulumi.secret(args.signer.privateKeyPem),
        },
        ...(args.keystore !== undefined && {
          keystore: pulumi.secret(args.keystore),
        }),
        ...(args.postgresql !== undefined && {
          postgresql: pulumi.secret(args.postgresql),
        }),
        ...allowClockOverride(),
        count: undefined,
        digest: undefined,
        issued: undefined,
        renewed: undefined,
        expiresFirst: undefined,
        expiresLast: undefined,
      },
      opts,
    );
  }
}
