import { GenerationState } from "../../rotation/generation";
import { AuthorityKind } from "../../rotation/trustSoak";
import type { BundleReport } from "./bundle";
import type { ChainReport } from "./chain";
import { Standing } from "./chain";
import { Answer } from "./device";
import type { Known } from "./known";
import { nameGeneration } from "./known";
import type { DeviceReport, PlaceReport } from "./place";

/** Something at a place that is not as the state says. */
export interface Finding {
  readonly place: string;
  readonly message: string;
  /** The root whose bundle it speaks against, where it does. */
  readonly authority?: string;
}

type Remark = Omit<Finding, "place">;

/** A bundle that every place has that was asked. */
export interface ConfirmedBundle {
  readonly authority: string;
  readonly sha256: string;
  /** The objects that hold it. */
  readonly places: readonly string[];
  /** Whether a running broker took a device of each generation that signs; copies on a cluster say nothing of what it has loaded. */
  readonly note?: string;
}

/** Everything that is behind the state, or that differs from it. */
export function findingsOf(places: readonly PlaceReport[]): Finding[] {
  return places.flatMap((report) =>
    [
      ...(report.chain === undefined
        ? []
        : chainRemarks(report.chain, report, places)),
      ...report.bundles.flatMap(bundleRemarks),
      ...report.devices.flatMap(deviceRemarks),
    ].map((remark) => ({ place: report.place, ...remark })),
  );
}

function chainRemarks(
  chain: ChainReport,
  { place, annotatedFingerprint }: PlaceReport,
  places: readonly PlaceReport[],
): Remark[] {
  const current = chain.standing === Standing.Current;
  const refused = chain.bundles.filter(({ verifies }) => !verifies);
  return [
    ...standingMessages(chain, place, places),
    ...(chain.chainsTo.length === 0
      ? ["serves a certificate of no CA of this stack."]
      : []),
    // What the state itself hangs from an old generation, by a link certificate, is no finding.
    ...(current ? [] : chain.chainsTo.flatMap(generationMessage)),
    ...refused.map(
      ({ authority, problem = "" }) =>
        `is refused by all who have the bundle of ${authority} that is published now: ${problem}`,
    ),
    ...(annotatedFingerprint !== undefined &&
    annotatedFingerprint !== chain.fingerprintSha256
      ? [
          `has the annotation mqtt-pki/fingerprint-sha256 ${short(annotatedFingerprint)}, and its tls.crt is ${short(chain.fingerprintSha256)}: somebody changed one of them by hand.`,
        ]
      : []),
  ].map((message) => ({ message }));
}

function standingMessages(
  chain: ChainReport,
  place: string,
  places: readonly PlaceReport[],
): string[] {
  const { standing, expected, notBefore } = chain;
  if (expected === undefined) {
    return [];
  }
  const { name } = expected;
  switch (standing) {
    case Standing.OldChain:
      return [
        `still serves the certificate of ${name} under another chain than the state has; ${whereFrom(chain, place, places)}`,
      ];
    case Standing.Older:
      return [
        `still serves the certificate of ${day(notBefore)}; the state has the one of ${day(expected.notBefore)} (${name}); ${whereFrom(chain, place, places)}`,
      ];
    case Standing.Newer:
      return [
        `serves the certificate of ${day(notBefore)}, and the state has the older one of ${day(expected.notBefore)} (${name}): is it the state of the last update?`,
      ];
    default:
      return [];
  }
}

/** Whether the new one has come as far as a Secret that was asked, too. */
function whereFrom(
  chain: ChainReport,
  place: string,
  places: readonly PlaceReport[],
): string {
  const ahead = places.find(
    (other) =>
      other.place !== place &&
      other.place.includes("/") &&
      !other.place.includes("://") &&
      other.chain?.standing === Standing.Current &&
      other.chain.expected?.fingerprintSha256 ===
        chain.expected?.fingerprintSha256,
  );
  if (ahead !== undefined) {
    return `${ahead.place} has it already, so it is to be read again: a signal or a restart.`;
  }
  return place.includes("://")
    ? "bring it the new one, or let it read its files again."
    : "the last update has not come to this cluster.";
}

