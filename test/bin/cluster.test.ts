import { join } from "node:path";
import type { CommandResult } from "../support/command";
import { runCommand } from "../support/command";
import { ROOT } from "../support/fleet";

function cluster(...args: readonly string[]): Promise<CommandResult> {
  const command = [join(ROOT, "bin", "run.mjs"), "cluster", ...args];
  return runCommand(process.execPath, command);
}

describe("npm run cluster", () => {
  test("names the cases that there are", async () => {
    const { code, stdout, stderr } = await cluster("life", "birth");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error: birth is no case; there are .*\blife\b/);
  });

  test.each([["--engine=terraform"], ["--engine"]])(
    "names the engines that there are: %s",
    async (argument) => {
      const { code, stdout, stderr } = await cluster(argument);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("is no engine; write npm run cluster --");
      expect(stderr).toContain("bundled|pulumi");
    },
  );
});
