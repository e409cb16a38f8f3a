import type {
  AuthorityName,
  GenerationSetting,
} from "../../../support/rotationFleet";

/** What a verifier with one of the two bundles is shown. */
export const CELLS = [
  "old bundle, old leaf",
  "old bundle, new leaf",
  "new bundle, old leaf",
  "new bundle, new leaf",
] as const;

export type Cell = (typeof CELLS)[number];

/** Who knew what before a change, and who knows what after it. */
export interface Boundary {
  /** As it stands in the table. */
  readonly name: string;
  /** Who judges whom, where that is not as for the rotation. */
  readonly judged?: Rotation["judged"];
  /** The updates that gave out the old leaf and the new one. */
  readonly leaves: readonly [string, string];
  /** The updates that gave out the old bundle and the new one. */
  readonly bundles: readonly [string, string];
  /** The cells that must be refused, by whoever wrote the test; every other one must be accepted. */
  readonly fails: readonly Cell[];
  /** Whether the phase table of the last of those updates speaks of these very leaves and bundles. */
  readonly inPhaseTable?: true;
}

/** One reviewed change, and the update that makes it. */
export interface Step {
  readonly name: string;
  /** Days after the fleet's beginning. */
  readonly day: number;
  readonly write?: Partial<
    Record<AuthorityName, Readonly<Record<string, GenerationSetting>>>
  >;
  /** Other values of the configuration; `null` takes one out. */
  readonly configure?: Readonly<Record<string, unknown>>;
  /** The CA for which I4 is acknowledged. */
  readonly acknowledge?: AuthorityName;
}

/** A change of a fleet's CAs from its beginning to its end. */
export interface Rotation {
  readonly name: string;
  /** Whether devices judge the broker's certificate, or brokers a device's. */
  readonly judged: "server" | "device";
  /** The CA whose phase table is compared. */
  readonly authority: AuthorityName;
  /** In the place of the demo: a module of this checkout. */
  readonly program?: string;
  readonly steps: readonly Step[];
  readonly boundaries: readonly Boundary[];
  /** Part of the short form. */
  readonly short?: true;
}
