// `npm run rotation-proof`: the tests of rotations at their whole size, and what they measured in one list at the end.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment, run, seconds } from "./setup.mjs";

/** Runs the proof; answers the exit code. */
export async function proveRotation(args) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-proof-"));
  const file = join(folder, "figures");
  writeFileSync(file, "");
  const started = performance.now();
  try {
    const code = await run(
      "jest/bin/jest.js",
      ["test/rotation/", "test/e2e/rotation/(trustMatrix|live|crash)", ...args],
      environment({ MQTT_PKI_WHOLE_PROOF: "1", MQTT_PKI_FIGURES: file }),
    );
    console.log(
      `\n${readFileSync(file, "utf8")}${code === 0 ? "all proved" : "NOT PROVED: a test failed"} in ${seconds(performance.now() - started)}`,
    );
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
