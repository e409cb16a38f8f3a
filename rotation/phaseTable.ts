import type { GenerationEvidence, LedgerEvidence } from "./evidence";
import { GenerationState, activeGeneration, isTrusted } from "./generation";
import type { LiveCertificates } from "./liveCertificates";
import { issuedBy, unexpired } from "./liveCertificates";
import type { NextStep } from "./nextStep";
import { formatNextStep } from "./nextStep";
import { formatMoment } from "./refusal";
import type { Transition } from "./transition";
import { formatTransition } from "./transition";
import type { AuthorityKindName } from "./trustSoak";
import { activeFrom } from "./trustSoak";

/** What {@link phaseTable} is made from. */
export interface PhaseTableOrder {
  /** Name of the CA. */
  readonly authority: string;
  readonly kind: AuthorityKindName;
  readonly transition: Transition;
  /** What earlier updates did. */
  readonly before: LedgerEvidence;
  /** What this one would leave behind. */
  readonly after: LedgerEvidence;
  /** Everything that was issued below the CA; left out where it is not known, and the table says so. */
  readonly live?: readonly LiveCertificates[];
  /** In milliseconds. */
  readonly minimumTrustSoak: number;
  readonly confirmedBundle?: string;
  /** By id, the older generation that certifies it as well ("new with old"). */
  readonly linkedBy?: Readonly<Record<string, string>>;
  /** What follows this update. */
  readonly next: NextStep;
  /** UTC. */
  readonly now: Date;
}

/** Those who trust the bundle, and those who show a certificate to them. */
interface Parties {
  readonly verifier: string;
  readonly presenter: string;
}

const PARTIES: Readonly<Record<AuthorityKindName, Parties>> = {
  serverRoot: { verifier: "device", presenter: "broker" },
  deviceRoot: { verifier: "broker", presenter: "device" },
  intermediate: { verifier: "verifier of the root", presenter: "peer" },
};

/** A trust bundle that is out there: since when, and the generations in it. */
interface Bundle {
  readonly label: string;
  readonly trusted: ReadonlySet<string>;
}

/**
 * What each verifier sees of each presenter after an update: with the bundle
 * of today and with the one before it, of a peer that has its new certificate
 * and of one that has not. Ends with the earliest date of the next step.
 *
 * @example
 * ```text
 * server-root · 2026a active → retiring, 2027a staged → active
 *                                          broker not yet updated   broker updated
 * device, bundle of 2027-01-11T00:00:00Z   ok (2026a)               ok (2027a)
 * device, older bundle                     ok (2026a)               FAILS  ← 0 confirmed, soak ended 2027-01-18T00:00:00Z
 * next: make 2026a retired: 1 certificate chains to it: broker (1, until 2027-05-04T00:00:00Z); not before 2027-05-04T00:00:01Z
 * ```
 */
