import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { BundleTrustArgs } from "../resources";
import type { TrustSource } from "./publication";

/** A server's certificate: a `ServerCertificate`, or its outputs. */
export interface BrokerCertificate extends TrustSource {
  /** Name of the Secret with `server.pem` and `mqttserver_key.pem`; for one listener alone, `tls.crt` and `tls.key` will do. */
  secretName: pulumi.Input<string>;
  /** What opens the key in that Secret, where that is encrypted. It goes into a Secret of its own, never into a ConfigMap. */
  keyPassphrase?: pulumi.Input<string>;
  /** Leaf first, then intermediates. Needed for key stores, for TBMQ, and for what is not reloaded. PEM. */
  chainPem?: pulumi.Input<string>;
  /** Unencrypted. Needed for key stores and for TBMQ. PEM. */
  privateKeyPem?: pulumi.Input<string>;
  /** One of `KeyAlgorithm`; where it is known, DTLS is refused with a key it cannot use. */
  keyAlgorithm?: pulumi.Input<string>;
  /** Whether the Secret has the names of ThingsBoard's manifests. Left out: nobody knows, and it is taken for granted. */
  hasAliases?: pulumi.Input<boolean>;
}

/** The CA of the devices: a `RootCA` or an `IntermediateCA`, or its outputs. */
export interface DeviceAuthority {
  certificatePem: pulumi.Input<string>;
  /** The CAs above it, without the root. PEM. */
  chainPem?: pulumi.Input<string>;
  /** The roots. PEM. */
  trustAnchorsPem?: pulumi.Input<string>;
  /** Of which root: by it a preview knows what no certificate says yet. */
  trust?: BundleTrustArgs;
}

/** A key store in the place of PEM files. */
export interface ThingsBoardKeystoreArgs {
  /** For the store and its key alike, since PKCS12 has one for both. 6 to 512 printable ASCII characters, without `${` and `#{`; a secret whatever it was. */
  password: pulumi.Input<string>;
  /** Name of the Secret with `keystore.p12`. Default: `<name of the server's Secret>-keystore`. */
  secretName?: pulumi.Input<string>;
  /** Name of the key in the store. Default `server`. */
  alias?: pulumi.Input<string>;
  /**
   * Certificates beside the key, PEM. TBMQ validates devices by them.
   * ThingsBoard names them to clients as CAs that it knows; without, a Java
   * client with the default key manager sends no certificate. Default: for TBMQ
   * the roots of `deviceAuthority`, else none.
   */
  trustedPem?: pulumi.Input<string>;
}

/** HTTPS of the web interface and the REST API, on the port of HTTP. */
export interface ThingsBoardHttpArgs {
  /** A certificate of its own. Default: that of MQTT. */
  server?: BrokerCertificate;
  /** Where the Secret of that one is mounted. Default `/https-config`. */
  mountPath?: pulumi.Input<string>;
  /** Default: ThingsBoard's own, 8080 (TBMQ: 8083). */
  port?: pulumi.Input<number>;
}

/** CoAP over DTLS. */
export interface ThingsBoardCoapArgs {
  /** A certificate of its own, with an ECDSA key. Default: that of MQTT. */
  server?: BrokerCertificate;
  /** Where the Secret of that one is mounted. Default `/coap-config`. */
  mountPath?: pulumi.Input<string>;
  /** UDP. Default 5684. */
  port?: pulumi.Input<number>;
  /** Let devices connect with an expired certificate. Default false. */
  skipClientValidityCheck?: pulumi.Input<boolean>;
}

/** LwM2M over DTLS. */
export interface ThingsBoardLwm2mArgs {
  /** A certificate of its own, with an ECDSA key. Default: that of MQTT. */
  server?: BrokerCertificate;
  /** Where the Secret of that one is mounted. Default `/lwm2m-config`. */
  mountPath?: pulumi.Input<string>;
  /** UDP. Default 5686. */
  port?: pulumi.Input<number>;
  /** Serve the bootstrap server with the same certificate. Known while the program runs. Default false. */
  bootstrap?: boolean;
  /** UDP. Default 5688. */
  bootstrapPort?: pulumi.Input<number>;
  /** A `TrustBundle` with the roots of devices: who has a chain to them is let in. Default: none, devices are known by their certificates alone. */
  deviceRoots?: ThingsBoardDeviceRoots;
  /** Let devices connect with an expired certificate. Default false. */
  skipClientValidityCheck?: pulumi.Input<boolean>;
}

/** A ConfigMap with `ca-bundle.pem`: a `TrustBundle`, or its outputs. */
export interface ThingsBoardDeviceRoots {
  configMapName: pulumi.Input<string>;
  /** What changes exactly when the roots do; by it `podAnnotations` restart the pods of a version that reloads nothing. */
  bundleSha256?: pulumi.Input<string>;
  /** Where it is mounted. Default `/mqtt-device-ca`. */
  mountPath?: pulumi.Input<string>;
}

