import { daysLeft, formatDate, parseDate } from "../../pki/validity";
import type { Replacement } from "../../rotation/compromise";
import { replacements } from "../../rotation/compromise";
import { GenerationState, isTrusted } from "../../rotation/generation";
import type { LiveCertificates } from "../../rotation/liveCertificates";
import {
  countLive,
  formatLive,
  issuedBy,
  lastExpiry,
  unexpired,
} from "../../rotation/liveCertificates";
import type { NextStep } from "../../rotation/nextStep";
import { formatNextStep } from "../../rotation/nextStep";
import { counted, formatMoment } from "../../rotation/refusal";
import { plannedStep } from "./change";
import type { AuthorityState, StackState } from "./state";
import { liveAt } from "./state";

/** Where one generation stands. */
export interface GenerationStatus {
  readonly id: string;
  readonly state: string;
  readonly firstPublished: string;
  readonly subject: string;
  readonly notAfter: string;
  /** Whole days until its certificate ends; negative where it has ended. */
  readonly daysLeft: number;
  /** Certificates of brokers and devices that chain to it. */
  readonly live: readonly LiveCertificates[];
}

/** Where one CA stands. */
export interface AuthorityStatus {
  readonly name: string;
  readonly kind: string;
  readonly bundleSha256: string;
  readonly bundlePublished: string;
  readonly generations: readonly GenerationStatus[];
  readonly next: NextStep;
  /** What to replace, and in which order, by the id of the compromised generation. */
  readonly compromised: Readonly<Record<string, readonly Replacement[]>>;
}

/**
 * What a CA's next step is counted against. A CA's certificate is never shown
 * but below a leaf, which counts itself; the old certificate of an intermediate
 * would else keep a retiring root for years. The refusals (I4) see it the same way.
 */
export function leavesOf(
  live: readonly LiveCertificates[],
): LiveCertificates[] {
  return live.filter(
    ({ subjectKeyIdentifier }) => subjectKeyIdentifier === undefined,
  );
}

/** Where a CA stands at a moment. */
export function authorityStatus(
  { name, kind, evidence, minimumTrustSoak }: AuthorityState,
  live: readonly LiveCertificates[],
  now: Date,
): AuthorityStatus {
  const { bundleSha256, bundlePublished, generations } = evidence;
  const leaves = leavesOf(live);
  const list = Object.entries(generations).sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  return {
    name,
    kind,
    bundleSha256,
    bundlePublished,
    generations: list.map(([id, generation]) => {
      const { state, firstPublished, subject, notAfter } = generation;
      return {
        id,
        state,
        firstPublished,
        subject,
        notAfter,
        daysLeft: daysLeft(parseDate(notAfter) ?? now, now),
        live: issuedBy(unexpired(leaves, now), generation.subjectKeyIdentifier),
      };
    }),
    next: plannedStep(evidence, leaves, minimumTrustSoak, now),
    compromised: Object.fromEntries(
      list
        .filter(([, { state }]) => state === GenerationState.Compromised)
        .map(([id]) => [id, replacements(name, id, evidence, live, now)]),
    ),
  };
}

/** Where every CA of a stack stands. */
export function stackStatus(state: StackState, now: Date): AuthorityStatus[] {
  const live = liveAt(state, now);
  return state.authorities.map((authority) =>
    authorityStatus(authority, live, now),
  );
}

/** Whether something is to be done today: a key that others know, or a CA that signs and has ended. */
export function isUrgent({
  generations,
  compromised,
}: AuthorityStatus): boolean {
  return (
    Object.keys(compromised).length > 0 ||
    generations.some(
      ({ state, daysLeft: left }) =>
        state === GenerationState.Active && left < 0,
    )
  );
}

/** The status for people: a table of all generations, and then CA by CA what comes next. */
export function statusText(
  statuses: readonly AuthorityStatus[],
  now: Date,
): string {
  const head = [
    "CA",
    "GENERATION",
    "STATE",
    "PUBLISHED SINCE",
    "ENDS",
    "DAYS",
    "LIVE BELOW",
  ];
  const rows = statuses.flatMap(({ name, generations }) =>
    generations.map((generation, index) =>
      rowOf(index === 0 ? name : "", generation),
    ),
  );
  const details = statuses.map((status) => `\n${detailText(status)}`);
  return `${formatDate(now)}\n\n${table([head, ...rows])}${details.join("")}`;
}

function rowOf(name: string, generation: GenerationStatus): string[] {
  const { id, state, firstPublished, notAfter, live } = generation;
  return [
    name,
    id,
    state,
    firstPublished,
    notAfter,
    generation.daysLeft < 0 ? "ended" : String(generation.daysLeft),
    live.length === 0
      ? "-"
      : `${countLive(live)}, until ${lastExpiry(live) ?? ""}`,
  ];
}

/** Rows under one another, as wide as they need to be. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
      return `${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

function detailText(status: AuthorityStatus): string {
  const { name, generations, compromised, next } = status;
  const active = generations.find(
    ({ state }) => state === GenerationState.Active,
  );
  const lines = [
    `${name}: ${next.stands}`,
    `  bundle  ${status.bundleSha256}, published on ${status.bundlePublished}`,
    ...(active === undefined ? [] : [`  active  ${endText(active)}`]),
    ...generations
      .filter(({ state, live }) => isTrusted(state) && live.length > 0)
      .map(({ id, live }) => `  live    below ${id}: ${formatLive(live)}`),
    ...Object.entries(compromised).flatMap(([id, steps]) => [
      `  COMPROMISED ${id}; replace, in this order:`,
      ...steps.map(({ step }, index) => `    ${index + 1}. ${step}`),
    ]),
    `  next    ${formatNextStep(next)}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function endText({ id, notAfter, daysLeft: left }: GenerationStatus): string {
  return left < 0
    ? `${id} ENDED on ${notAfter}: nothing that it signed is valid any more`
    : `${id} ends in ${counted(left, "day")}, on ${notAfter}`;
}

/** The status for programs; see docs/rotation-commands.md. */
export function statusJson(
  statuses: readonly AuthorityStatus[],
  now: Date,
): Record<string, unknown> {
  return {
    schema: "mqtt-pki/rotation-status/1",
    at: formatDate(now),
    authorities: statuses.map(({ next: { from, ...next }, ...status }) => ({
      ...status,
      generations: status.generations.map((generation) => ({
        ...generation,
        liveCount: countLive(generation.live),
      })),
      next: {
        ...next,
        from: from === undefined ? null : formatMoment(from.getTime()),
      },
      urgent: isUrgent({ ...status, next }),
    })),
  };
}
