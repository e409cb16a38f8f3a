import * as pulumi from "@pulumi/pulumi";
import type { ConnectionOrder } from "../platforms/device";
import {
  TRUST_STORE_FILE,
  completeConnection,
  connectionFiles,
  connectionProblems,
  deviceFiles,
  deviceSecretFiles,
} from "../platforms/device";
import {
  ConfigurationFiles,
  Keystore,
  KeystoreFormat,
  readDeviceBatch,
} from "../resources";
import { refuse } from "./kubernetes";

/** The batch whose devices connect: a `DeviceCertificateBatch`, or its outputs. */
export interface ConnectedBatch {
  outputDirectory: pulumi.Input<string>;
  digest: pulumi.Input<string>;
}

/** Arguments of {@link DeviceConnection}. */
export interface DeviceConnectionArgs {
  /** One of `DevicePlatform`. Default `thingsboard`. */
  platform?: pulumi.Input<string>;
  /** Host name or IP address of the broker, as it stands in its certificate. */
  host: pulumi.Input<string>;
  /** Default 8883. Cumulocity: 8883 for Core MQTT, 9883 for MQTT Service. */
  port?: pulumi.Input<number>;
  /** The roots by which devices recognize the broker, PEM: `server.trustAnchorsPem`. */
  trustAnchorsPem: pulumi.Input<string>;
  /** The folder for the files, relative to the project; beside the batch's, not within it. */
  directory: pulumi.Input<string>;
  /** The batch. Left out, {@link chainFile} and {@link keyFile} say where a device has its files. */
  batch?: ConnectedBatch;
  /** Path of a device's chain, with `{id}`. Default: the batch's. */
  chainFile?: pulumi.Input<string>;
  /** Path of a device's private key, with `{id}`. Default: the batch's. */
  keyFile?: pulumi.Input<string>;
  /** Path of a device's PKCS#12 store, with `{id}`. Default: the batch's. */
  keystoreFile?: pulumi.Input<string>;
  /** To what the examples publish; may hold `{id}`. Default: the platform's. */
  topic?: pulumi.Input<string>;
  /** What the examples publish. Default: the platform's. */
  payload?: pulumi.Input<string>;
  /** Has to hold `{id}`. Default: `{id}`; `d:{id}` for Cumulocity's Core MQTT. */
  clientId?: pulumi.Input<string>;
  /** May hold `{id}`. Default: none; the tenant id for Cumulocity's MQTT Service. */
  username?: pulumi.Input<string>;
  /** Of Cumulocity, for port 9883. */
  tenantId?: pulumi.Input<string>;
  /** Ids of devices that get files of their own, in `devices/<id>`. Default: none. */
  devices?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * For these devices also `mqtt_device_identity.h`, mode 0600, with chain and
   * private key, which then stand, encrypted, in the stack's state as well.
   * For a batch of files whose keys are not sealed. Default false.
   */
  identities?: boolean;
  /** Makes `truststore.p12`, mode 0600, under this password. Default: none is made. */
  trustStorePassword?: pulumi.Input<string>;
}

/**
 * How devices connect, as files: `connection.json`, a README with a
 * `mosquitto_pub` command that works when it is pasted, `publish.sh` and
 * `publish.py`, the properties of a Java client, and a C header with the roots
 * for firmware. Nothing in them is secret, but for what is asked for: the trust
 * store, and the identities of devices.
 *
 * Refused in the preview: what is no host, no port or no path, a port or client
 * id that the platform does not take, a folder within the batch's.
 *
 * Source: ThingsBoard's guide "MQTT device API", Cumulocity's "Device
 * certificates", "MQTT implementation" and "MQTT Service", Eclipse Paho.
 *
 * @example
 * ```ts
 * new DeviceConnection("connection", {
 *   host: "mqtt.example.com",
 *   trustAnchorsPem: server.trustAnchorsPem,
 *   batch: devices,
 *   directory: `${renderDirectory}/connection`,
 * });
 * ```
 */
