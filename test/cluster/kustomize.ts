import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { built } from "../interop/stacks/cache";
import { findProgram, runCommand } from "../support/command";

/** The module that says the version. */
const MODULE = join(__dirname, "kustomize");
const PROGRAM = "kustomize";

/** Kustomize, or what to do to have it. */
export interface Kustomize {
  readonly path: string | undefined;
  readonly howToGet: string;
}

/** Kustomize as a module of Go's, built once into a folder outside of the checkout. */
export function kustomize(): Kustomize {
  const go = findProgram("go");
  if (go === undefined) {
    return {
      path: undefined,
      howToGet: "see https://go.dev/doc/install; the tests then build it",
    };
  }
  const key = spawnSync(go, ["env", "GOVERSION", "GOOS", "GOARCH"], {
    encoding: "utf8",
  }).stdout;
  const sources = ["go.mod", "go.sum"].map((name) => join(MODULE, name));
  try {
    const folder = built(PROGRAM, sources, key, (to) => {
      const { status, stderr } = spawnSync(
        go,
        [
          "build",
          "-trimpath",
          "-o",
          join(to, PROGRAM),
          "sigs.k8s.io/kustomize/kustomize/v5",
        ],
        {
          cwd: MODULE,
          encoding: "utf8",
          env: { ...process.env, GOFLAGS: "-buildvcs=false -mod=readonly" },
          timeout: 300_000,
        },
      );
      if (status !== 0) {
        throw new Error(stderr);
      }
    });
    return { path: join(folder, PROGRAM), howToGet: "" };
  } catch (error) {
    const [reason = ""] = String(error).split("\n");
    return {
      path: undefined,
      howToGet: `its Go modules cannot be had (${reason}); let GOPROXY name a module proxy that answers`,
    };
  }
}

/** What Kustomize makes of a folder; fails the test where it makes nothing. */
export async function kustomizeBuild(
  program: string,
  folder: string,
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(program, ["build", folder]);
  if (code !== 0) {
    throw new Error(`kustomize build ${folder}: ${stderr}`);
  }
  return stdout;
}