/** TLS of the gRPC port by which ThingsBoard Edge reaches `tb-node`. PEM in any case, and never reloaded. */
export interface ThingsBoardEdgeRpcArgs {
  /** A certificate of its own. Default: that of MQTT. */
  server?: BrokerCertificate;
  /** Where the Secret is mounted: that of `server`, or with key stores that of MQTT. Default `/edge-config`. */
  mountPath?: pulumi.Input<string>;
}

/** MQTT over WebSocket and TLS, of TBMQ. */
export interface ThingsBoardWssArgs {
  /** A certificate of its own. Default: that of MQTT. */
  server?: BrokerCertificate;
  /** Where the Secret of that one is mounted. Default `/wss-config`. */
  mountPath?: pulumi.Input<string>;
  /** Default 8085. */
  port?: pulumi.Input<number>;
}

/**
 * What users are shown of how devices connect, and the CA file that devices
 * download from ThingsBoard without a password:
 * `/api/device-connectivity/mqtts/certificate/download`.
 */
export interface ThingsBoardConnectivityArgs {
  /** Host name under which devices reach MQTT. */
  host: pulumi.Input<string>;
  /** Port by which they come in. Default: that of MQTT. */
  mqttsPort?: pulumi.Input<number>;
  /** Host name under which devices reach CoAP. Default: nothing is shown of CoAP. */
  coapsHost?: pulumi.Input<string>;
  /** Default 5684. */
  coapsPort?: pulumi.Input<number>;
  /** Name of the ConfigMap. Default: `<name of the Secret>-connectivity`. */
  configMapName?: pulumi.Input<string>;
}

/** Arguments of {@link ThingsBoardMqtt}. */
export interface ThingsBoardMqttArgs {
  server: BrokerCertificate;
  namespace: pulumi.Input<string>;
  /** One of `ThingsBoardProduct`. Known while the program runs. Default: ThingsBoard. */
  product?: string;
  /** The release that runs, or the tag of its image, such as `4.3.1.2` or `4.3.1.2PE`. Default: the newest, which reloads certificates by itself. */
  version?: pulumi.Input<string>;
  /** One of `ThingsBoardCredentials`. Known while the program runs. Default: PEM. */
  credentialsType?: string;
  /** With credentials type `KEYSTORE`. */
  keystore?: ThingsBoardKeystoreArgs;
  /** Name of the ConfigMap with the variables. Default: `<name of the Secret>-env`. */
  configMapName?: pulumi.Input<string>;
  /** Name of the Secret with passwords of keys and stores. Default: `<name of the broker's Secret>-env`. */
  environmentSecretName?: pulumi.Input<string>;
  /** Name of TBMQ's own Secret with PEM files, in which the root follows the chain. Default: `<name of the broker's Secret>-tbmq`. */
  brokerSecretName?: pulumi.Input<string>;
  /** Name of the ConfigMap with the roots for devices. Default `mqtt-ca-bundle`. */
  bundleConfigMapName?: pulumi.Input<string>;
  /** Where the workload mounts the Secret. Absolute. Default `/ssl-config`, as in ThingsBoard's manifests. */
  mountPath?: pulumi.Input<string>;
  /** Where `tb-node` mounts the roots for devices, to hand them out. Absolute. Default `/mqtt-ca`. */
  bundleMountPath?: pulumi.Input<string>;
  /** Default 8883. */
  bindPort?: pulumi.Input<number>;
  /** Let devices connect with an expired certificate. Default false. */
  skipClientValidityCheck?: pulumi.Input<boolean>;
  /** Default: HTTP stays plain. */
  http?: ThingsBoardHttpArgs;
  /** Default: CoAP stays plain. */
  coap?: ThingsBoardCoapArgs;
  /** Default: LwM2M has no certificate. */
  lwm2m?: ThingsBoardLwm2mArgs;
  /** Default: gRPC stays plain. */
  edgeRpc?: ThingsBoardEdgeRpcArgs;
  /** Default: WebSockets stay plain. */
  wss?: ThingsBoardWssArgs;
  /** Default: users are shown nothing of MQTT over TLS. */
  connectivity?: ThingsBoardConnectivityArgs;
  /** CA whose certificate goes into the device profile, and by which TBMQ is to know devices. Left out, no profile is made. */
  deviceAuthority?: DeviceAuthority;
  /** Name of the device profile. Default `mqtt-x509`. */
  deviceProfileName?: pulumi.Input<string>;
  /** The provider that renders the objects or deploys them. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/** A volume that a workload is to mount: whole, since what is behind a subPath never changes. */
export interface ThingsBoardMount {
  /** Of the volume. */
  name: string;
  /** `Secret` or `ConfigMap`. */
  kind: string;
  objectName: string;
  mountPath: string;
  /** Of `ThingsBoardListener`, and `connectivity`: whom it is for. */
  listeners: string[];
}