export class DeviceConnection extends pulumi.ComponentResource {
  readonly directory: pulumi.Output<string>;
  /** Paths of all files below the folder, in order. */
  readonly paths: pulumi.Output<string[]>;

  constructor(
    name: string,
    args: DeviceConnectionArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:DeviceConnection", name, {}, opts);
    const order = checkedOrder(name, args);
    const trustStore =
      args.trustStorePassword === undefined
        ? undefined
        : new Keystore(
            `${name}-trust-store`,
            {
              format: KeystoreFormat.Pkcs12,
              trustAnchorsPem: args.trustAnchorsPem,
              password: args.trustStorePassword,
            },
            { parent: this },
          );
    const files = new ConfigurationFiles(
      name,
      {
        directory: args.directory,
        files: pulumi
          .all([order, args.trustAnchorsPem])
          .apply(([known, bundle]) => publicFiles(known, bundle, args)),
        ...(args.identities === true && {
          secretFiles: identitiesOf(name, order, args, this),
        }),
        ...(trustStore !== undefined && {
          secretBinaryFiles: { [TRUST_STORE_FILE]: trustStore.contentBase64 },
        }),
      },
      { parent: this },
    );
    this.directory = files.directory;
    this.paths = files.paths;
    this.registerOutputs({ directory: this.directory, paths: this.paths });
  }
}

function checkedOrder(
  component: string,
  args: DeviceConnectionArgs,
): pulumi.Output<ConnectionOrder> {
  const { batch, identities, ...rest } = args;
  // What the order does not know, and a preview may not either.
  const {
    trustAnchorsPem: _roots,
    trustStorePassword: _password,
    ...order
  } = rest;
  return pulumi
    .all([pulumi.output(order), batch?.outputDirectory])
    .apply(([known, batchDirectory]) => {
      const complete: ConnectionOrder = {
        ...known,
        ...(batchDirectory !== undefined && { batchDirectory }),
      };
      refuse(component, [
        ...connectionProblems(complete),
        ...(identities === true && batch === undefined
          ? [
              "identities: true wants the keys of a batch; give batch, or leave it out.",
            ]
          : []),
        ...(identities === true && (known.devices ?? []).length === 0
          ? [
              "identities: true is for the devices that are named; give their ids as devices, or leave it out.",
            ]
          : []),
      ]);
      return complete;
    });
}

function publicFiles(
  order: ConnectionOrder,
  bundlePem: string,
  { trustStorePassword }: DeviceConnectionArgs,
): Record<string, string> {
  const connection = completeConnection(order);
  const [example] = order.devices ?? [];
  return Object.assign(
    {
      ...connectionFiles(connection, bundlePem, {
        ...(example !== undefined && { example }),
        trustStore: trustStorePassword !== undefined,
      }),
    },
    ...(order.devices ?? []).map((id) => deviceFiles(connection, id)),
  ) as Record<string, string>;
}

function identitiesOf(
  component: string,
  order: pulumi.Output<ConnectionOrder>,
  { batch }: DeviceConnectionArgs,
  parent: pulumi.Resource,
): pulumi.Output<Record<string, string>> {
  if (batch === undefined) {
    // It is refused by then.
    return pulumi.output<Record<string, string>>({});
  }
  const { outputDirectory, digest } = batch;
  const contents = readDeviceBatch(
    { outputDirectory, digest, shard: 0, shards: 1 },
    { parent },
  );
  return pulumi.all([order, contents]).apply(([known, texts]) => {
    const connection = completeConnection(known);
    const devices = known.devices ?? [];
    refuse(
      component,
      devices.flatMap((id, index) =>
        texts[`${id}.key.pem`] === undefined
          ? [
              `devices[${index}]: ${JSON.stringify(id)} is no device of the batch that has a key there; take it out.`,
            ]
          : [],
      ),
    );
    return Object.assign(
      {},
      ...devices.map((id) =>
        deviceSecretFiles(connection, {
          id,
          chainPem: texts[`${id}.chain.pem`] ?? "",
          privateKeyPem: texts[`${id}.key.pem`] ?? "",
        }),
      ),
    ) as Record<string, string>;
  });
}
