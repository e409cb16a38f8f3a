import { join } from "node:path";
import { runCommand } from "../support/command";

const RUN = join(__dirname, "..", "..", "bin", "run.mjs");

const NUMBER = "[\\d,]+";
const RATIO = "\\d+\\.\\d\\d";

/** The figures themselves say more about what else the machine does just now than about the program. */
test("the figures of large batches are printed in one table, limit, state and verification with them", async () => {
  const { code, stdout, stderr } = await runCommand(process.execPath, [
    RUN,
    "bench",
    "batch",
    "--quick",
  ]);
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  const rows = [
    "5,000, zstd",
    "5,000, renewed, keys kept \\(limit: signatures\\)",
    "5,000, compression none",
    "5,000, sealed, zstd",
  ];
  for (const row of rows) {
    const figures = `^${row} +[\\d.]+ s +[\\d.]+ s +${NUMBER} +${NUMBER} +${RATIO} `;
    expect(stdout).toMatch(new RegExp(figures, "m"));
  }
  for (const line of [
    "^CPU +.+ cores, ",
    `^Node, the tightest loop, 1 of \\d+ cores +${NUMBER} +${NUMBER}$`,
    `^5,000 devices: ratio of create to the Node limit on all cores ${RATIO}`,
    "^state of 5,000 devices: .* more than of 10 ",
    "^no-op of 5,000 devices: .*, no change; ",
    "^preview of 100 added rows: .*, \\+100 new, 0 changed, 0 due, 5,000 unchanged$",
    "^mqtt-pki batch verify: 5,000 certificates and 5,000 keys, .*, 0 findings, ",
    "^openssl verify: (5 of 5 sampled certificates good|not installed)",
    "^serial numbers: 5,000 of 5,000 distinct$",
    `^@peculiar/x509 .* ${NUMBER}$`,
    `^openssl ecparam \\+ req \\+ x509 .*(${NUMBER}|not installed)$`,
  ]) {
    expect(stdout).toMatch(new RegExp(line, "m"));
  }
}, 300_000);

test("what nobody can measure is refused with what to write instead", async () => {
  const { code, stderr } = await runCommand(process.execPath, [
    RUN,
    "bench",
    "batch",
    "many",
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain(
    "many is no number; write npm run bench -- [batch [devices…] [--quick]",
  );
});
