import { readFileSync, readdirSync } from "node:fs";

/** Ticks of `/proc/*\/stat`; 100 a second on every Linux that Node runs on. */
const TICKS = 100;

/** What the kernel says of a process; nothing on systems without `/proc`. */
export interface ProcessFigures {
  /** The most it ever had in memory, octets. */
  readonly peakMemory: number;
  /** Of all its threads, the kernel's share included. */
  readonly cpuSeconds: number;
}

/** The process of ours whose command line holds a text; `undefined` where there is none, or no `/proc`. */
export function childWith(text: string): number | undefined {
  try {
    return readdirSync("/proc/self/task")
      .flatMap((thread) =>
        readFileSync(`/proc/self/task/${thread}/children`, "utf8")
          .trim()
          .split(" "),
      )
      .filter((pid) => pid !== "")
      .map(Number)
      .find((pid) =>
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text),
      );
  } catch {
    return undefined;
  }
}

/** What a process has taken up to now. */
export function processFigures(
  pid: number | undefined,
): ProcessFigures | undefined {
  if (pid === undefined) {
    return undefined;
  }
  try {
    const [, kilobytes = "0"] =
      /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ??
      [];
    // The name of the program may hold blanks; behind it come state, ten numbers, and the times of user and kernel.
    const [, , , , , , , , , , , user = "0", kernel = "0"] = readFileSync(
      `/proc/${pid}/stat`,
      "utf8",
    )
      .replace(/^.*\) /s, "")
      .split(" ");
    return {
      peakMemory: Number(kilobytes) * 1024,
      cpuSeconds: (Number(user) + Number(kernel)) / TICKS,
    };
  } catch {
    return undefined;
  }
}