function generationMessage({
  authority,
  id,
  state,
}: ChainReport["chainsTo"][number]): string[] {
  return state === GenerationState.Active
    ? []
    : [
        `serves a chain below ${nameGeneration({ authority, id, state })}, which does not sign ${state === GenerationState.Staged ? "yet" : "any more"}.`,
      ];
}

function bundleRemarks(bundle: BundleReport): Remark[] {
  const { entry, authority, annotatedSha256, missing, others } = bundle;
  const retired = bundle.generations.filter(
    ({ state }) => state === GenerationState.Retired,
  );
  const asItIs = bundle.published
    ? []
    : [
        ...(authority === undefined
          ? [`${entry} holds no root of this stack.`]
          : []),
        ...missing.map(
          (id) =>
            `${entry} does not hold ${id} of ${authority ?? ""} yet, so that whoever has it refuses all below.`,
        ),
        ...retired.map(
          ({ id }) =>
            `${entry} still holds ${id} of ${authority ?? ""}, which is retired.`,
        ),
        ...(others.length > 0 && authority !== undefined
          ? [`${entry} also holds ${others.join("; ")}.`]
          : []),
      ];
  const messages = [
    ...asItIs,
    ...(asItIs.length === 0 && !bundle.published
      ? [
          `${entry} holds the generations of ${authority ?? ""} in other bytes than were published.`,
        ]
      : []),
    ...(annotatedSha256 !== undefined && annotatedSha256 !== bundle.sha256
      ? [
          `has the annotation mqtt-pki/bundle-sha256 ${short(annotatedSha256)}, and its ${entry} is ${short(bundle.sha256)}: somebody changed one of them by hand.`,
        ]
      : []),
  ];
  return messages.map((message) => ({
    message,
    ...(authority !== undefined && { authority }),
  }));
}

function deviceRemarks(device: DeviceReport): Remark[] {
  const { name, answer, detail = "", expected, chainsTo } = device;
  const root = chainsTo.at(-1);
  const of = `${name}, ${root === undefined ? "of no CA of this stack" : `below ${nameGeneration(root)}`}`;
  const authority = root === undefined ? {} : { authority: root.authority };
  if (expected === undefined || answer === Answer.Unknown) {
    return [];
  }
  if (answer === Answer.NotAuthorized) {
    return expected
      ? [
          {
            message: `takes the certificate of ${of}, and not the device (${detail}).`,
            ...authority,
          },
        ]
      : [];
  }
  if ((answer === Answer.Accepted) === expected) {
    return [];
  }
  return [
    {
      message: expected
        ? `refuses ${of} (${detail}): it does not trust what the state says; does it read its CA file only when it starts?`
        : `accepts ${of}, which the bundle of the state refuses.`,
      ...authority,
    },
  ];
}

/** Whether something could not be asked, so that nothing may be concluded. */
export function isUnanswered({ problem, devices }: PlaceReport): boolean {
  return (
    problem !== undefined ||
    devices.some(({ answer }) => answer === Answer.Unknown)
  );
}

/**
 * The bundles that all bundles that were asked for are. None where a place did
 * not answer: it may be the one that lacks it.
 */
export function confirmedBundles(
  places: readonly PlaceReport[],
  findings: readonly Finding[],
  known: Known,
): ConfirmedBundle[] {
  const bundles = places.flatMap(({ place, bundles: found }) =>
    found.map((bundle) => ({ place, bundle })),
  );
  if (
    places.some(isUnanswered) ||
    bundles.some(({ bundle }) => bundle.authority === undefined)
  ) {
    return [];
  }
  return known.bundles.flatMap(({ authority, kind, sha256 }) => {
    const own = bundles.filter(({ bundle }) => bundle.authority === authority);
    return own.length > 0 &&
      own.every(({ bundle }) => bundle.sha256 === sha256) &&
      !findings.some((finding) => finding.authority === authority)
      ? [
          {
            authority,
            sha256,
            places: [...new Set(own.map(({ place }) => place))],
            note:
              kind === AuthorityKind.ServerRoot
                ? "devices with a copy of their own were not asked"
                : "a running broker may have read an older one when it started",
          },
        ]
      : [];
  });
}

/** The day of a moment: what people know an update by. */
function day(moment: string): string {
  return moment.slice(0, 10);
}

function short(sha256: string): string {
  return `${sha256.slice(0, 12)}…`;
}
