import { randomInt } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBundle } from "../../pki/batch/bundles/read";
import { readBundleFileName } from "../../pki/batch/bundles/readName";
import { InventoryDatabase } from "../../pki/batch/inventory/database";
import { runCommand } from "../../test/support/command";
import { OPENSSL } from "../../test/support/seeds";
import { timed } from "./fleet";
import { count, seconds } from "./table";

const RUN = join(__dirname, "..", "..", "bin", "run.mjs");

/** One in so many is verified by OpenSSL and by the library. */
const SAMPLED = 1000;

/** What stands in the answer of `batch verify --json` that is told here. */
interface Verified {
  readonly certificates: number;
  readonly keys: number;
  readonly sampled: number;
  readonly found: number;
}

/**
 * Has a whole output verified: by `batch verify`, which looks at each
 * certificate, by `openssl verify`, and by counting serial numbers.
 *
 * @param scratch a folder to write samples to
 * @returns lines for people
 */
export async function verifyOutput(
  output: string,
  rootPem: string,
  scratch: string,
): Promise<string[]> {
  mkdirSync(scratch, { recursive: true });
  const rootFile = join(scratch, "root.pem");
  writeFileSync(rootFile, rootPem);
  return [
    await verifyAll(output, rootFile),
    await verifySamples(output, rootFile, scratch),
    countSerialNumbers(output),
  ];
}

async function verifyAll(output: string, rootFile: string): Promise<string> {
  const [duration, { code, stdout, stderr }] = await timed(() =>
    runCommand(process.execPath, [
      RUN,
      "batch",
      "verify",
      output,
      "--ca",
      rootFile,
      "--sample",
      String(SAMPLED),
      "--json",
    ]),
  );
  if (stdout === "") {
    throw new Error(`batch verify ended with ${code}:\n${stderr}`);
  }
  const { certificates, keys, sampled, found } = JSON.parse(stdout) as Verified;
  return `mqtt-pki batch verify: ${count(certificates)} certificates and ${count(keys)} keys, ${count(sampled)} of them in full by the library, ${count(found)} findings, ${seconds(duration)}, ${count(certificates / duration)}/s`;
}

async function verifySamples(
  output: string,
  rootFile: string,
  scratch: string,
): Promise<string> {
  if (OPENSSL === undefined) {
    return "openssl verify: not installed";
  }
  const files = await writeSamples(join(output, "bundles"), scratch);
  const [duration, { stdout, stderr }] = await timed(() =>
    runCommand(OPENSSL ?? "", [
      "verify",
      "-CAfile",
      rootFile,
      "-untrusted",
      join(output, "bundles", "chain.pem"),
      ...files,
    ]),
  );
  const good = stdout.match(/: OK$/gm)?.length ?? 0;
  const refused = files.length - good;
  return `openssl verify: ${count(good)} of ${count(files.length)} sampled certificates good${refused > 0 ? `; ${stderr.split("\n")[0] ?? ""}` : ""}, ${seconds(duration)}`;
}

/** Writes one certificate in a thousand of the output to a file of its own. */
async function writeSamples(
  bundles: string,
  scratch: string,
): Promise<string[]> {
  const files: string[] = [];
  let position = randomInt(SAMPLED);
  for (const name of readdirSync(bundles).sort()) {
    const file = readBundleFileName(name);
    if (file?.kind !== "certificates") {
      continue;
    }
    for await (const entries of readBundle(join(bundles, name), file)) {
      for (const { certificate = "" } of entries) {
        if (position === 0) {
          const path = join(scratch, `${files.length}.pem`);
          writeFileSync(path, certificate);
          files.push(path);
          position = SAMPLED;
        }
        position -= 1;
      }
    }
  }
  return files;
}

function countSerialNumbers(output: string): string {
  const inventory = InventoryDatabase.open(join(output, "inventory.sqlite"), {
    readOnly: true,
  });
  try {
    const [row] = [
      ...inventory.rows(
        "SELECT count(*) AS devices, count(DISTINCT serialNumber) AS serials FROM device",
      ),
    ];
    const [devices, serials] = [Number(row?.devices), Number(row?.serials)];
    return `serial numbers: ${count(serials)} of ${count(devices)} distinct`;
  } finally {
    inventory.close();
  }
}
