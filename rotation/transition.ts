import { quote } from "../pki/problem";
import type { LedgerEvidence } from "./evidence";
import { GenerationState } from "./generation";
import type { Refusal } from "./refusal";

/** What one update does with the generations of a CA. */
export const TransitionKind = {
  /** The first update of a CA. */
  Create: "create",
  /** A new generation is published: `staged`. */
  Stage: "stage",
  /** A staged generation is given up before it signed anything. */
  Abandon: "abandon",
  /** `staged` to `active`, and the active one to `retiring`. */
  Activate: "activate",
  /** `retiring` back to `active`, and the active one to `retiring`. */
  RollBack: "rollBack",
  /** `retiring` or `compromised` to `retired`: out of the trust bundle. */
  Retire: "retire",
  /** `retired` to `retiring`: back into the trust bundle, where the key was not destroyed yet. */
  Restore: "restore",
  /** To `compromised`; where it was active, together with a successor that becomes so. */
  Compromise: "compromise",
} as const;

/** One of {@link TransitionKind}. */
export type TransitionKindName =
  (typeof TransitionKind)[keyof typeof TransitionKind];

/** A generation as the code wants it. */
export interface WantedGeneration {
  /** One of `GenerationState`. */
  readonly state: string;
  /** Left out where it is not known yet, or there is none (`retired`). */
  readonly subjectKeyIdentifier?: string;
}

/** How the state of one generation changes. */
export interface Move {
  /** Its id in the code; for one that is no longer there, the id it had. */
  readonly id: string;
  /** `undefined` where it did not exist. */
  readonly from: string | undefined;
  /** `undefined` where the code no longer names it. */
  readonly to: string | undefined;
  /** The id it had before, where it was renamed as well. */
  readonly renamedFrom?: string;
}

/** One reviewed step. */
export interface Transition {
  readonly kind: TransitionKindName;
  /** The one that becomes active stands first. */
  readonly moves: readonly Move[];
}

const { Staged, Active, Retiring, Retired, Compromised } = GenerationState;

/** What each state may become, beside staying as it is; `removed` is for the entry itself. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  absent: [Staged],
  [Staged]: [Active, Retired, Compromised, "removed"],
  [Active]: [Retiring, Compromised],
  [Retiring]: [Active, Retired, Compromised],
  [Retired]: ["removed"],
  [Compromised]: [Retired],
};

/** Why a change of state that {@link NEXT} does not hold would do harm. */
const REASONS: Readonly<Record<string, string>> = {
  "absent active":
    "no bundle holds it yet, so all that verifies its certificates would refuse them",
  "absent retiring": "a retiring generation has signed, and this one never has",
  "absent compromised": "there is no such key",
  "staged retiring": "a retiring generation has signed, and this one never has",
  "active staged": "a staged generation has never signed, and this one has",
  "active retired":
    "all that it signed would lose its trust, and its key would sign no CRL for them",
  "retiring staged": "a staged generation has never signed, and this one has",
  compromised: "its key is known to others and must never sign again",
  retired: "its key is destroyed, and its tombstone stays for ever",
};

/** `staged → active`, for messages. */
export function formatMove({ id, from, to }: Move): string {
  return `${id} ${from ?? "new"} → ${to ?? "removed"}`;
}

/** `2026a active → retiring, 2027a staged → active`, for messages; the older one first. */
export function formatTransition({ moves }: Pick<Transition, "moves">): string {
  return [...moves]
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .map(formatMove)
    .join(", ");
}

/**
 * How the states of a CA's generations change. A generation is its key: one
 * that only got another name has not changed. One that is retired and one that
 * never existed are the same to all that trusts the CA, so that going from one
 * to the other is no move.
 */
