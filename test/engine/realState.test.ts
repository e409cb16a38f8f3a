import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandResult } from "../support/command";
import { runCommand } from "../support/command";
import { ROOT } from "../support/fleet";

describe("a state that the Pulumi CLI wrote", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "engine-real-")));
  const project = join(folder, "project");
  const stateFile = join(
    folder,
    "backend/.pulumi/stacks/mqtt-pki-demo/dev.json",
  );

  const engine = (command: string, ...args: string[]): Promise<CommandResult> =>
    runCommand(
      process.execPath,
      [
        "-r",
        join(ROOT, "bin", "register.cjs"),
        join(ROOT, "engine", "main.ts"),
        command,
        ...args,
        "--stack",
        "dev",
        "--cwd",
        project,
      ],
      {
        env: {
          ...process.env,
          // A plugin cache would let the real plugins answer, and this is about doing without.
          PULUMI_HOME: join(folder, "home"),
          PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
          PULUMI_CONFIG_PASSPHRASE: "x",
        },
      },
    );

  beforeAll(() => {
    cpSync(join(__dirname, "fixtures", "real-state"), project, {
      recursive: true,
    });
    cpSync(join(project, "backend-pulumi"), join(folder, "backend/.pulumi"), {
      recursive: true,
    });
    symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("is previewed without a change, resources without an equivalent included", async () => {
    const { code, stdout, stderr } = await engine(
      "preview",
      "--expect-no-changes",
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("6 unchanged");
    expect(code).toBe(0);
  });

  test("stays as it is, to the byte, where nothing changes", async () => {
    const before = readFileSync(stateFile, "utf8");
    expect((await engine("up", "--yes")).code).toBe(0);
    expect(readFileSync(stateFile, "utf8")).toBe(before);
  });

  test("gives its secrets to the passphrase", async () => {
    const { stdout } = await engine("stack", "export", "--show-secrets");
    expect(stdout).toContain("secretkey");
    const encrypted = await engine("stack", "export");
    expect(encrypted.stdout).not.toContain("secretkey");
  });

  test("is refused by name where a resource without an equivalent would change", async () => {
    const program = join(project, "index.cjs");
    const text = readFileSync(program, "utf8");
    writeFileSync(program, text.replace('"zero"', '"one"'));
    const { code, stdout } = await engine("preview");
    writeFileSync(program, text);
    expect(code).toBe(1);
    expect(stdout).toContain("tls:index/selfSignedCert:SelfSignedCert");
    expect(stdout).toContain("Install the Pulumi CLI");
  });
});
