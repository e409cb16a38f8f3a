import type * as Age from "age-encryption";
import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";

/**
 * age-encryption as Node itself loads it. A test that reaches it says:
 *
 * ```ts
 * jest.mock("age-encryption", () =>
 *   jest.requireActual<NativeAge>("../support/nativeAge").loadAge(),
 * );
 * ```
 *
 * It is the package and no imitation of it: jest's own `require` cannot load
 * packages of ECMAScript modules without a flag of Node's, which Node's can.
 */
export interface NativeAge {
  loadAge: typeof loadAge;
}

/** See {@link NativeAge}. */
export function loadAge(): typeof Age {
  const outside = runInThisContext("process") as typeof process;
  const { createRequire: create } = outside.getBuiltinModule("node:module") as {
    createRequire: typeof createRequire;
  };
  return create(__filename)("age-encryption") as typeof Age;
}
