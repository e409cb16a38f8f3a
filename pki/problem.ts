/**
 * One mistake in what the user wrote: where it stands, and what to write
 * instead. The message never holds a secret.
 */
export interface Problem {
  /** Property path of the mistake, such as `dnsNames[2]`. */
  readonly path: string;
  /** What is wrong, the value, and what to write instead. */
  readonly message: string;
}

/**
 * All the mistakes found in one set of arguments, reported together.
 *
 * @example
 * ```ts
 * throw new InputError([{ path: "subject.commonName", message: '"" is empty; write 1 to 64 characters.' }]);
 * ```
 */
export class InputError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "InputError";
    this.problems = problems;
  }
}

/** `path: message`, the way every refusal is printed. */
export function formatProblem(problem: Problem): string {
  return problem.path === ""
    ? problem.message
    : `${problem.path}: ${problem.message}`;
}

/** The same problems, each path below `parent`. */
export function below(parent: string, problems: readonly Problem[]): Problem[] {
  return problems.map(({ path, message }) => ({
    path: path.startsWith("[")
      ? `${parent}${path}`
      : [parent, path].filter((part) => part !== "").join("."),
    message,
  }));
}

/** Each problem once, in the order of its first appearance. */
export function uniqueProblems(problems: readonly Problem[]): Problem[] {
  return [
    ...new Map(
      problems.map((problem) => [formatProblem(problem), problem]),
    ).values(),
  ];
}

/** A value as it stands in a message: quoted, and cut where it is long. */
export function quote(value: unknown): string {
  // JSON.stringify answers undefined for undefined and for functions, whatever its type says.
  const text =
    typeof value === "number"
      ? String(value)
      : ((JSON.stringify(value) as string | undefined) ?? String(value));
  return text.length > 120 ? `${text.slice(0, 117)}..."` : text;
}
