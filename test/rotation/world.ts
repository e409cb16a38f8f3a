import type { GenerationAfter, LedgerEvidence } from "../../rotation/evidence";
import { recordEvidence } from "../../rotation/evidence";
import { isTrusted } from "../../rotation/generation";
import { readChange } from "../../rotation/ledger";
import type { LiveCertificates } from "../../rotation/liveCertificates";
import { addLive, checkStillTrusted } from "../../rotation/liveCertificates";
import type { Refusal, Rule } from "../../rotation/refusal";
import { formatDate } from "../../pki/validity";
import { SimulatedFleet } from "./simulatedFleet";

/** A generation as the simulated code has it. */
export interface SimulatedGeneration {
  readonly state: string;
  /** Stands for the subject key identifier. */
  readonly key: string;
  readonly subject: string;
}

export type Code = Readonly<Record<string, SimulatedGeneration>>;

/** The part of the rules that can be broken, to see that the simulation notices. */
export interface RuleSet {
  readonly soak: (minimumTrustSoak: number) => number;
  readonly stillTrusted: typeof checkStillTrusted;
  /** A rule whose refusals are not heard. */
  readonly ignored?: Rule;
}

export const ALL_RULES: RuleSet = {
  soak: (minimumTrustSoak) => minimumTrustSoak,
  stillTrusted: checkStillTrusted,
};

/** What belongs to the CA of one run; times in milliseconds. */
export interface Domain {
  readonly name: string;
  readonly minimumTrustSoak: number;
  readonly lifetime: number;
}

/** The generations of some code, as the rules read them. */
export function wanted(code: Code): Record<string, GenerationAfter> {
  return Object.fromEntries(
    Object.entries(code).map(([id, { state, key, subject }]) => [
      id,
      {
        state,
        ...(isTrusted(state) && {
          facts: {
            subjectKeyIdentifier: key,
            fingerprintSha256: `${key}-1`,
            subject,
            notAfter: "2099-01-01T00:00:00Z",
          },
        }),
      },
    ]),
  );
}

function trustedKeys(code: Code): Set<string> {
  return new Set(
    Object.values(code)
      .filter(({ state }) => isTrusted(state))
      .map(({ key }) => key),
  );
}

function signers(code: Code): string[] {
  return Object.values(code)
    .filter(({ state }) => state === "active")
    .map(({ key }) => key);
}

/** A stack with one CA, and the fleet below it. */
export class World {
  private constructor(
    readonly domain: Domain,
    readonly rules: RuleSet,
    readonly fleet: SimulatedFleet,
    readonly now: number,
    readonly code: Code,
    readonly evidence: LedgerEvidence | undefined,
    readonly live: readonly LiveCertificates[],
    readonly lost: ReadonlySet<number>,
  ) {}

  static start(
    domain: Domain,
    delays: readonly number[],
    now: number,
    rules = ALL_RULES,
  ): World {
    const fleet = new SimulatedFleet(domain.lifetime, delays);
    return new World(domain, rules, fleet, now, {}, undefined, [], new Set());
  }

  /** The same world, with verifiers of other delays and nobody lost so far. */
  withDelays(delays: readonly number[]): World {
    const fleet = this.fleet.copy(delays);
    return this.with({ fleet, lost: new Set() });
  }

  /** Why the rules refuse a change; empty where they accept it. */
  judge(code: Code, confirmedBundle?: string): Refusal[] {
    const { evidence, domain, rules, live } = this;
    const after = wanted(code);
    const now = new Date(this.now);
    const { refusals } = readChange(
      evidence,
      after,
      {
        minimumTrustSoak: rules.soak(domain.minimumTrustSoak),
        ...(confirmedBundle !== undefined && { confirmedBundle }),
      },
      now,
    );
    const known = Object.entries(code).map(([id, { state, key }]) => ({
      authority: domain.name,
      id,
      state,
      subjectKeyIdentifier: key,
    }));
    return [...refusals, ...rules.stillTrusted(live, known, now)].filter(
      ({ rule }) => rule !== rules.ignored,
    );
  }

  /** The update itself, whatever the rules say. */
  apply(code: Code): World {
    const fleet = this.fleet.copy();
    const now = new Date(this.now);
    const trusted = trustedKeys(code);
    const issued = fleet.update(this.now, trusted, signers(code));
    return this.with({
      fleet,
      code,
      evidence: recordEvidence(
        this.evidence,
        wanted(code),
        [...trusted].sort().join("+"),
        now,
      ),
      live: this.liveWith(issued),
      lost: new Set([...this.lost, ...fleet.lost(this.now)]),
    });
  }

  /**
   * The same world, in which everyone is known to have the published bundle.
   * Of what is staged still after this change, nobody has said so: the code
   * confirms a bundle for the generation that becomes active.
   */
  confirm(code: Code): World {
    const fleet = this.fleet.copy();
    const used = Object.entries(code).filter(
      ([, { state }]) => state !== "staged",
    );
    fleet.confirm(trustedKeys(Object.fromEntries(used)));
    return this.with({ fleet });
  }

  /** Time passes, with an update in every sixth of a certificate's life, and at its end, that renews what is due. */
  wait(span: number): World {
    const step = this.domain.lifetime / 6;
    if (span > step) {
      return this.wait(step).wait(span - step);
    }
    const end = this.now + span;
    const lost = this.fleet.lostBetween(this.now, end);
    return this.with({
      now: end,
      lost: new Set([...this.lost, ...lost]),
    }).renew();
  }

  /** An update that changes nothing: the evidence stays as it is. */
  private renew(): World {
    const fleet = this.fleet.copy();
    const issued = fleet.update(
      this.now,
      trustedKeys(this.code),
      signers(this.code),
    );
    return this.with({
      fleet,
      live: this.liveWith(issued),
      lost: new Set([...this.lost, ...fleet.lost(this.now)]),
    });
  }

  private liveWith(
    issued: ReturnType<SimulatedFleet["update"]>,
  ): readonly LiveCertificates[] {
    return issued === undefined
      ? this.live
      : addLive(
          this.live,
          {
            name: "leaf",
            count: 1,
            issuers: [issued.key],
            expiresLast: formatDate(new Date(issued.until)),
          },
          new Date(this.now),
        );
  }

  private with({
    fleet = this.fleet,
    now = this.now,
    code = this.code,
    evidence = this.evidence,
    live = this.live,
    lost = this.lost,
  }: Partial<World>): World {
    const { domain, rules } = this;
    return new World(domain, rules, fleet, now, code, evidence, live, lost);
  }
}
