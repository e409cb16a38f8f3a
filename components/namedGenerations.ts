import * as pulumi from "@pulumi/pulumi";
import { GenerationState } from "../resources";
import type { GenerationArgs } from "./generationArgs";

/** The id of a CA's generation until the code names one. */
const FIRST_GENERATION = "1";

/** A CA's generations with the name of each one's resources. */
export interface NamedGeneration {
  readonly id: string;
  readonly args: GenerationArgs;
  /** Whether it is the key the CA has had from the beginning, under the CA's own subject. */
  readonly original: boolean;
  /** Without the generation's id where it is the original: naming it later changes nothing. */
  readonly resourceName: string;
}

/**
 * The generations of a CA in the order of the code.
 *
 * @param isRoot whether the CA signs itself: only then can a generation be linked
 * @throws RunError for what would leave nobody to sign, or make two generations one
 */
export function namedGenerations(
  name: string,
  isRoot: boolean,
  generations: Record<string, GenerationArgs> = {
    [FIRST_GENERATION]: { state: GenerationState.Active },
  },
): NamedGeneration[] {
  const list = Object.entries(generations).map(([id, args]) => {
    const original = args.subject === undefined && args.existing === undefined;
    return {
      id,
      args,
      original,
      resourceName: original ? name : `${name}-${id}`,
    };
  });
  const problems = [
    ...list.flatMap(({ id }) =>
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(id)
        ? []
        : [
            `generations.${id}: is no id; write 1 to 32 of A-Z a-z 0-9 . _ -, a letter or digit first, such as "2027a".`,
          ],
    ),
    ...sharedSubject(list),
    ...activeProblem(list),
    ...list.flatMap(({ id, args }) =>
      linkProblem(id, args, generations, isRoot),
    ),
  ];
  if (problems.length > 0) {
    throw new pulumi.RunError(
      problems.map((text) => `${name}: ${text}`).join("\n"),
    );
  }
  return list;
}

function sharedSubject(list: readonly NamedGeneration[]): string[] {
  const [first, ...others] = list.filter(
    ({ original, args }) => original && args.state !== GenerationState.Retired,
  );
  return others.map(
    ({ id }) =>
      `generations.${id}.subject: is missing, and ${JSON.stringify(first?.id)} has the CA's own; two keys under one subject are fragile in many stacks (I6), so write another common name here.`,
  );
}

function activeProblem(list: readonly NamedGeneration[]): string[] {
  const active = list.filter(
    ({ args }) => args.state === GenerationState.Active,
  );
  return active.length === 1
    ? []
    : [
        active.length === 0
          ? "generations: no generation is active, and exactly one must be (I1)."
          : `generations.${active[1]?.id ?? ""}.state: is active beside ${JSON.stringify(active[0]?.id)}, and exactly one generation must be (I1).`,
      ];
}

function linkProblem(
  id: string,
  { linkedBy, existing }: GenerationArgs,
  generations: Record<string, GenerationArgs>,
  isRoot: boolean,
): string[] {
  if (linkedBy === undefined) {
    return [];
  }
  const path = `generations.${id}.linkedBy`;
  if (!isRoot) {
    return [
      `${path}: is for root CAs; every chain brings its intermediates along, so leave it out.`,
    ];
  }
  if (existing !== undefined) {
    return [
      `${path}: stands beside existing, and a link is made from a request, which a CA made elsewhere does not have; leave one of the two out.`,
    ];
  }
  if (linkedBy === id || !Object.hasOwn(generations, linkedBy)) {
    return [
      `${path}: ${JSON.stringify(linkedBy)} is no other generation of this CA; write one of ${Object.keys(
        generations,
      )
        .filter((other) => other !== id)
        .join(", ")}.`,
    ];
  }
  return [];
}
