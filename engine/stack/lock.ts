import { randomUUID } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";

import { EngineError, hasCode } from "../errors";
import { isMap, parse, textOf } from "../values";
import { writeFileAtomic } from "./atomic";

/** Holds a stack for one run, by a file like those of Pulumi's file backend, so that the two respect each other. */
export class StackLock {
  private constructor(private readonly file: string) {}

  /** Takes the lock, or says who holds it. */
  static async acquire(folder: string): Promise<StackLock> {
    const name = `${randomUUID()}.json`;
    await refuseIfHeld(folder, name);
    const lock = new StackLock(join(folder, name));
    await writeFileAtomic(
      lock.file,
      JSON.stringify({
        pid: process.pid,
        username: userName(),
        hostname: hostname(),
        timestamp: new Date().toISOString(),
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

async function refuseIfHeld(folder: string, except: string): Promise<void> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return;
    }
    throw error;
  }
  const others = names.filter(
    (name) => name.endsWith(".json") && name !== except,
  );
  if (others.length === 0) {
    return;
  }
  const holders = await Promise.all(
    others.map((name) => describe(join(folder, name))),
  );
  throw new EngineError(
    `The stack is locked: another update is running, or one was killed.\n${holders.join("\n")}\nWait for it to end. If that process is gone, break the lock with \`pulumi cancel\` or by deleting the file.`,
  );
}

async function describe(file: string): Promise<string> {
  try {
    const content = parse(JSON.parse(await readFile(file, "utf8")));
    if (isMap(content)) {
      const { username, hostname: host, pid, timestamp } = content;
      const gone =
        host === hostname() && typeof pid === "number" && !isRunning(pid)
          ? "; that process is gone"
          : "";
      return `  ${file}: held by ${textOf(username)}@${textOf(host)} (pid ${textOf(pid)}) since ${textOf(timestamp)}${gone}`;
    }
  } catch {
    // The holder may be gone by now, or be writing; the file's name is still worth telling.
  }
  return `  ${file}`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, "ESRCH");
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
