import { isTrusted } from "../../rotation/generation";
import type { Refusal } from "../../rotation/refusal";
import { findMoves } from "../../rotation/transition";
import type { Code, World } from "./world";
import { wanted } from "./world";

/** What the simulation finds of an update that was refused. */
export const Justification = {
  /** Somebody loses the connection by this update alone. */
  CutsOff: "would have cut someone off",
  /** Somebody loses it by an update that would have been allowed after this one. */
  LeadsToCutOff: "would have let an allowed update cut someone off",
  /** Nobody would: I6, I7, I9. */
  Records: "breaks the records (I6, I7, I9)",
  /** A generation would be said not to have signed what it signed, not to be known to others, or to be another key. */
  Denies: "denies what the evidence says (I2, I10)",
  /** Two generations would sign. */
  TwoSigners: "has two generations sign (I1)",
  /** The same end is reached by allowed updates, now. */
  OneByOne: "is several steps at once, each allowed now (I2)",
} as const;

const RECORDS: readonly string[] = ["I6", "I7", "I9"];
const STATES = ["staged", "active", "retiring", "retired", "compromised"];

/** Says what a refused update would have done, `undefined` where it would have done nothing bad. */
export function justify(
  world: World,
  code: Code,
  refusals: readonly Refusal[],
): string | undefined {
  const { minimumTrustSoak } = world.domain;
  // The slowest of those who keep to what was declared, and the fastest.
  const judged = world.withDelays([0, minimumTrustSoak]);
  const baseline = drain(judged).lost;
  const harms = (after: World) =>
    [...drain(after).lost].some((delay) => !baseline.has(delay));
  const after = judged.apply(code);
  if (harms(after)) {
    return Justification.CutsOff;
  }
  if (refusals.some(({ rule }) => RECORDS.includes(rule))) {
    return Justification.Records;
  }
  if (leadsToHarm(after, harms)) {
    return Justification.LeadsToCutOff;
  }
  if (isReached(judged, code)) {
    return Justification.OneByOne;
  }
  const active = Object.values(code).filter(({ state }) => state === "active");
  if (active.length > 1) {
    return Justification.TwoSigners;
  }
  return denies(world, code) || refusals.some(({ rule }) => rule === "I10")
    ? Justification.Denies
    : undefined;
}

/** The world after everyone has learned everything, and all that was valid has expired. */
function drain(world: World): World {
  return world.wait(world.domain.minimumTrustSoak + world.domain.lifetime);
}

function leadsToHarm(world: World, harms: (after: World) => boolean): boolean {
  const { minimumTrustSoak, lifetime } = world.domain;
  return [0, minimumTrustSoak, lifetime + minimumTrustSoak].some((span) => {
    const later = world.wait(span);
    return steps(later.code).some(
      (code) => later.judge(code).length === 0 && harms(later.apply(code)),
    );
  });
}

/** All changes of one generation, and of two of which one becomes active. */
function steps(code: Code): Code[] {
  const single = Object.keys(code).flatMap((id) => [
    without(code, id),
    ...STATES.map((state) => withState(code, id, state)),
  ]);
  const active = Object.keys(code).filter((id) => code[id]?.state === "active");
  const pairs = active.flatMap((old) =>
    ["retiring", "compromised"].flatMap((state) =>
      Object.keys(code)
        .filter((id) => id !== old)
        .map((id) => withState(withState(code, old, state), id, "active")),
    ),
  );
  return [...single, ...pairs];
}

/** Whether updates that are each allowed, one right after the other, come to the same trust and the same signer. */
function isReached(world: World, code: Code, depth = 3): boolean {
  if (outcome(world.code) === outcome(code)) {
    return true;
  }
  if (depth === 0) {
    return false;
  }
  const added = Object.entries(code)
    .filter(([id]) => world.code[id] === undefined)
    .map(([id, generation]) => ({
      ...world.code,
      [id]: { ...generation, state: "staged" },
    }));
  return [...steps(world.code), ...added].some(
    (next) =>
      outcome(next) !== outcome(world.code) &&
      world.judge(next).length === 0 &&
      isReached(world.apply(next), code, depth - 1),
  );
}

/** What the code means to those outside: an entry that is retired is as good as none. */
function outcome(code: Code): string {
  return Object.entries(code)
    .filter(([, { state }]) => isTrusted(state))
    .map(([, { key, state }]) => `${key} ${state}`)
    .sort()
    .join(", ");
}

/** States that cannot be true: signed, and staged; known to others, and in use; retired, and trusted; compromised, and new. */
function denies(world: World, code: Code): boolean {
  return findMoves(world.evidence?.generations ?? {}, keys(code)).some(
    ({ from, to }) =>
      ((from === "active" || from === "retiring") && to === "staged") ||
      (from === "staged" && to === "retiring") ||
      from === "compromised" ||
      from === "retired" ||
      (from === undefined && (to === "compromised" || to === "retiring")),
  );
}

function keys(
  code: Code,
): Record<string, { state: string; subjectKeyIdentifier: string }> {
  return Object.fromEntries(
    Object.keys(wanted(code)).map((id) => [
      id,
      {
        state: code[id]?.state ?? "",
        subjectKeyIdentifier: code[id]?.key ?? "",
      },
    ]),
  );
}

export function withState(code: Code, id: string, state: string): Code {
  const generation = code[id];
  return generation === undefined
    ? code
    : { ...code, [id]: { ...generation, state } };
}

export function without(code: Code, id: string): Code {
  return Object.fromEntries(
    Object.entries(code).filter(([other]) => other !== id),
  );
}
