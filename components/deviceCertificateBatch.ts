import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type {
  BundlesArgs,
  DeviceArgs,
  DeviceKeystoreArgs,
  DeviceRangeArgs,
  DeviceRenewalArgs,
  DeviceSubjectArgs,
  ExtensionsArgs,
  KeyArgs,
  SealArgs,
  ShardArgs,
  ValidityArgs,
} from "../resources";
import { DeviceBatch, readDeviceBatch } from "../resources";
import type { Issuer } from "./issuer";
import { signerOf } from "./issuer";
import { completeKey } from "./keyAndRequest";
import { defaultLifetime, renewalOf } from "./deviceLifetime";
import { lifetimeOf } from "./validity";
import { LABELS, checkedName, secretData } from "./kubernetes";
import { warnOfOtherOwners } from "./objectOwner";

/** What the devices of a batch have in common. */
export interface DeviceProfileArgs {
  /** The subject but for the common name, which is each device's id. Its texts may hold the placeholders of `dnsNames`. */
  subject?: pulumi.Input<DeviceSubjectArgs>;
  /**
   * Host names for every device beside its own: `{id}.{site}.example`.
   * Placeholders are `{id}`, `{serialNumber}` and columns of the list that have
   * no meaning of their own; `{{` writes a brace.
   */
  dnsNames?: pulumi.Input<pulumi.Input<string>[]>;
  /** URIs for every device beside its own: `urn:device:{serialNumber}`. */
  uris?: pulumi.Input<pulumi.Input<string>[]>;
  /** `device`, or `initialDeviceIdentity` for the certificate a factory gives (IEEE 802.1AR). Default `device`. */
  profileName?: pulumi.Input<string>;
  /** Days. Default 365; an initial device identity has no end. */
  validityDays?: pulumi.Input<number>;
  /** Dates in the place of days. */
  validity?: pulumi.Input<ValidityArgs>;
  extensions?: pulumi.Input<ExtensionsArgs>;
  /** Object identifier of the hardware; names each device that has a serial number as a hardware module (RFC 4108 §5). */
  hardwareType?: pulumi.Input<string>;
  /** Default: ECDSA on P-256. */
  key?: pulumi.Input<KeyArgs>;
  renewal?: pulumi.Input<DeviceRenewalArgs>;
}

/** Kubernetes Secrets for a small batch. */
export interface DeviceSecretsArgs {
  namespace: pulumi.Input<string>;
  /** The Secrets are called `<secretName>-0`, `<secretName>-1`, … */
  secretName: pulumi.Input<string>;
  /** How many Secrets to spread the batch over; one holds about 400 devices. Default 1. */
  shards?: number;
  /** The provider that renders the Secrets or deploys them. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/** Where a batch goes. */
export interface DeviceOutputArgs {
  /**
   * Folder relative to Pulumi.yaml. Of a small batch it holds `inventory.csv`
   * and `<id>/{cert.pem,chain.pem,key.pem}`, without `key.pem` for `requests`;
   * of a large one `inventory.sqlite` and `bundles/`. The inventory is the
   * record of what was issued: keep it.
   */
  directory: pulumi.Input<string>;
  /** `files` or `bundles`. Default: bundles for more than 10,000 devices; a batch stays as it was begun. */
  format?: pulumi.Input<string>;
  /** How bundles are written. Default: NDJSON, zstd, 10,000 devices each. */
  bundles?: pulumi.Input<BundlesArgs>;
  /** Seals private keys for recipients of age (`age1…`). Default: plain files, 0600, with a warning. */
  seal?: pulumi.Input<SealArgs>;
  /** A PKCS#12 store for each device with a new key as well, sealed with `seal`. */
  keystore?: pulumi.Input<DeviceKeystoreArgs>;
  /** Connection string of a PostgreSQL that gets the inventory of bundles as well, for a team; secret. */
  postgresql?: pulumi.Input<string>;
  /** Secrets as well; device keys then stand, encrypted, in the stack's state. */
  kubernetes?: DeviceSecretsArgs;
}

/** Arguments of {@link DeviceCertificateBatch}. */
export interface DeviceCertificateBatchArgs {
  /** A `RootCA`, an `IntermediateCA`, or the outputs of a CA made elsewhere. */
  issuer: Issuer;
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
  profile?: DeviceProfileArgs;
  /** Put the root at the end of each `chain.pem`. Default false; Cumulocity wants it where the root was uploaded. */
  includeRoot?: pulumi.Input<boolean>;
  /** Cut the validity at the issuer's end instead of refusing it. Default false. */
  truncate?: pulumi.Input<boolean>;
  /** A text; a new one issues every device a new key and certificate, or with `requests` a new certificate. */
  reissue?: pulumi.Input<string>;
  /** What becomes of a device that the list names no more: `record` it, or `revoke` its certificate. Default `record`; `revoke` is for bundles. */
  onRemoval?: pulumi.Input<string>;
  /** Issue only this part of the list; another machine issues the others. Default: all of it. */
  shard?: pulumi.Input<ShardArgs>;
  output: DeviceOutputArgs;
}

/**
 * Keys and certificates for the devices of a list. An added row issues one, a
 * changed row reissues one, what is due is renewed with its key, all else
 * stays byte for byte.
 *
 * @example
 * ```ts
 * new DeviceCertificateBatch("demo", {
 *   issuer: deviceCA,
 *   manifest: "devices/demo.csv",
 *   output: { directory: "rendered/devices" },
 * });
 * ```
 */
export class DeviceCertificateBatch extends pulumi.ComponentResource {
  /** Devices the list names. */
  readonly count: pulumi.Output<number>;
  /** SHA-256 over inventory and chain, lowercase hex. */
  readonly digest: pulumi.Output<string>;
  /** Devices that got a new key and certificate in the last update. */
  readonly issued: pulumi.Output<number>;
  /** Devices whose key got a new certificate in the last update. */
  readonly renewed: pulumi.Output<number>;
  /** When the first certificate ends. UTC, such as `2027-11-20T21:46:40Z`. */
  readonly expiresFirst: pulumi.Output<string>;
  /** When the last certificate ends. UTC. */
  readonly expiresLast: pulumi.Output<string>;
  readonly outputDirectory: pulumi.Output<string>;
  /** Names of the Secrets; empty where none are made. */
  readonly secretNames: pulumi.Output<string[]>;

