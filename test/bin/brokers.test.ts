import { join } from "node:path";
import { BrokerKind } from "../../platforms/brokers";
import { runCommand } from "../support/command";
import { ROOT } from "../support/fleet";

test("npm run brokers names the brokers that there are", async () => {
  const { code, stdout, stderr } = await runCommand(process.execPath, [
    join(ROOT, "bin", "run.mjs"),
    "brokers",
    "mosquitto",
    "moquette",
  ]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(
    `moquette is no broker; there are ${Object.values(BrokerKind).join(", ")}.`,
  );
});
