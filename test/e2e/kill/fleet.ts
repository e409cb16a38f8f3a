import type { Program } from "../conformance/site";

const NAMES = ["meterA", "meterB", "meterC", "valveD", "valveE", "valveF"];

/**
 * A small fleet with something of everything: creations, updates, both kinds of
 * replacement and deletions, in a chain so that they are not all at once.
 */
export function randomProgram(random: () => number, turn: number): Program {
  const present = NAMES.filter(() => random() < 0.75);
  const resources = present.map((name, index) => {
    const former = present[index - 1];
    const size = Math.floor(random() * 3);
    return {
      name,
      args: {
        text:
          former === undefined || random() < 0.3
            ? `turn ${turn}`
            : { ref: `${former}.serial` },
        size,
        data: { secret: `key of turn ${turn}` },
        deleteFirst: name.startsWith("valve"),
        waitMs: 40 + Math.floor(random() * 60),
      },
      options: former === undefined ? {} : { dependsOn: [former] },
    };
  });
  return { resources, exports: { turn } };
}
