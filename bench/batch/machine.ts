import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { spawnSync } from "node:child_process";
import { OPENSSL } from "../../test/support/seeds";

/** What the figures of a run hang on, in lines for people. */
export function describeMachine(): string[] {
  const [one, five] = loadavg();
  return [
    `CPU      ${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory`,
    `Node     ${process.versions.node} with OpenSSL ${process.versions.openssl}, ${process.platform} ${process.arch}`,
    `openssl  ${opensslVersion()}`,
    `load     ${(one ?? 0).toFixed(2)} over the last minute, ${(five ?? 0).toFixed(2)} over five${(one ?? 0) > 0.5 ? "; others work here, so expect less than the machine can do" : ""}`,
  ];
}

function opensslVersion(): string {
  if (OPENSSL === undefined) {
    return "not installed";
  }
  const { stdout } = spawnSync(OPENSSL, ["version"], { encoding: "utf8" });
  return stdout.trim();
}
