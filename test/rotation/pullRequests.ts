import { nextStep } from "../../rotation/nextStep";
import { withState, without } from "./justification";
import type { Code, World } from "./world";

const STATES = ["staged", "active", "retiring", "retired", "compromised"];

/** What the code of one pull request may do; `pick` decides the rest. */
export const CHANGES = [
  "next",
  "next",
  "next",
  "next",
  "state",
  "state",
  "promote",
  "promote",
  "two states",
  "all states",
  "remove",
  "rename",
  "other key",
  "old id",
  "old key",
  "same subject",
] as const;

/** One step of a sequence: time passes, then somebody changes the code. */
export interface Step {
  readonly wait: number;
  readonly change: (typeof CHANGES)[number];
  readonly pick: readonly number[];
  readonly confirm: "no" | "honest" | "wrong";
}

function at<T>(list: readonly T[], index = 0): T | undefined {
  return list[index % Math.max(list.length, 1)];
}

/** The code of the next pull request. */
export function change(world: World, { change, pick }: Step): Code {
  const { code, evidence, domain } = world;
  const [one = 0, two = 0, three = 0] = pick;
  const ids = Object.keys(code);
  const tombstones = Object.entries(evidence?.tombstones ?? {});
  const used = new Set([...ids, ...tombstones.map(([id]) => id)]);
  const fresh = `g${used.size + 1}${one % 2 === 0 ? "a" : "b"}`;
  const made = (state: string, key = `key of ${fresh}`) => ({
    state,
    key,
    subject: `CN=${fresh}`,
  });
  const id = at([...ids, fresh], one) ?? fresh;
  const target = at(STATES, two) ?? "staged";
  const set = (to: Code, other: string, state: string): Code =>
    to[other] === undefined
      ? { ...to, [other]: { ...made(state), key: `key of ${other}` } }
      : withState(to, other, state);
  switch (change) {
    case "next": {
      if (evidence === undefined) {
        return { [fresh]: made("active") };
      }
      const { change: states } = nextStep(
        evidence,
        world.live,
        domain.minimumTrustSoak,
        new Date(world.now),
      );
      return Object.entries(states).reduce(
        (next, [other, state]) => set(next, other, state),
        code,
      );
    }
    case "state":
      return set(code, id, target);
    case "promote": {
      const active = ids.find((other) => code[other]?.state === "active");
      const demoted = at(
        ["retiring", "retiring", "compromised", "staged", "retired"],
        three,
      );
      const others = ids.filter((other) => other !== active);
      const promoted = at([...others, fresh], two) ?? fresh;
      return set(
        active === undefined
          ? code
          : withState(code, active, demoted ?? "retiring"),
        promoted,
        "active",
      );
    }
    case "two states":
      return set(
        set(code, id, target),
        at(ids, three) ?? fresh,
        at(STATES, one) ?? "staged",
      );
    case "all states":
      return ids.reduce(
        (next, other, index) =>
          set(next, other, at(STATES, pick[index % 6]) ?? "staged"),
        code,
      );
    case "remove":
      return without(code, id);
    case "rename": {
      const generation = code[id];
      return generation === undefined
        ? code
        : { ...without(code, id), [`${id}x`]: generation };
    }
    case "other key": {
      const generation = code[id];
      return generation === undefined
        ? code
        : { ...code, [id]: { ...generation, key: `${generation.key}'` } };
    }
    case "old id": {
      const stone = at(tombstones, one);
      return stone === undefined
        ? code
        : { ...code, [stone[0]]: { ...made("staged") } };
    }
    case "old key": {
      const stone = at(tombstones, one);
      return stone === undefined
        ? code
        : {
            ...code,
            [fresh]: made("staged", stone[1].subjectKeyIdentifier),
          };
    }
    case "same subject": {
      const subject = code[at(ids, one) ?? ""]?.subject;
      return subject === undefined
        ? code
        : { ...code, [fresh]: { ...made("staged"), subject } };
    }
  }
}
