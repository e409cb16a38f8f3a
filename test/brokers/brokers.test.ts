import { join } from "node:path";
import { describeWith } from "../support/command";
import { required } from "../support/rendered";
import type { Updates } from "./bench";
import { Bench, nameOf } from "./bench";
import type { BrokerCase } from "./cases";
import { CASES } from "./cases";
import { DRIVERS } from "./drivers";
import type { BrokerDriver, InstalledBroker } from "./driver";
import { writeVolume } from "./mounts";
import { ROTATION_CASES } from "./rotationCases";
import { isWanted, isWhole, note } from "./rows";
import { BrokerStack, REVOKED, REVOKED_LATER } from "./stack";

const CASES_IN_ORDER = [...CASES, ...ROTATION_CASES];

const wanted = DRIVERS.filter(
  ({ kind, wholeOnly = false }) => isWanted(kind) && (isWhole() || !wholeOnly),
);
const found = wanted.map((driver) => ({ driver, broker: driver.find() }));
const here = found.flatMap(({ driver, broker }) =>
  "missing" in broker ? [] : [driver],
);

// In the order of the table; a row that nothing takes the place of says that something broke off.
for (const driver of wanted) {
  for (const name of ["version", ...CASES_IN_ORDER.map((one) => one.name)]) {
    note({
      case: name,
      broker: nameOf(driver),
      verdict: here.includes(driver) ? "failed" : "skipped",
      figure: here.includes(driver) ? "did not come to an end" : "",
    });
  }
}

/** One stack for all of them. */
let stack: BrokerStack;
let updates: Updates;

beforeAll(async () => {
  if (here.length > 0) {
    stack = await BrokerStack.create(here);
    const first = await stack.up();
    const second = await stack.up({
      serverNames: ["localhost", "mqtt.example.org"],
      trust: "both",
      revoked: [REVOKED, REVOKED_LATER],
    });
    updates = { first, second, third: await stack.up({ trust: "next" }) };
  }
}, 300_000);

afterAll(() => {
  if (here.length > 0) {
    stack.remove();
  }
});

for (const { driver, broker } of found) {
  const missing = "missing" in broker ? broker : undefined;
  describeWith(
    {
      name: missing?.missing ?? nameOf(driver),
      path: "missing" in broker ? undefined : broker.version,
    },
    missing?.howToGet ?? "",
    `${nameOf(driver)} on the files that were emitted for it`,
    () => {
      let bench: Bench;

      beforeAll(async () => {
        if (!("missing" in broker)) {
          bench = await begin(driver, broker);
        }
      }, 200_000);

      afterAll(async () => {
        await bench.broker.stop();
      }, 60_000);

      for (const one of CASES_IN_ORDER) {
        const why =
          missing === undefined
            ? one.skip?.(driver)
            : `${missing.missing} is not installed; ${missing.howToGet}`;
        if (why !== undefined) {
          note({
            case: one.name,
            broker: nameOf(driver),
            verdict: "skipped",
            figure: why,
          });
          test.skip(one.name, () => undefined);
          continue;
        }
        test(one.name, () => run(driver, one, bench), 300_000);
      }
    },
  );
}

/** Mounts what the first update has emitted, and starts the broker on it. */
async function begin(
  driver: BrokerDriver,
  installed: InstalledBroker,
): Promise<Bench> {
  const name = nameOf(driver);
  const root = stack.root(name);
  const { volumes, environment, args } = required(updates.first.pods, name);
  volumes.forEach(writeVolume);
  const port = stack.ports.get(name) ?? 0;
  const broker = await installed.start({
    root,
    configuration: join(root, "mqtt", "configuration"),
    data: join(root, "data"),
    port,
    environment,
    args,
  });
  note({
    case: "version",
    broker: name,
    verdict: "passed",
    figure: installed.version,
  });
  return new Bench(driver, broker, port, updates, stack.expired);
}

async function run(
  driver: BrokerDriver,
  { name, body }: BrokerCase,
  bench: Bench,
): Promise<void> {
  const row = { case: name, broker: nameOf(driver) };
  const from = bench.broker.position;
  try {
    note({ ...row, verdict: "passed", figure: await body(bench, isWhole()) });
  } catch (error) {
    note({ ...row, verdict: "failed", figure: String(error).slice(0, 200) });
    process.stdout.write(
      `${row.broker} said:\n${bench.broker.said(from).slice(0, 4000)}\n`,
    );
    throw error;
  }
}