export function findMoves(
  before: LedgerEvidence["generations"],
  after: Readonly<Record<string, WantedGeneration>>,
): Move[] {
  const found: Move[] = [];
  const seen = new Set<string>();
  for (const [id, { state, subjectKeyIdentifier }] of Object.entries(after)) {
    const source = sourceOf(before, after, id, subjectKeyIdentifier);
    if (source !== undefined) {
      seen.add(source);
    }
    const from = source === undefined ? undefined : before[source]?.state;
    if (from !== state && !(from === undefined && state === Retired)) {
      found.push({
        id,
        from,
        to: state,
        ...(source !== undefined && source !== id && { renamedFrom: source }),
      });
    }
  }
  for (const [id, { state }] of Object.entries(before)) {
    if (!seen.has(id) && state !== Retired) {
      found.push({ id, from: state, to: undefined });
    }
  }
  return found;
}

/** The id a generation of the code had before: its own, or another one for the same key that the code no longer names. */
function sourceOf(
  before: LedgerEvidence["generations"],
  after: Readonly<Record<string, WantedGeneration>>,
  id: string,
  subjectKeyIdentifier: string | undefined,
): string | undefined {
  if (before[id] !== undefined) {
    return id;
  }
  return subjectKeyIdentifier === undefined
    ? undefined
    : Object.keys(before).find(
        (old) =>
          after[old] === undefined &&
          before[old]?.subjectKeyIdentifier === subjectKeyIdentifier,
      );
}

/** What {@link readTransition} makes of a change. */
export interface TransitionReading {
  /** The one transition of a legal change; left out where nothing moves or something is refused. */
  readonly transition?: Transition;
  readonly refusals: readonly Refusal[];
}

/**
 * Reads a change of the code as one transition, or says why it is none (I2,
 * I9). A CA without evidence may start with any list: nobody trusts it yet.
 *
 * @param before what earlier updates did; left out for a CA that has no evidence
 *
 * @example
 * ```ts
 * readTransition(evidence, { "2026a": { state: "retiring" }, "2027a": { state: "active" } })
 *   .transition?.kind; // "activate"
 * ```
 */
export function readTransition(
  before: LedgerEvidence | undefined,
  after: Readonly<Record<string, WantedGeneration>>,
): TransitionReading {
  const moves = findMoves(before?.generations ?? {}, after);
  if (before === undefined) {
    return { transition: { kind: "create", moves }, refusals: [] };
  }
  const buried = checkTombstones(before, after);
  if (buried.length > 0) {
    return { refusals: buried };
  }
  const transitions = group(moves);
  const illegal = transitions.flatMap(({ kind, moves: [move] }) =>
    kind === undefined && move !== undefined ? [refuseMove(move)] : [],
  );
  if (illegal.length > 0) {
    return { refusals: illegal };
  }
  const legal = transitions.filter(isTransition);
  const [transition] = legal;
  if (transition === undefined) {
    return { refusals: [] };
  }
  return legal.length === 1
    ? { transition, refusals: [] }
    : { refusals: [refuseSeveral(legal)] };
}

/** A part of a change: a transition, or a single move that is none. */
interface Part {
  readonly kind: TransitionKindName | undefined;
  readonly moves: readonly Move[];
}

function isTransition(part: Part): part is Transition {
  return part.kind !== undefined;
}

function group(moves: readonly Move[]): Part[] {
  const promoted = moves.filter(({ to }) => to === Active);
  const demoted = moves.filter(({ from }) => from === Active);
  const [up] = promoted;
  const [down] = demoted;
  const kind =
    up !== undefined &&
    down !== undefined &&
    promoted.length === 1 &&
    demoted.length === 1
      ? kindOfPair(up, down)
      : undefined;
  if (kind !== undefined && up !== undefined && down !== undefined) {
    const rest = moves.filter((move) => move !== up && move !== down);
    return [
      { kind, moves: [up, down] },
      ...rest.map((move) => ({ kind: kindOf(move), moves: [move] })),
    ];
  }
  return moves.map((move) => ({ kind: kindOf(move), moves: [move] }));
}

function kindOfPair(up: Move, down: Move): TransitionKindName | undefined {
  if (up.from !== Staged && up.from !== Retiring) {
    return undefined;
  }
  if (down.to === Compromised) {
    return "compromise";
  }
  if (down.to !== Retiring) {
    return undefined;
  }
  return up.from === Staged ? "activate" : "rollBack";
}

