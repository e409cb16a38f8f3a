import type { Party } from "./authority";
import { intermediate, issue, root } from "./authority";

/** A path to verify. */
export interface Path {
  /** Leaf first. */
  readonly chain: readonly string[];
  readonly anchors: readonly string[];
  readonly at?: Date;
}

/** A path that must be refused, and how. */
export interface RefusedPath {
  readonly rule: string;
  readonly make: () => Promise<Path>;
  /** What the code says; nothing else may be said. */
  readonly problem: RegExp;
  /** What OpenSSL says; left out where it does not mind, since it sorts chains itself. */
  readonly openssl?: RegExp;
}

/** Root, issuing CA and leaf, all good. */
export async function goodParties(): Promise<{
  authority: Party;
  ca: Party;
  leaf: Party;
}> {
  const authority = await root();
  const ca = await intermediate(authority);
  return { authority, ca, leaf: await issue(ca) };
}

/** The parties' certificates as a path. */
export function path(
  chain: readonly Party[],
  anchors: readonly Party[],
  at?: Date,
): Path {
  const pems = (parties: readonly Party[]): string[] =>
    parties.map(({ certificatePem }) => certificatePem);
  return {
    chain: pems(chain),
    anchors: pems(anchors),
    ...(at !== undefined && { at }),
  };
}

/** A name of one common name. */
export function name(commonName: string): { CN: string[] }[] {
  return [{ CN: [commonName] }];
}
