import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { runCommand } from "../../support/command";
import { BUNDLED } from "../conformance/engines";

/** Numbers between 0 and 1 that one seed always gives again. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Which process of an update dies. */
export type Victim = "engine" | "program" | "plugin";

const SCRIPTS: Record<Exclude<Victim, "engine">, RegExp> = {
  program: /cmd[/\\]run( |$|\.js|[/\\]index)/,
  plugin: /cmd[/\\]run-plugin/,
};

/** A moment of an update. */
export interface Moment {
  victim: Victim;
  /** Whether the time counts from the update's first deed rather than from the start. */
  underWay: boolean;
  milliseconds: number;
}

/** A moment somewhere in an update that takes about so long from its first deed on. */
export function randomMoment(
  random: () => number,
  deedsTake: number,
  startTakes: number,
): Moment {
  const victims: Victim[] = ["engine", "engine", "program", "plugin", "plugin"];
  // Most of an update's time is start-up, in which there is little to lose.
  const underWay = random() < 0.8;
  return {
    victim: victims[Math.floor(random() * victims.length)] ?? "engine",
    underWay,
    milliseconds: Math.floor(random() * (underWay ? deedsTake : startTakes)),
  };
}

/** A run of the bundled engine that is to be killed. */
export interface KillableRun {
  command: "up" | "destroy";
  folder: string;
  environment: NodeJS.ProcessEnv;
  /** Whether it has begun to change something. */
  hasBegun: () => boolean;
}

/** Starts a run, kills one of its processes, and waits until all are gone. Undefined where the run was faster. */
export async function killOne(
  run: KillableRun,
  { victim, underWay, milliseconds }: Moment,
): Promise<Victim | undefined> {
  const engine = spawn(
    process.execPath,
    [...BUNDLED, run.command, "--yes", "--skip-preview", "--stack", "dev"],
    { cwd: run.folder, env: run.environment, stdio: "ignore" },
  );
  const over = new Promise<void>((resolve) => {
    engine.once("close", () => {
      resolve();
    });
  });
  if (underWay) {
    await until(() => run.hasBegun() || hasEnded(engine));
  }
  await sleep(milliseconds);
  const killed = await kill(engine, victim);
  const children = await descendants(engine.pid ?? 0);
  await over;
  // A plugin that outlived its engine would go on changing the world while the next update runs.
  await until(() => children.every(({ pid }) => !isRunning(pid)));
  return killed;
}

/** Answers who was killed. */
async function kill(
  engine: ChildProcess,
  victim: Victim,
): Promise<Victim | undefined> {
  const family = await descendants(engine.pid ?? 0);
  const found =
    victim === "engine"
      ? undefined
      : family.find(({ args }) => SCRIPTS[victim].test(args));
  if (found !== undefined) {
    try {
      process.kill(found.pid, "SIGKILL");
      return victim;
    } catch {
      // It has ended since it was looked for; then the engine has to go.
    }
  }
  const killed = engine.kill("SIGKILL");
  await until(() => family.every(({ pid }) => !isRunning(pid)));
  return killed ? "engine" : undefined;
}

interface Running {
  pid: number;
  parent: number;
  args: string;
}

/** The processes a process has started, and theirs. */
async function descendants(root: number): Promise<Running[]> {
  const { stdout } = await runCommand("ps", ["-A", "-o", "pid=,ppid=,args="]);
  const all = stdout.split("\n").flatMap((line): Running[] => {
    const [, pid, parent, args] = /^ *(\d+) +(\d+) +(.*)$/.exec(line) ?? [];
    return pid === undefined || parent === undefined || args === undefined
      ? []
      : [{ pid: Number(pid), parent: Number(parent), args }];
  });
  const below = (pid: number): Running[] =>
    all
      .filter(({ parent }) => parent === pid)
      .flatMap((child) => [child, ...below(child.pid)]);
  return below(root);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > end) {
      throw new Error("what was waited for did not happen");
    }
    await sleep(5);
  }
}
