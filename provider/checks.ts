import type { Problem } from "../pki/problem";
import { InputError, formatProblem } from "../pki/problem";
import type { CheckResult } from "./resource";
import type { Properties } from "./wire";

/** The problems an action reports by throwing; none where it does not throw. */
export function attempt(action: () => void): readonly Problem[] {
  try {
    action();
    return [];
  } catch (error) {
    if (error instanceof InputError) {
      return error.problems;
    }
    throw error;
  }
}

/** What a check answers: the inputs as they came, and each problem once. */
export function checkResult(
  inputs: Properties,
  problems: readonly Problem[],
): CheckResult {
  const unique = new Map(
    problems.map((problem) => [formatProblem(problem), problem]),
  );
  return {
    inputs,
    ...(unique.size > 0 && {
      failures: [...unique.values()].map(({ path, message }) => ({
        property: path,
        reason: message,
      })),
    }),
  };
}
