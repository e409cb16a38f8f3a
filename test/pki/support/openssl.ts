import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith, findProgram } from "../../support/command";

/** A folder for the tests of one block, gone when they are done. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-unit-"));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** What to ask `openssl verify`. */
export interface VerifyRequest {
  /** Leaf first, then intermediates, PEM. */
  readonly chain: readonly string[];
  readonly anchors: readonly string[];
  readonly at?: Date;
  /** Such as `["-purpose", "sslserver"]`. */
  readonly args?: readonly string[];
}

/** The openssl command, for tests that ask it for its opinion. */
export class OpenSsl {
  constructor(
    private readonly program: string,
    private readonly folder: string,
  ) {}

  /** Runs a command; its standard output. Fails where it fails. */
  run(args: readonly string[], input = ""): string {
    const result = this.try(args, input);
    if (result.status !== 0) {
      throw new Error(`openssl ${args.join(" ")}: ${result.said}`);
    }
    return result.stdout;
  }

  /** Runs a command whatever its exit code. */
  try(
    args: readonly string[],
    input = "",
  ): { status: number | null; stdout: string; said: string } {
    const { status, stdout, stderr } = spawnSync(this.program, args, {
      input,
      encoding: "utf8",
    });
    return { status, stdout, said: `${stdout}${stderr}` };
  }

  /** Why a strict OpenSSL refuses a chain; empty where it accepts it. */
  refusal({ chain, anchors, at, args = [] }: VerifyRequest): string {
    const [leaf = "", ...above] = chain;
    const result = this.try([
      "verify",
      "-x509_strict",
      "-no-CApath",
      "-no-CAstore",
      ...(at === undefined
        ? []
        : ["-attime", String(Math.floor(at.getTime() / 1000))]),
      ...args,
      "-CAfile",
      this.file("anchors.pem", anchors.join("")),
      ...(above.length > 0
        ? ["-untrusted", this.file("chain.pem", above.join(""))]
        : []),
      this.file("leaf.pem", leaf),
    ]);
    return result.status === 0 ? "" : result.said;
  }

  /** Writes a text for a command to read. */
  file(name: string, text: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** A place for a command to write to. */
  path(name: string): string {
    return join(this.folder, name);
  }
}

/** Tests against the openssl command; skipped, with a line, where there is none. */
export function describeOpenSsl(
  title: string,
  body: (openssl: OpenSsl) => void,
): void {
  const program = { name: "openssl", path: findProgram("openssl") };
  describeWith(program, "apt-get install openssl", title, (path) => {
    body(new OpenSsl(path, scratchFolder()));
  });
}
