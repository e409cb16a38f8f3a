import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "jest";
import { ROOT } from "../support/fleet";
import {
  BUILD_SCRIPT,
  BUILD_VARIABLE,
  currentBuild,
  isBuilt,
  reasonNotToTry,
} from "./binaries";

/** What of jest's configuration says which tests are to run. */
interface Selection {
  readonly testPathPatterns?: { readonly patterns?: readonly string[] };
}

const TESTS = join(ROOT, "test");

/** By these a test that needs an API server is told from others. */
const NEEDS_SERVER = /\b(clusterBinaries|describeCase|ApiServer)\b/;

/**
 * Runs before all tests: begins to build etcd and kube-apiserver where a test
 * is going to need them, so that the build, which takes minutes, is done beside
 * the other tests. It goes on where those end.
 */
export default function startBuild(selection: Config & Selection): void {
  const build = currentBuild();
  if (
    build === undefined ||
    process.env[BUILD_VARIABLE] === "0" ||
    isBuilt(build) ||
    reasonNotToTry() !== undefined ||
    !needed(selection.testPathPatterns?.patterns ?? [])
  ) {
    return;
  }
  spawn(process.execPath, BUILD_SCRIPT, {
    detached: true,
    stdio: "ignore",
  }).unref();
}

function needed(patterns: readonly string[]): boolean {
  return readdirSync(TESTS, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(TESTS, name))
    .filter(
      (file) =>
        patterns.length === 0 ||
        patterns.some((pattern) => new RegExp(pattern, "i").test(file)),
    )
    .some((file) => NEEDS_SERVER.test(readFileSync(file, "utf8")));
}
