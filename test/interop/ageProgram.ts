import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findProgram } from "../support/command";
import { PROGRAMS, built } from "./stacks/cache";

/** A program of Go's age library; `undefined` without Go, or where its module cannot be had, which one line then says. */
export function ageProgram(): string | undefined {
  const go = findProgram("go");
  if (go === undefined) {
    return undefined;
  }
  const module = join(PROGRAMS, "age");
  const sources = ["go.mod", "go.sum", "open.go"].map((file) =>
    join(module, file),
  );
  const key = spawnSync(go, ["version"], { encoding: "utf8" }).stdout;
  try {
    const folder = built("age", sources, key, (to) => {
      const { status, stderr } = spawnSync(
        go,
        ["build", "-buildvcs=false", "-o", join(to, "open"), "."],
        {
          cwd: module,
          encoding: "utf8",
          env: {
            ...process.env,
            GO111MODULE: "on",
            GOFLAGS: "",
            GOTOOLCHAIN: "local",
          },
          timeout: 300_000,
        },
      );
      if (status !== 0) {
        throw new Error(`go build age:\n${stderr}`);
      }
    });
    return join(folder, "open");
  } catch (error) {
    if (error instanceof Error) {
      process.stdout.write(`${error.message.trim()}\n`);
    }
    return undefined;
  }
}
