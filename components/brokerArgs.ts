import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { DeviceSubjectArgs } from "../resources";
import type { TrustSource } from "./publication";

/** The broker's certificate: a `ServerCertificate`, or its outputs. */
export interface BrokerServer {
  /** Leaf first, then intermediates. PEM. */
  chainPem: pulumi.Input<string>;
  /** PKCS#8, unencrypted. PEM. */
  privateKeyPem: pulumi.Input<string>;
  /** Name of the Secret with `tls.crt` and `tls.key`. */
  secretName: pulumi.Input<string>;
  /** Set where the key in the Secret is encrypted, which no broker here takes. */
  keyPassphrase?: pulumi.Input<string>;
}

/** A ConfigMap with `ca-bundle.pem` that is there already: a `TrustBundle`, or its outputs. */
export interface DeviceTrustBundle {
  configMapName: pulumi.Input<string>;
  bundleSha256: pulumi.Input<string>;
}

/** A device that the broker is to know. */
export interface BrokerDeviceArgs {
  /** The common name of its certificate. */
  id: pulumi.Input<string>;
  /** The device's own serial number, where the subject has it. */
  serialNumber?: pulumi.Input<string>;
  /** The whole subject of its certificate, RFC 4514, such as `CN=sensor-1,O=Example`. Default: made of the id, the serial number and `deviceSubject`. */
  subject?: pulumi.Input<string>;
}

/** Where the broker finds its files; absolute paths of folders. Default: as its image has them, and `/mqtt/…`. */
export interface BrokerPathsArgs {
  /** `tls.crt` and `tls.key`. Default `/mqtt/server`. */
  server?: pulumi.Input<string>;
  /** `ca-bundle.pem`. Default `/mqtt/device-roots`. */
  trust?: pulumi.Input<string>;
  /** Revocation lists. Default `/mqtt/crl`. */
  crl?: pulumi.Input<string>;
  /** The configuration. Default: where the broker's image looks, else `/mqtt/configuration`. */
  configuration?: pulumi.Input<string>;
  /** Key stores, and configuration with a password in it. Default `/mqtt/secret`. */
  secret?: pulumi.Input<string>;
  /** What the broker keeps. Default: where its image does. */
  data?: pulumi.Input<string>;
}

/** Objects for a broker in Kubernetes. */
export interface BrokerKubernetesArgs {
  namespace: pulumi.Input<string>;
  /** ConfigMap with the configuration. Default: the component's name. */
  configMapName?: pulumi.Input<string>;
  /** ConfigMap with the device roots, where `deviceAuthority` is given. Default `<configMapName>-device-roots`. */
  bundleConfigMapName?: pulumi.Input<string>;
  /** ConfigMap with the revocation lists. Default `<configMapName>-crl`. */
  crlConfigMapName?: pulumi.Input<string>;
  /** Secret with key stores, and whatever of the configuration holds a password. Default `<configMapName>-secret`. */
  secretName?: pulumi.Input<string>;
  /** The provider that renders the objects or deploys them. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/** Files for a broker outside Kubernetes. */
export interface BrokerOutputArgs {
  /**
   * Folder, relative to Pulumi.yaml; its folders `configuration`, `server`,
   * `device-roots`, `crl` and `secret` belong where `paths` says.
   */
  directory: pulumi.Input<string>;
  /** Write the broker's private key as well, and key stores, mode 0600. Default false: carry it there some other way. */
  privateKey?: boolean;
}

/** Arguments of {@link BrokerConfiguration}. */
export interface BrokerConfigurationArgs {
  /** One of `BrokerKind`; known while the program runs. */
  broker: string;
  /** The certificate that the broker shows. */
  server: BrokerServer;
  /** A `RootCA`, or its outputs: the root that devices hang from. Or `trustBundle`. */
  deviceAuthority?: TrustSource;
  /** The roots of devices, where a `TrustBundle` of that namespace has them already. Not for brokers that read key stores. */
  trustBundle?: DeviceTrustBundle;
  /** MQTT over TLS. Default 8883. */
  port?: pulumi.Input<number>;
  /** Address to listen at. Default `0.0.0.0`. */
  address?: pulumi.Input<string>;
  /** One of `BrokerIdentity`. Default `CommonName`. */
  identity?: pulumi.Input<string>;
  /** Default true. */
  requireCertificate?: pulumi.Input<boolean>;
  /**
   * Topic filters that a device may publish to and subscribe to; `{device}`
   * stands for its user name. Default `["devices/{device}/#"]`; `["#"]` for all.
   */
  topics?: pulumi.Input<pulumi.Input<string>[]>;
  /** Devices, for brokers that have a list of users: NATS, RabbitMQ and Artemis. Some thousands fit a ConfigMap. */
  devices?: pulumi.Input<pulumi.Input<BrokerDeviceArgs>[]>;
  /** What the subjects of all devices have in common beside the common name: `profile.subject` of their batch. For NATS. */
  deviceSubject?: pulumi.Input<DeviceSubjectArgs>;
  /** Revocation lists to check devices by, one for each CA that signs them, PEM. Default: none. */
  crlPem?: pulumi.Input<string>;
  /** What opens key store and trust store of a Java broker; it should stay as it is over rotations. */
  storePassword?: pulumi.Input<string>;
  /**
   * Whether somebody carries out the commands of the reload hint: a sidecar, a
   * job. Default false: `podAnnotations` then restart the broker where a command
   * would have done.
   */
  signalled?: pulumi.Input<boolean>;
  paths?: BrokerPathsArgs;
  /** Or `output`, or both. */
  kubernetes?: BrokerKubernetesArgs;
  /** Or `kubernetes`, or both. */
  output?: BrokerOutputArgs;
}