/** The transition that a generation makes alone; one to or from `active` never is. */
function kindOf({ from, to }: Move): TransitionKindName | undefined {
  if (from === Active || to === Active) {
    return undefined;
  }
  if (from === Retired && to === Retiring) {
    // Only with the old key; all others do not get here.
    return "restore";
  }
  if (!(NEXT[from ?? "absent"] ?? []).includes(to ?? "removed")) {
    return undefined;
  }
  switch (to) {
    case Staged:
      return "stage";
    case Compromised:
      return "compromise";
    default:
      return from === Staged ? "abandon" : "retire";
  }
}

function refuseMove({ id, from, to }: Move): Refusal {
  if (to === undefined) {
    const active = from === Active;
    return {
      rule: "I9",
      path: `generations.${id}`,
      message: `${quote(id)} is ${String(from)} and is gone from the code, which would end the trust in all that it signed (I9); write it again, as ${active ? "retiring beside a successor that is active" : String(from)}, and remove it after an update has retired it.`,
    };
  }
  const path = `generations.${id}.state`;
  const reason =
    REASONS[`${from ?? "absent"} ${to}`] ??
    REASONS[from ?? "absent"] ??
    (to === Active
      ? "the active one has to become retiring or compromised in the same update"
      : "another one has to become active in the same update");
  return {
    rule: "I2",
    path,
    message: `${quote(id)} cannot go from ${from ?? "not being there"} to ${to}: ${reason} (I2); ${nextStates(from, to)}.`,
  };
}

function nextStates(from: string | undefined, to: string): string {
  const next = NEXT[from ?? "absent"] ?? [];
  if (next.includes(to)) {
    return "write both in one change";
  }
  const states = next.map((state) =>
    state === Active || from === Active
      ? `${state} (together with the ${state === Active ? "active one, which becomes retiring" : "one that becomes active"})`
      : state === "removed"
        ? "no entry"
        : state,
  );
  return from === Retired
    ? "leave it retired or take its entry out, and stage a new generation under a new id"
    : `keep ${from ?? "it out"}, or write ${states.join(" or ")}`;
}

/**
 * What ended is in no bundle, and its key destroyed: neither its id nor its key
 * may come back. An update that was cut short, or refused half-way, has not
 * come to the destruction yet: then the very same key may be trusted again.
 */
function checkTombstones(
  { generations, tombstones }: LedgerEvidence,
  after: Readonly<Record<string, WantedGeneration>>,
): Refusal[] {
  return Object.entries(after).flatMap(
    ([id, { state, subjectKeyIdentifier }]): Refusal[] => {
      const known = generations[id];
      if (
        state === Retired ||
        (known !== undefined && known.state !== Retired)
      ) {
        return [];
      }
      const own = Object.hasOwn(tombstones, id) ? tombstones[id] : undefined;
      if (own !== undefined) {
        const isSame =
          known !== undefined &&
          own.compromised !== true &&
          own.subjectKeyIdentifier === subjectKeyIdentifier;
        return isSame && state === Retiring
          ? []
          : [
              {
                rule: "I9",
                path: `generations.${id}`,
                message: `${quote(id)} left the trust bundle on ${own.retiredAt}, and what holds it in an old bundle would take the new key for it (I9); ${isSame ? "its key is still there, so write retiring to trust it again" : "stage the new generation under an id that was never used"}.`,
              },
            ];
      }
      const same = Object.entries(tombstones).find(
        ([, stone]) =>
          subjectKeyIdentifier !== undefined &&
          stone.subjectKeyIdentifier === subjectKeyIdentifier,
      );
      return same === undefined
        ? []
        : [
            {
              rule: "I9",
              path: `generations.${id}`,
              message: `has the key of ${quote(same[0])}, which left the trust bundle on ${same[1].retiredAt} (I9); a generation needs a key of its own.`,
            },
          ];
    },
  );
}

function refuseSeveral(transitions: readonly Transition[]): Refusal {
  const steps = transitions.map(formatTransition);
  return {
    rule: "I2",
    path: "generations",
    message: `${transitions.length} steps in one update: ${steps.join("; ")} (I2): nobody could tell which one of them cut a device off, nor take back one alone; write the first one now, and each of the others in an update after it.`,
  };
}
