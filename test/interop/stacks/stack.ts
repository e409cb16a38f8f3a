/** PEM files of a certificate: leaf first, then its issuers, and the leaf's key. */
export interface Credentials {
  readonly chain: string;
  readonly key: string;
}

/** A TLS handshake between the stack that judges and Node. */
export interface Handshake {
  /** The stack's part: a client judges a server's certificate, a server a device's. */
  readonly role: "client" | "server";
  /** The host name or address the client asked for. */
  readonly host: string;
  /** PEM file of what the stack trusts: roots and nothing else. */
  readonly roots: string;
  /** What Node presents: the certificate that is judged. */
  readonly peer: Credentials;
  /** What the stack presents. A server needs it; a client that has it shakes hands mutually. */
  readonly own?: Credentials;
  /** PEM file of what Node trusts, where the stack presents something as client. */
  readonly peerRoots?: string;
}

/** `accepted`, or `refused: ` and the stack's own words. */
export type Verdict = string;

/** A stack that has been started. */
export interface Judge {
  judge(handshake: Handshake): Promise<Verdict>;
  end(): void;
}

/** A stack that is on this machine, with its version. */
export interface Present {
  /** `GnuTLS 3.7.9` */
  readonly version: string;
  readonly start: () => Judge;
}

/** One of the TLS stacks the certificates must please. */
export interface Stack {
  /** As it stands in the table. */
  readonly name: string;
  /** What to do to have it. */
  readonly howToGet: string;
  /** A verifier without TLS: it is handed the chain. */
  readonly verifierOnly?: true;
  /** Looks for it and builds what it needs; `undefined` where it is not here. */
  readonly find: () => Present | undefined;
}
