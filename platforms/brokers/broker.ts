/** MQTT brokers that configuration is made for. */
export const BrokerKind = {
  Mosquitto: "Mosquitto",
  Nats: "NATS",
  RabbitMq: "RabbitMQ",
  Emqx: "EMQX",
  HiveMq: "HiveMQ",
  Artemis: "Artemis",
  VerneMq: "VerneMQ",
} as const;

/** Who a device is to its broker: what of its certificate becomes the user name. */
export const BrokerIdentity = {
  /** The common name, which is the device's id. */
  CommonName: "CommonName",
  /** The whole subject, as text in the form of that broker. */
  Subject: "Subject",
  /** Nothing: a certificate of the device CA lets in, and every device may do what any of them may. */
  None: "None",
} as const;

/** What stands for the device's own id in a topic, for `topics`. */
export const DEVICE_PLACEHOLDER = "{device}";

/** How a broker comes to use what has changed. */
export const ReloadWay = {
  /** It looks by itself. */
  Watch: "watch",
  /** It looks when it is told to, by a signal or a command, and serves on meanwhile. */
  Signal: "signal",
  /** It looks only when it starts. */
  Restart: "restart",
} as const;

/** How one of a broker's inputs is taken up after a change. */
export interface Reload {
  /** One of {@link ReloadWay}. */
  readonly way: string;
  /** What to run in the broker's container; only where the way is `signal`. */
  readonly command?: string;
  /** Within how many seconds the broker has taken it up, from the moment the file is there or the command has ended. */
  readonly seconds: number;
  /** What becomes of connections that are open: one sentence. */
  readonly liveSessions: string;
}

/** How each of a broker's inputs is taken up after a change. */
export interface Reloads {
  /** `tls.crt` and `tls.key`, or the key store made of them. */
  readonly certificate: Reload;
  /** `ca-bundle.pem`, or the trust store made of it. */
  readonly trust: Reload;
  /** The revocation lists; left out where none is checked. */
  readonly crl?: Reload;
  /** The configuration files themselves, devices that come and go among them. */
  readonly configuration: Reload;
}

/** Where a broker finds its files; absolute paths of folders, no slash at the end. */
export interface BrokerPaths {
  /** The Secret of the server certificate: `tls.crt` (chain, leaf first), `tls.key` (PKCS#8, unencrypted), `ca.crt`. */
  readonly server: string;
  /** The ConfigMap with `ca-bundle.pem`: every root that devices may hang from. */
  readonly trust: string;
  /** The ConfigMap with the revocation lists, where any are checked. */
  readonly crl: string;
  /** The ConfigMap with the configuration files. */
  readonly configuration: string;
  /** The Secret with configuration files that hold a password, and with key stores. */
  readonly secret: string;
  /** Where the broker keeps what outlives a restart. */
  readonly data: string;
}

/** What is asked of a broker; all defaults are filled in. */
export interface BrokerSettings {
  readonly paths: BrokerPaths;
  /** MQTT over TLS. */
  readonly port: number;
  /** Address it listens at; `0.0.0.0` in a pod. */
  readonly address: string;
  /** One of {@link BrokerIdentity}. */
  readonly identity: string;
  /** Whether a client without a certificate is refused in the handshake. Where not, it comes in as nobody, and may nothing. */
  readonly requireCertificate: boolean;
  /** Certificate revocation lists to check devices by, PEM, one for each CA that signs devices; empty where none is checked. */
  readonly crlPem: string;
  /**
   * Topic filters that a device may publish to and subscribe to.
   * {@link DEVICE_PLACEHOLDER} stands for its user name, such as in `devices/{device}/#`.
   */
  readonly topics: readonly string[];
  /** Devices, for brokers that know users by a list of their own; in the order given. Ids are unique. */
  readonly devices: readonly BrokerDevice[];
  /** What opens key store and trust store; brokers that read PEM ignore it. A secret. */
  readonly storePassword: string;
}

/** A device that a broker is told of. */
export interface BrokerDevice {
  /** Its common name. */
  readonly id: string;
  /** Its whole subject in the form of RFC 4514, such as `CN=sensor-1,O=Example`; the order of its parts is of no account. */
  readonly subject: string;
}

/** A key store or trust store that a Java broker reads in place of PEM; the component makes it with `Keystore`. */
export interface BrokerStore {
  /** Name of the file in {@link BrokerPaths.secret}. */
  readonly file: string;
  /** One of `KeystoreFormat`: `PKCS12` or `JKS`. */
  readonly format: string;
  readonly alias: string;
}

/** What a broker is given. */
export interface BrokerFiles {
  /** Text by file name, for {@link BrokerPaths.configuration}; never a secret among them. */
  readonly files: Readonly<Record<string, string>>;
  /** The same, with a password in it, for {@link BrokerPaths.secret}. Secret. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** Revocation lists by file name, for {@link BrokerPaths.crl}; mostly `crl.pem`. Empty where none is checked. */
  readonly crlFiles: Readonly<Record<string, string>>;
  /** Arguments of the container, for its image to start on this configuration; empty where it does by itself, or by its environment. */
  readonly args: readonly string[];
  /** Variables of the container's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same, by way of a Secret. */
  readonly secretEnvironment: Readonly<Record<string, string>>;
  readonly reload: Reloads;
  /** What to know before relying on it with these settings: one sentence each, without the broker's name. */
  readonly caveats: readonly string[];
}

/** What configuration is made by, for one broker. */
export interface BrokerGenerator {
  /** One of {@link BrokerKind}. */
  readonly kind: string;
  /** As in "configuration for …": name and the versions it is made for. */
  readonly title: string;
  /** Where its official image has things; every one can be chosen otherwise. */
  readonly paths: BrokerPaths;
  /** Group that the process of its official image runs as: mounted keys belong to it by `fsGroup`. */
  readonly group: number;
  /** The file that the image is started with, or reads by itself; what of {@link BrokerFiles.files} needs a `subPath` elsewhere is said in a caveat. */
  readonly mainFile: string;
  /** Ways it can know devices by; of {@link BrokerIdentity}. */
  readonly identities: readonly string[];
  /** Whether it can check a CRL that lies in a file. */
  readonly readsRevocationList: boolean;
  /** Why it needs to be told each device's id, in half a sentence; left out by one that takes whoever the CA has signed. */
  readonly needsDevices?: string;
  /** Stores that it reads instead of PEM; left out by brokers that read PEM. */
  readonly stores?: { readonly key: BrokerStore; readonly trust: BrokerStore };
  /**
   * What this broker cannot do of what is asked, beyond what the fields above
   * say: `<property>: <value> <what is wrong>; <what to write instead>`.
   */
  problems(settings: BrokerSettings): string[];
  /** @param settings such as {@link problems} has nothing to say against */
  generate(settings: BrokerSettings): BrokerFiles;
}
