import type {
  KnownGeneration,
  LiveCertificates,
} from "../rotation/liveCertificates";
import { addLive } from "../rotation/liveCertificates";
import type { BatchResult } from "./deviceIssuance";
import {
  issuersOf,
  knownGenerations,
  withWholeChains,
} from "./liveCertificates";
import type { SignerInputs } from "./schema";

/** What a batch remembers of what it issued, whatever the number of its devices. */
export interface BatchMemory {
  readonly live: readonly LiveCertificates[];
  readonly knownGenerations?: readonly KnownGeneration[];
}

/** What the outputs of a version that kept no memory stand for. */
export function legacyMemory(
  name: string,
  outputs: {
    readonly count: number;
    readonly issuerKeyIdentifier: string;
    readonly expiresLast?: string;
  },
): LiveCertificates[] {
  const { count, issuerKeyIdentifier, expiresLast = "" } = outputs;
  return count === 0 || expiresLast === ""
    ? []
    : [{ name, count, issuers: [issuerKeyIdentifier], expiresLast }];
}

/**
 * Adds what an update issued. Where an earlier run was killed before it could
 * add its own, the devices' present certificates make up for it.
 */
export function rememberBatch(
  name: string,
  result: BatchResult,
  signer: SignerInputs,
  before: readonly LiveCertificates[],
  at: Date,
): BatchMemory {
  const { count, issued, renewed, expiresLast } = result;
  const issuers = issuersOf(result.issuerKeyIdentifier, signer);
  const generations = signer.generations && knownGenerations(signer);
  const added = addLive(
    withWholeChains(before, generations ?? []),
    { name, issuers, count: issued + renewed, expiresLast },
    at,
  );
  const key = JSON.stringify(issuers);
  const others = added.filter((entry) => JSON.stringify(entry.issuers) !== key);
  const own = added.find((entry) => JSON.stringify(entry.issuers) === key);
  return {
    live:
      count === 0 && own === undefined
        ? others
        : [
            ...others,
            {
              name,
              issuers,
              count: Math.max(own?.count ?? 0, count),
              expiresLast: later(own?.expiresLast ?? "", expiresLast),
            },
          ],
    ...(generations && { knownGenerations: generations }),
  };
}

function later(one: string, other: string): string {
  return one > other ? one : other;
}
