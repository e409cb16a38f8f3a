/** What a pod of a broker finds mounted, and is started with. */
export interface BrokerPod {
  /** Folder that stands for the container's root; every path in the emitted files lies below it already. */
  readonly root: string;
  /** Folder with the emitted configuration. */
  readonly configuration: string;
  /** Folder that the broker may write to. */
  readonly data: string;
  /** Port of the emitted configuration, on 127.0.0.1. */
  readonly port: number;
  /** The emitted arguments of the container. */
  readonly args: readonly string[];
  /** The emitted environment, with what comes by way of a Secret. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A broker's process. */
export interface RunningBroker {
  /** How much it has said so far; where to begin to read. */
  readonly position: number;
  /** All it has said from a position on. */
  said(from: number): string;
  /** Waits until it says something like this, and answers all it said from a position on. */
  waitFor(pattern: RegExp, from: number): Promise<string>;
  /** Carries out a command of the reload hint, as given there. */
  signal(command: string): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A broker that this machine has. */
export interface InstalledBroker {
  /** Such as `mosquitto 2.0.11`. */
  readonly version: string;
  start(pod: BrokerPod): Promise<RunningBroker>;
}

/** A broker that cannot run on this machine. */
export interface MissingBroker {
  readonly missing: string;
  readonly howToGet: string;
}

/** How a broker refuses a client: what the client is told, and what stands in the broker's log. */
export interface Refusal {
  /** Matches what the client hears: a TLS alert in OpenSSL's words, `connack 5`, or `closed` where it hears nothing. */
  readonly client: RegExp;
  /** Matches the broker's own words; left out where it says nothing. */
  readonly log?: RegExp;
}

/** Clients that are refused. */
export interface Refusals {
  readonly noCertificate: Refusal;
  readonly foreignAuthority: Refusal;
  readonly expired: Refusal;
  readonly serverCertificate: Refusal;
  readonly tls11: Refusal;
  /** A device's certificate, with the key of another. */
  readonly keyOfAnother: Refusal;
  /** Left out by a broker that reads no revocation list. */
  readonly revoked?: Refusal;
  /** A device of a CA without a revocation list, where the others have one; left out as well. */
  readonly unlistedAuthority?: Refusal;
  /** A device that the CA has signed and the broker was not told of; left out where it takes them all. */
  readonly unknownDevice?: Refusal;
}

/** How the harness deals with one broker. */
export interface BrokerDriver {
  /** One of `BrokerKind`. */
  readonly kind: string;
  /** What it is called in the table, where a kind stands there more than once. Default: the kind. */
  readonly name?: string;
  /** Whether it gets no revocation lists, though it could read them. Default false. */
  readonly withoutRevocation?: boolean;
  /** One of `BrokerIdentity`. Default: the common name, or `None` where the broker knows no other. */
  readonly identity?: string;
  /** Default: those of a device's own. */
  readonly topics?: readonly string[];
  /** Whether it runs in `npm run brokers` only: one more start of it costs much, and shows little. Default false. */
  readonly wholeOnly?: boolean;
  /** A client id for a device where that cannot be its own id. */
  readonly clientIdOf?: (device: string) => string;
  /** The broker, or why it cannot run here and how to get it; the first time this may take a build. */
  find(): InstalledBroker | MissingBroker;
  readonly refusals: Refusals;
  /** What of the broker's log tells under which name it knows a device that has connected; left out where topics alone show it. */
  knownAs?(device: string): RegExp;
  /** Whether a message to another device's topic is dropped in silence (`dropped`), or ends the connection (`closed`); left out where no topic is guarded. */
  readonly foreignTopic?: "dropped" | "closed";
  /**
   * Whose session it is that a device opens under another's client id:
   * its own all the same (`own`), one that ends the other's (`taken`), or it is `refused`.
   */
  readonly foreignClientId: "own" | "taken" | "refused";
  /** Whether a device that came in under another's client id is sent away when it asks for that one's queue. Default false. */
  readonly guardsQueues?: boolean;
  /** Whether an open session lives on when the certificate is taken up as the hint says. */
  readonly sessionsOutliveReload: boolean;
}
