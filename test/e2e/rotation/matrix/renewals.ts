import type { AuthorityName } from "../../../support/rotationFleet";
import type { Rotation } from "./rotation";

/** Short enough that the CAs are due, one after the other, while every certificate is valid. */
export function lifetimes(
  root: AuthorityName,
  intermediate: AuthorityName,
  leaf: string,
): Readonly<Record<string, unknown>> {
  return {
    [`${root}.validityDays`]: 100,
    [`${root}.renewal`]: { beforeDays: 65 },
    [`${intermediate}.validityDays`]: 90,
    [`${intermediate}.renewal`]: { beforeDays: 45 },
    [`${leaf}.validityDays`]: 85,
    [`${leaf}.renewal`]: { beforeDays: 5 },
  };
}

/** A root and what is below it get new certificates for their old keys, without a change of the code. */
function renewal(
  judged: Rotation["judged"],
  root: AuthorityName,
  intermediate: AuthorityName,
  leaf: string,
): Rotation {
  return {
    name: `${judged} CAs, renewed`,
    judged,
    authority: root,
    steps: [
      {
        name: "start",
        day: 0,
        configure: lifetimes(root, intermediate, leaf),
      },
      { name: "root renewed", day: 36 },
      { name: "intermediate renewed", day: 46 },
    ],
    boundaries: [
      {
        name: "root renewed",
        leaves: ["start", "root renewed"],
        bundles: ["start", "root renewed"],
        fails: [],
      },
      {
        name: "intermediate renewed",
        leaves: ["start", "intermediate renewed"],
        bundles: ["start", "intermediate renewed"],
        fails: [],
      },
    ],
  };
}

export const RENEWALS: readonly Rotation[] = [
  renewal("server", "serverRoot", "serverCA", "server"),
  renewal("device", "deviceRoot", "deviceCA", "devices"),
];
