import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { exportPkcs8 } from "../../../pki/key";
import { deviceBatchInputs } from "../../../provider/deviceBatchInputs";
import type { CommandResult } from "../../support/command";
import { runCommand } from "../../support/command";
import type { Hierarchy } from "./inputs";
import { batchInputs, without } from "./inputs";
import type { Properties } from "./wire";

const ROOT = join(__dirname, "..", "..", "..");

/** An output folder and one for temporary files, of a run in a process of its own. */
export interface Places {
  readonly output: string;
  readonly temporary: string;
}

/** Makes both below a folder. */
export function placesIn(folder: string, name: string): Places {
  const output = join(folder, name, "output");
  const temporary = join(folder, name, "temporary");
  for (const path of [output, temporary]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  return { output, temporary };
}

/** Program and arguments of such a run. */
export function bundleCommand(): [string, ...string[]] {
  const register = join(ROOT, "bin", "register.cjs");
  const program = join(__dirname, "issueBundlesOnce.ts");
  return [process.execPath, "-r", register, program];
}

/** Its environment: temporary files have a folder of their own. */
export function bundleEnvironment({ temporary }: Places): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: temporary, TMP: temporary, TEMP: temporary };
}

/** What it reads from its standard input. */
export function bundleInputs(
  { signer, ca }: Hierarchy,
  { output }: Places,
  overrides: Properties,
): string {
  const inputs = {
    ...without(batchInputs(signer, output, []), "devices"),
    format: "bundles",
    ...overrides,
    signer: { ...signer, privateKeyPem: exportPkcs8(ca.key) },
  };
  return JSON.stringify(deviceBatchInputs.parse(inputs));
}

/**
 * Runs it to its end.
 *
 * @param limit octets that a file may have at most; none by default
 */
export async function runBundles(
  above: Hierarchy,
  places: Places,
  overrides: Properties,
  limit?: number,
): Promise<CommandResult> {
  const [program, ...args] = bundleCommand();
  const limited: [string, string[]] =
    limit === undefined
      ? [program, args]
      : [
          "sh",
          // In blocks of 512 octets, as POSIX has it.
          [
            "-c",
            'ulimit -f "$0" && exec "$@"',
            `${Math.ceil(limit / 512)}`,
          ].concat(program, args),
        ];
  return runCommand(...limited, {
    cwd: places.temporary,
    env: bundleEnvironment(places),
    input: bundleInputs(above, places, overrides),
  });
}
