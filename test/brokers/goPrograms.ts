import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findProgram } from "../support/command";
import { built } from "../interop/stacks/cache";

const TOOLS = join(__dirname, "tools");

/** A program that was built, or why it was not and how to get it. */
export type GoProgram =
  | { readonly path: string }
  | { readonly missing: string; readonly howToGet: string };

/** The NATS server of the version in tools/go.mod. */
export function natsServer(): GoProgram {
  return build(
    "nats-server",
    [join(TOOLS, "go.mod"), join(TOOLS, "go.sum")],
    "github.com/nats-io/nats-server/v2",
    { GO111MODULE: "on", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local" },
  );
}

/** A TLS client with a certificate and the key of another. */
export function wrongKeyClient(): GoProgram {
  const source = join(TOOLS, "wrongkey", "main.go");
  return build("wrongkey", [source], source, {
    GO111MODULE: "off",
    GOFLAGS: "",
    GOTOOLCHAIN: "local",
  });
}

function build(
  name: string,
  sources: readonly string[],
  what: string,
  env: NodeJS.ProcessEnv,
): GoProgram {
  const go = findProgram("go");
  if (go === undefined) {
    return {
      missing: "Go",
      howToGet: `see https://go.dev/doc/install; the tests then build ${name} themselves`,
    };
  }
  const key = spawnSync(go, ["version"], { encoding: "utf8" }).stdout;
  try {
    const folder = built(name, sources, key, (to) => {
      const { status, stderr } = spawnSync(
        go,
        ["build", "-buildvcs=false", "-o", join(to, name), what],
        {
          encoding: "utf8",
          cwd: TOOLS,
          env: { ...process.env, ...env },
          timeout: 300_000,
        },
      );
      if (status !== 0) {
        throw new Error(stderr);
      }
    });
    return { path: join(folder, name) };
  } catch (error) {
    const [reason = ""] = String(error).split("\n").filter(Boolean).slice(-1);
    return {
      missing: name,
      howToGet: `it could not be built (${reason}); let GOPROXY name a module proxy that answers`,
    };
  }
}