export function phaseTable(given: PhaseTableOrder): string {
  const order = { ...given, before: renamedAs(given.before, given.after) };
  const { authority, kind, transition, before, after, next } = order;
  const { verifier, presenter } = PARTIES[kind];
  const columns = presented(order);
  const rows = bundles(order).map(({ label, trusted }) => {
    const cells = columns.map((ids) =>
      cell(kind === "intermediate" ? undefined : trusted, ids, linksOf(order)),
    );
    const failed = columns
      .filter((_ids, index) => cells[index]?.startsWith("FAILS"))
      .flat()
      .filter((id) => !trusted.has(id));
    return { label: `${verifier}, ${label}`, cells, note: note(order, failed) };
  });
  const heads = ["", `${presenter} not yet updated`, `${presenter} updated`];
  const lines = [heads, ...rows.map(({ label, cells }) => [label, ...cells])];
  const widths = heads.map((_head, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const text = lines.map((line, index) => {
    const row = line
      .map((value, column) => value.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd();
    const remark = rows[index - 1]?.note ?? "";
    return remark === "" ? row : `${row}  ← ${remark}`;
  });
  const changed =
    before.bundleSha256 === after.bundleSha256
      ? []
      : [`bundle: ${after.bundleSha256}`];
  return [
    `${authority} · ${formatTransition(transition)}`,
    ...text,
    ...changed,
    ...(order.live === undefined && transition.kind === "retire"
      ? [
          "What is still in use of certificates that it signed is not known here: the resources that issued them refuse this update if there is any (I4).",
        ]
      : []),
    `next: ${formatNextStep(next)}`,
  ].join("\n");
}

/** The evidence with each generation under the id it has afterwards: a name is no key. */
function renamedAs(
  before: LedgerEvidence,
  { generations }: LedgerEvidence,
): LedgerEvidence {
  const idOf = (id: string, { subjectKeyIdentifier }: GenerationEvidence) =>
    Object.keys(generations).find(
      (other) =>
        generations[other]?.subjectKeyIdentifier === subjectKeyIdentifier,
    ) ?? id;
  return {
    ...before,
    generations: Object.fromEntries(
      Object.entries(before.generations).map(([id, evidence]) => [
        idOf(id, evidence),
        evidence,
      ]),
    ),
  };
}

/** The generations that have signed what a peer shows, before and after it takes its new certificate. */
function presented({
  before,
  after,
  live,
  now,
}: PhaseTableOrder): readonly (readonly string[])[] {
  const valid = unexpired(live ?? [], now);
  const signers = Object.keys(before.generations).filter(
    (id) =>
      before.generations[id]?.state === GenerationState.Active ||
      issuedBy(valid, before.generations[id]?.subjectKeyIdentifier ?? "")
        .length > 0,
  );
  const active = activeGeneration(after.generations);
  return [signers, active === undefined ? [] : [active]];
}

/** Links that chains end with: as long as the older generation is there to have made them. */
function linksOf({
  linkedBy = {},
  after,
}: PhaseTableOrder): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(linkedBy).filter(([, older]) =>
      isTrusted(after.generations[older]?.state),
    ),
  );
}

function cell(
  trusted: ReadonlySet<string> | undefined,
  ids: readonly string[],
  links: Readonly<Record<string, string>>,
): string {
  const linked = (id: string): string | undefined => {
    const older = links[id];
    return older !== undefined && trusted?.has(older) === true
      ? older
      : undefined;
  };
  const isKnown = (id: string) => trusted?.has(id) !== false;
  const failing = ids.filter((id) => !isKnown(id) && linked(id) === undefined);
  if (failing.length === 0) {
    const names = ids.map((id) =>
      isKnown(id) ? id : `${id}, linked by ${String(linked(id))}`,
    );
    return `ok (${names.join(", ")})`;
  }
  return failing.length === ids.length
    ? "FAILS"
    : `FAILS (${failing.join(", ")})`;
}

function bundles({ before, after }: PhaseTableOrder): Bundle[] {
  const current = {
    label:
      after.bundlePublished === before.bundlePublished
        ? `bundle of ${before.bundlePublished}`
        : "bundle of this update",
    trusted: trustedIn(after),
  };
  if (after.bundleSha256 !== before.bundleSha256) {
    return [
      current,
      {
        label: `bundle of ${before.bundlePublished}`,
        trusted: trustedIn(before),
      },
    ];
  }
  const older = bundleBefore(before);
  return older === undefined
    ? [current]
    : [current, { label: "older bundle", trusted: older }];
}

function trustedIn({ generations }: LedgerEvidence): Set<string> {
  return new Set(
    Object.keys(generations).filter((id) => isTrusted(generations[id]?.state)),
  );
}

/** What the bundle held before a generation last came or went; `undefined` where none ever did. A renewal does neither. */
function bundleBefore(evidence: LedgerEvidence): Set<string> | undefined {
  const { generations, tombstones } = evidence;
  const held = trustedIn(evidence);
  const came = [...held].map((id) => generations[id]?.firstPublished ?? "");
  const went = Object.values(tombstones).map(({ retiredAt }) => retiredAt);
  const last = [...came, ...went].sort().at(-1);
  for (const id of held) {
    if (generations[id]?.firstPublished === last) {
      held.delete(id);
    }
  }
  for (const [id, { retiredAt }] of Object.entries(tombstones)) {
    if (retiredAt === last) {
      held.add(id);
    }
  }
  return held.size === 0 ? undefined : held;
}

/** Why a failing row may be empty by now, or who may be in it still. */
function note(
  { before, after, minimumTrustSoak, confirmedBundle, now }: PhaseTableOrder,
  failed: readonly string[],
): string {
  const [id] = failed;
  if (id === undefined) {
    return "";
  }
  const generation = after.generations[id];
  if (!isTrusted(generation?.state)) {
    return `${id} leaves the bundle`;
  }
  if (confirmedBundle === before.bundleSha256) {
    return "confirmed to be gone by confirmedBundle";
  }
  const end = activeFrom(generation?.firstPublished, minimumTrustSoak);
  return end === undefined
    ? ""
    : `0 confirmed, soak ${end <= now ? "ended" : "ends"} ${formatMoment(end.getTime())}`;
}
