import type { Cell } from "./rotation";

/**
 * Where a stack judges a cell otherwise than all others, and that is known. A
 * stack that does better than its exception fails the test too, so that the
 * list stays true.
 */
export interface MatrixException {
  readonly stacks: readonly string[];
  readonly rotation: RegExp;
  readonly boundary: RegExp;
  readonly cells: readonly Cell[];
  readonly verdict: RegExp;
  readonly reason: string;
}

/** None is known: distinct subjects and key identifiers are what every stack can follow. */
export const EXCEPTIONS: readonly MatrixException[] = [];

/** The number of the exception that is about this, counted from 1; 0 for none. */
export function exceptionFor(
  stack: string,
  rotation: string,
  boundary: string,
  cell: Cell,
): number {
  return (
    EXCEPTIONS.findIndex(
      (exception) =>
        exception.stacks.includes(stack) &&
        exception.rotation.test(rotation) &&
        exception.boundary.test(boundary) &&
        exception.cells.includes(cell),
    ) + 1
  );
}
