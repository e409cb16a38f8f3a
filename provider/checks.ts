import type { Problem } from "../pki/problem";
import { InputError, formatProblem, uniqueProblems } from "../pki/problem";
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

/** As {@link attempt}, for an action that takes its time. */
export async function attemptLater(
  action: () => Promise<unknown>,
): Promise<readonly Problem[]> {
  try {
    await action();
    return [];
  } catch (error) {
    if (error instanceof InputError) {
      return error.problems;
    }
    throw error;
  }
}

/** As {@link attemptLater}, with what the action answers where it does not throw. */
export async function attemptValue<T>(
  action: () => Promise<T>,
): Promise<{ readonly value?: T; readonly problems: readonly Problem[] }> {
  let value: T | undefined;
  const problems = await attemptLater(async () => {
    value = await action();
  });
  return value === undefined ? { problems } : { value, problems };
}

/** What a check answers: the inputs as they came, and each problem once. */
export function checkResult(
  inputs: Properties,
  problems: readonly Problem[],
): CheckResult {
  const failures = uniqueProblems(problems).map((problem) => ({
    // The path stands in the reason: of a `property` the engine prints the value, too, which for a path within an
    // object it takes for nothing, and which for an object may hold a key.
    property: "",
    reason: formatProblem(problem),
  }));
  return failures.length > 0 ? { inputs, failures } : { inputs };
}
