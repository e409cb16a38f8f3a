/** A trust bundle, and since when it has been published, in milliseconds. */
interface Bundle {
  readonly at: number;
  readonly keys: ReadonlySet<string>;
  /** Those of its keys that are known to be everywhere. */
  readonly confirmed?: ReadonlySet<string>;
}

interface Certificate {
  readonly key: string;
  readonly from: number;
  readonly until: number;
}

/**
 * A fleet that knows nothing of generations and rules: who verifies has the
 * bundle of some time ago, who shows a certificate may show each one that was
 * issued and is valid. In the domain of a server CA those who verify are
 * devices with their firmware, and those who show are brokers, one of which
 * has not been restarted since it read that certificate; in the domain of a
 * device CA it is the other way round.
 */
export class SimulatedFleet {
  private readonly bundles: Bundle[];
  private readonly certificates: Certificate[];

  /**
   * @param lifetime of a certificate, in milliseconds
   * @param delays after which each verifier has a published bundle, in milliseconds
   */
  constructor(
    readonly lifetime: number,
    readonly delays: readonly number[],
    bundles: readonly Bundle[] = [],
    certificates: readonly Certificate[] = [],
  ) {
    this.bundles = [...bundles];
    this.certificates = [...certificates];
  }

  copy(delays: readonly number[] = this.delays): SimulatedFleet {
    return new SimulatedFleet(
      this.lifetime,
      delays,
      this.bundles,
      this.certificates,
    );
  }

  /**
   * What an update does: publishes the bundle, and issues anew where the one
   * that signs has changed or a third of the life is left. Where several may
   * sign, it takes the worst for them all: the one that did not sign before.
   *
   * @returns the certificate it issued
   */
  update(
    at: number,
    trusted: ReadonlySet<string>,
    signers: readonly string[],
  ): Certificate | undefined {
    const bundle = this.bundles.at(-1);
    if (bundle === undefined || !equal(bundle.keys, trusted)) {
      this.bundles.push({ at, keys: trusted });
    }
    const last = this.certificates.at(-1);
    const other = signers.find((key) => key !== last?.key);
    const due = last === undefined || at >= last.until - this.lifetime / 3;
    const key = other ?? (due ? signers[0] : undefined);
    if (key === undefined) {
      return undefined;
    }
    const certificate = { key, from: at, until: at + this.lifetime };
    this.certificates.push(certificate);
    return certificate;
  }

  /** The delays of those who meet a certificate that they do not trust, or find nobody with a valid one. */
  lost(at: number): number[] {
    const valid = this.certificates.filter(({ until }) => until >= at);
    return this.delays.filter((delay) => {
      const held = this.bundleOf(delay, at);
      return (
        valid.length === 0 ||
        valid.some(({ key }) => held?.keys.has(key) !== true)
      );
    });
  }

  /** Whether everyone has the published bundle. */
  everyoneHasBundle(at: number): boolean {
    return this.delays.every(
      (delay) => this.bundleOf(delay, at) === this.bundles.at(-1),
    );
  }

  /** From here on nobody lacks these keys of the published bundle, however long that takes elsewhere. */
  confirm(keys: ReadonlySet<string>): void {
    const bundle = this.bundles.pop();
    if (bundle !== undefined) {
      this.bundles.push({ ...bundle, confirmed: keys });
    }
  }

  /** Those who are lost at some moment of a span in which no update runs. */
  lostBetween(from: number, to: number): Set<number> {
    const learned = this.bundles
      .flatMap(({ at }) => this.delays.map((delay) => at + delay))
      .filter((at) => at > from && at < to);
    return new Set(
      [from, ...learned, to].flatMap((moment) => this.lost(moment)),
    );
  }

  /** Who has never heard of a bundle knows, from its factory, the CA that signed first. */
  private bundleOf(delay: number, at: number): Bundle | undefined {
    const learned = this.bundles.findLast(
      (bundle) => bundle.confirmed !== undefined || bundle.at <= at - delay,
    );
    if (learned?.confirmed !== undefined && learned.at > at - delay) {
      return { ...learned, keys: learned.confirmed };
    }
    const [first] = this.certificates;
    return learned ?? (first && { at: first.from, keys: new Set([first.key]) });
  }
}

function equal(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((key) => other.has(key));
}