  constructor(
    name: string,
    args: DeviceCertificateBatchArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:DeviceCertificateBatch", name, {}, opts);
    const { profile = {}, output, issuer } = args;
    const { devices, manifest, requests, range } = args;
    const { includeRoot, truncate, reissue } = args;
    const { subject, renewal, extensions, hardwareType } = profile;
    const { dnsNames, uris } = profile;
    const { onRemoval, shard } = args;
    const { format, bundles, seal, keystore, postgresql } = output;
    const secrets = output.kubernetes;

    const batch = new DeviceBatch(
      name,
      {
        key: completeKey(profile.key),
        ...(profile.profileName !== undefined && {
          profile: profile.profileName,
        }),
        ...lifetimeOf(profile, defaultLifetime(profile.profileName)),
        ...(extensions !== undefined && { extensions }),
        ...(hardwareType !== undefined && { hardwareType }),
        outputDirectory: output.directory,
        signer: signerOf(issuer),
        ...(devices !== undefined && { devices }),
        ...(manifest !== undefined && { manifest }),
        ...(requests !== undefined && { requests }),
        ...(range !== undefined && { range }),
        ...(dnsNames !== undefined && { dnsNames }),
        ...(uris !== undefined && { uris }),
        ...(subject !== undefined && { subject }),
        ...(renewal !== undefined && renewalOf(renewal)),
        ...(format !== undefined && { format }),
        ...(bundles !== undefined && { bundles }),
        ...(seal !== undefined && { seal }),
        ...(keystore !== undefined && { keystore }),
        ...(postgresql !== undefined && { postgresql }),
        ...(onRemoval !== undefined && { onRemoval }),
        ...(shard !== undefined && { shard }),
        ...(includeRoot !== undefined && { includeRoot }),
        ...(truncate !== undefined && { truncate }),
        ...(reissue !== undefined && { reissue }),
        ...(secrets !== undefined && { secretShards: secrets.shards ?? 1 }),
      },
      { parent: this },
    );

    this.count = batch.count;
    this.digest = batch.digest;
    this.issued = batch.issued;
    this.renewed = batch.renewed;
    this.expiresFirst = batch.expiresFirst;
    this.expiresLast = batch.expiresLast;
    this.outputDirectory = batch.outputDirectory;
    this.secretNames = pulumi.output(
      secrets === undefined ? [] : createSecrets(this, name, batch, secrets),
    );
    this.registerOutputs({
      count: this.count,
      digest: this.digest,
      expiresFirst: this.expiresFirst,
      expiresLast: this.expiresLast,
      outputDirectory: this.outputDirectory,
      secretNames: this.secretNames,
    });
  }
}

function createSecrets(
  parent: DeviceCertificateBatch,
  name: string,
  batch: DeviceBatch,
  args: DeviceSecretsArgs,
): pulumi.Output<string>[] {
  const shards = args.shards ?? 1;
  return Array.from({ length: shards }, (_, shard) => {
    const object = checkedName(
      args.namespace,
      pulumi.interpolate`${args.secretName}-${shard}`,
      {
        component: name,
        namespace: "output.kubernetes.namespace",
        name: "output.kubernetes.secretName",
      },
    );
    const data = readDeviceBatch(
      {
        outputDirectory: batch.outputDirectory,
        digest: batch.digest,
        shard,
        shards,
      },
      { parent: batch },
    );
    const secret = new kubernetes.core.v1.Secret(
      `${name}-secret-${shard}`,
      {
        metadata: {
          ...object,
          labels: LABELS,
          annotations: {
            "mqtt-pki/batch-digest": batch.digest,
            // Of the whole batch, as the digest.
            "mqtt-pki/expires-first": batch.expiresFirst,
          },
        },
        type: "Opaque",
        data: shardData(data),
      },
      {
        parent,
        ...(args.provider !== undefined && { provider: args.provider }),
      },
    );
    warnOfOtherOwners(
      args.provider,
      { apiVersion: "v1", kind: "Secret", ...object },
      parent,
    );
    return secret.metadata.name;
  });
}

/** The data of a shard's Secret; none of a shard without devices, since a cluster keeps no empty map, and a change would show for ever. */
function shardData(
  data: pulumi.Output<Record<string, string>>,
): pulumi.Output<Record<string, string>> {
  return data.apply((entries) =>
    Object.keys(entries).length === 0
      ? // An output of undefined leaves the member out, which its type does not know.
        (undefined as unknown as pulumi.Output<Record<string, string>>)
      : secretData(entries),
  );
}
