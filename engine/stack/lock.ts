import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";

import { EngineError, hasCode } from "../errors";
import { isMap, parse, type PropertyMap, textOf } from "../values";
import { writeFileAtomic } from "./atomic";

/** Holds a stack for one run, by a file like those of Pulumi's file backend, so that the two respect each other. */
export class StackLock {
  private constructor(private readonly file: string) {}

  /**
   * Takes the lock, or says who holds it. The lock of a run that was killed on this machine is taken over.
   *
   * @param tell hears of every lock that is taken over
   */
  static async acquire(
    folder: string,
    tell: (message: string) => void,
  ): Promise<StackLock> {
    const name = `${randomUUID()}.json`;
    for (const file of lockFiles(folder, name)) {
      const content = await readLock(file);
      if (content !== undefined && isLeftBehind(content)) {
        rmSync(file, { force: true });
        tell(
          `The run of ${textOf(content.username)} (pid ${textOf(content.pid)}, since ${textOf(content.timestamp)}) was killed; its lock is removed.`,
        );
      }
    }
    await refuseIfHeld(folder, name);
    const lock = new StackLock(join(folder, name));
    await writeFileAtomic(
      lock.file,
      JSON.stringify({
        pid: process.pid,
        username: userName(),
        hostname: hostname(),
        timestamp: new Date().toISOString(),
        ...(PROCESS_SPACE === undefined ? {} : { processSpace: PROCESS_SPACE }),
      }),
    );
    try {
      // Two runs that looked at the same moment both see each other now; the later look loses nothing but time.
      await refuseIfHeld(folder, name);
    } catch (error) {
      lock.release();
      throw error;
    }
    return lock;
  }

  /** Gives the lock back. Synchronous, so that it also works on the way out of the process. */
  release(): void {
    rmSync(this.file, { force: true });
  }
}

/**
 * Where a process number means something: this machine since it was started, and this container. A host name alone
 * would not do, since machines that share a backend may have the same. Only Linux tells.
 */
const PROCESS_SPACE = ((): string | undefined => {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return `${boot.trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
})();

function lockFiles(folder: string, except: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json") && name !== except)
      .map((name) => join(folder, name));
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return [];
    }
    throw error;
  }
}

async function refuseIfHeld(folder: string, except: string): Promise<void> {
  const others = lockFiles(folder, except);
  if (others.length === 0) {
    return;
  }
  const holders = await Promise.all(others.map(describe));
  throw new EngineError(
    `The stack is locked: another update is running, or one was killed.\n${holders.join("\n")}\nWait for it to end. If that process is gone, break the lock with \`pulumi cancel\` or by deleting the file.`,
  );
}

async function readLock(file: string): Promise<PropertyMap | undefined> {
  try {
    const content = parse(JSON.parse(await readFile(file, "utf8")));
    return isMap(content) ? content : undefined;
  } catch {
    // The holder may be gone by now, or be writing.
    return undefined;
  }
}

function isLeftBehind({ pid, processSpace }: PropertyMap): boolean {
  return (
    PROCESS_SPACE !== undefined &&
    processSpace === PROCESS_SPACE &&
    typeof pid === "number" &&
    !isRunning(pid)
  );
}

async function describe(file: string): Promise<string> {
  const content = await readLock(file);
  if (content === undefined) {
    return `  ${file}`;
  }
  const { username, hostname: host, pid, timestamp } = content;
  return `  ${file}: held by ${textOf(username)}@${textOf(host)} (pid ${textOf(pid)}) since ${textOf(timestamp)}`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return !hasCode(error, "ESRCH");
  }
}

/** Killed, but nobody has asked for its exit code yet: so it stays in a container without an init process. */
function isZombie(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
