import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../support/command";
import { PROGRAMS, built } from "./cache";
import type { Command } from "./lineProcess";
import { firstLine } from "./lineProcess";

/** A program of ours that is ready to run, and what it says it is. */
export interface Program {
  readonly command: Command;
  readonly version: string;
}

function must(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): void {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    cwd,
    timeout: 300_000,
  });
  if (status !== 0) {
    throw new Error(`${program} ${args.join(" ")}:\n${stdout}${stderr}`);
  }
}

function ready(command: Command): Program | undefined {
  const version = firstLine(command);
  return version === undefined || version === ""
    ? undefined
    : { command, version };
}

/** A library for C: what to include, and how to link it. */
export interface Library {
  readonly name: string;
  readonly header: string;
  readonly flags: readonly string[];
}

/** The program that shakes hands by a C library; `undefined` without compiler or library. */
export function cProgram(library: Library): Program | undefined {
  const compiler = findProgram("gcc") ?? findProgram("cc");
  if (compiler === undefined) {
    return undefined;
  }
  const { name, header, flags } = library;
  // A missing library is no failure, a program that does not compile is one.
  const included = spawnSync(compiler, [...flags, "-E", "-x", "c", "-"], {
    input: `#include <${header}>\n`,
  });
  if (included.status !== 0) {
    return undefined;
  }
  const source = join(PROGRAMS, "c", `${name}.c`);
  const key = [compiler, ...flags].join(" ");
  const folder = built(
    name,
    [source, join(PROGRAMS, "c", "cases.h")],
    key,
    (to) => {
      must(compiler, ["-O1", "-o", join(to, name), source, ...flags]);
    },
  );
  return ready({ program: join(folder, name), args: [] });
}

/** Go's own TLS, which needs no module. */
export function goProgram(): Program | undefined {
  const go = findProgram("go");
  if (go === undefined) {
    return undefined;
  }
  const source = join(PROGRAMS, "go", "judge.go");
  const key = spawnSync(go, ["version"], { encoding: "utf8" }).stdout;
  const folder = built("go", [source], key, (to) => {
    must(go, ["build", "-o", join(to, "judge"), source], {
      GO111MODULE: "off",
      GOFLAGS: "",
      GOTOOLCHAIN: "local",
    });
  });
  return ready({ program: join(folder, "judge"), args: [] });
}

/** Java's PKIX trust manager. */
export function javaProgram(): Program | undefined {
  const [java, javac] = [findProgram("java"), findProgram("javac")];
  if (java === undefined || javac === undefined) {
    return undefined;
  }
  const source = join(PROGRAMS, "java", "Judge.java");
  const key = spawnSync(javac, ["-version"], { encoding: "utf8" }).stdout;
  const folder = built("java", [source], key, (to) => {
    must(javac, ["-d", to, source]);
  });
  const quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
  return ready({ program: java, args: [...quick, "-cp", folder, "Judge"] });
}

/**
 * A Python program, in an environment of its own with the packages it needs.
 *
 * @returns `undefined` without Python, or where the packages cannot be had
 */
export function pythonProgram(name: string): Program | undefined {
  const requirements = join(PROGRAMS, "python", "requirements.txt");
  const program = pythonWith(requirements);
  const source = join(PROGRAMS, "python", `${name}.py`);
  return program === undefined ? undefined : ready({ program, args: [source] });
}

/**
 * A Python with packages, in an environment of its own.
 *
 * @param requirements path of a list for pip
 * @returns its path; `undefined` without Python, or where the packages cannot be had
 */
export function pythonWith(requirements: string): string | undefined {
  const python = findProgram("python3");
  if (python === undefined) {
    return undefined;
  }
  const key = spawnSync(python, ["--version"], { encoding: "utf8" }).stdout;
  try {
    const folder = built("python", [requirements], key, (to) => {
      must(python, ["-m", "venv", to]);
      must(join(to, "bin", "python"), [
        ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
        ...["--requirement", requirements],
      ]);
    });
    return join(folder, "bin", "python");
  } catch (error) {
    explain(error);
    return undefined;
  }
}

/** zlint, built from its Go module; `undefined` without Go, or where the module cannot be had. */
export function zlintProgram(): Program | undefined {
  const go = findProgram("go");
  if (go === undefined) {
    return undefined;
  }
  const module = join(PROGRAMS, "zlint");
  const sources = ["go.mod", "go.sum", "lint.go"].map((file) =>
    join(module, file),
  );
  const key = spawnSync(go, ["version"], { encoding: "utf8" }).stdout;
  try {
    const folder = built("zlint", sources, key, (to) => {
      mkdirSync(to, { recursive: true });
      const output = join(to, "lint");
      must(
        go,
        ["build", "-buildvcs=false", "-o", output, "."],
        { GO111MODULE: "on", GOFLAGS: "", GOTOOLCHAIN: "local" },
        module,
      );
    });
    return ready({ program: join(folder, "lint"), args: [] });
  } catch (error) {
    explain(error);
    return undefined;
  }
}

/** Why it could not be had, which may well be no network. */
function explain(error: unknown): void {
  if (error instanceof Error) {
    process.stdout.write(`${error.message.trim()}\n`);
  }
}
