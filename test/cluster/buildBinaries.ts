// Builds what a cluster of a test consists of, or waits for whoever is doing so. Ends with 0 as soon as they are there.
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { constants, setPriority } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Build, BuildItem } from "./binaries";
import { OUT_OF_REACH, TOOLS, currentBuild, isBuilt } from "./binaries";

/** Between two lines that say that it goes on. */
const PROGRESS = 20_000;

// What Go says where it has no way to the modules, or to the version of itself that they need.
const UNREACHABLE =
  /dial tcp|lookup |no such host|i\/o timeout|connection re(fused|set)|TLS handshake|x509:|GOPROXY|module lookup disabled|proxyconnect|unexpected EOF|toolchain not available|requires go >=|: (4|5)\d\d [A-Z]/;

class OutOfReach extends Error {}

async function main(): Promise<void> {
  // Others wait for it, and have the rest of their work to do until then.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const wanted = currentBuild();
  if (wanted === undefined) {
    throw new Error("Go is not installed; see https://go.dev/doc/install");
  }
  if (isBuilt(wanted)) {
    return;
  }
  const started = performance.now();
  const lock = await acquire(wanted.lock, started);
  try {
    for (const item of wanted.items) {
      // Whoever had the lock before may have built it.
      if (!existsSync(item.folder)) {
        await build(wanted, item, started);
      }
    }
  } finally {
    lock.close();
  }
}

/** The kernel gives a database's lock back whichever way its holder ends. */
async function acquire(file: string, started: number): Promise<DatabaseSync> {
  const database = new DatabaseSync(file);
  let told = -PROGRESS;
  for (;;) {
    try {
      database.exec("BEGIN EXCLUSIVE");
      return database;
    } catch (error) {
      if (!String(error).includes("locked")) {
        throw error;
      }
    }
    const waited = performance.now() - started;
    if (waited - told >= PROGRESS) {
      told = waited;
      say(`waiting for a build of etcd and kube-apiserver, ${seconds(waited)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function build(
  { go, failure }: Build,
  { folder, programs }: BuildItem,
  started: number,
): Promise<void> {
  const parent = dirname(folder);
  const unfinished = `${basename(folder)}.unfinished-`;
  // Only the holder of the lock makes such folders: what is there now was killed.
  for (const name of readdirSync(parent)) {
    if (name.startsWith(unfinished)) {
      rmSync(join(parent, name), { recursive: true, force: true });
    }
  }
  const target = join(parent, `${unfinished}${process.pid}`);
  mkdirSync(target, { mode: 0o700 });
  try {
    for (const [name, path] of Object.entries(programs)) {
      await compile(go, name, path, join(target, name), started);
    }
    renameSync(target, folder);
    rmSync(failure, { force: true });
    say(`built after ${since(started)}: ${folder}`);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    if (error instanceof OutOfReach) {
      writeFileSync(failure, error.message);
    }
    throw error;
  }
}

async function compile(
  go: string,
  name: string,
  path: string,
  to: string,
  started: number,
): Promise<void> {
  const line = () => {
    say(`building ${name} (${path}), ${since(started)}`);
  };
  line();
  const progress = setInterval(line, PROGRESS);
  const child = spawn(
    go,
    ["build", "-trimpath", "-ldflags=-s -w", "-o", to, path],
    {
      cwd: TOOLS,
      env: { ...process.env, GOFLAGS: "-buildvcs=false -mod=readonly" },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const end = () => child.kill();
  process.once("SIGTERM", end).once("SIGINT", end);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  clearInterval(progress);
  process.off("SIGTERM", end).off("SIGINT", end);
  if (code === null) {
    throw new Error(`the build of ${name} was ended`);
  }
  if (code !== 0) {
    const unreachable = said.split("\n").find((text) => UNREACHABLE.test(text));
    throw unreachable === undefined
      ? new Error(`go build ${path}:\n${said}`)
      : new OutOfReach(unreachable.trim());
  }
}

function since(started: number): string {
  return seconds(performance.now() - started);
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    error instanceof OutOfReach
      ? `error: the Go modules cannot be had (${text}); let GOPROXY name a module proxy that answers.\n`
      : `error: ${text}\n`,
  );
  process.exitCode = error instanceof OutOfReach ? OUT_OF_REACH : 1;
});
