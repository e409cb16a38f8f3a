import { join } from "node:path";
import { describeWith } from "../support/command";
import { required } from "../support/rendered";
import type { Updates } from "./bench";
import { nameOf } from "./bench";
import { CASES } from "./cases";
import { Course } from "./course";
import { DRIVERS } from "./drivers";
import type { BrokerDriver, InstalledBroker, RunningBroker } from "./driver";
import { writeVolume } from "./mounts";
import { ROTATION_CASES } from "./rotationCases";
import { isWanted, isWhole, note } from "./rows";
import type { Emitted } from "./stack";
import { BrokerStack, REVOKED, REVOKED_LATER } from "./stack";

const CASES_IN_ORDER = [...CASES, ...ROTATION_CASES];

const wanted = DRIVERS.filter(
  ({ kind, wholeOnly = false }) => isWanted(kind) && (isWhole() || !wholeOnly),
);
const found = wanted.map((driver) => ({ driver, broker: driver.find() }));
const installed = found.flatMap(({ driver, broker }) =>
  "missing" in broker ? [] : [{ driver, broker }],
);
const here = installed.map(({ driver }) => driver);

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
const running: Promise<RunningBroker>[] = [];
/** In the short form all brokers are at work at once: most of what they do is to wait. */
const courses = new Map<string, Promise<Course>>();

beforeAll(async () => {
  if (here.length === 0) {
    return;
  }
  stack = await BrokerStack.create(here);
  const first = await stack.up();
  const started = isWhole()
    ? []
    : installed.map(({ driver, broker }) => ({
        driver,
        broker: start(driver, broker, first),
      }));
  // One that does not start is the failure of its own tests, which ask for it.
  started.forEach(({ broker }) => void broker.catch(() => undefined));
  const second = await stack.up({
    serverNames: ["localhost", "mqtt.example.org"],
    trust: "both",
    revoked: [REVOKED, REVOKED_LATER],
  });
  updates = { first, second, third: await stack.up({ trust: "next" }) };
  for (const { driver, broker } of started) {
    const course = begin(driver, broker);
    course.catch(() => undefined);
    courses.set(nameOf(driver), course);
  }
}, 300_000);

afterAll(async () => {
  // Those as well whose tests were left out, or that were started before something failed.
  for (const one of await Promise.allSettled(running)) {
    if (one.status === "fulfilled") {
      await one.value.stop();
    }
  }
  if (here.length > 0) {
    stack.remove();
  }
}, 60_000);

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
      let course: Course;

      beforeAll(async () => {
        if (!("missing" in broker)) {
          course = await (courses.get(nameOf(driver)) ??
            begin(driver, start(driver, broker, updates.first)));
        }
      }, 200_000);

      afterAll(async () => {
        await course.stop();
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
        test(
          one.name,
          async () => {
            await course.end(one.name);
          },
          300_000,
        );
      }
    },
  );
}

/** Mounts what the first update has emitted, and starts the broker on it. */
async function start(
  driver: BrokerDriver,
  installed: InstalledBroker,
  first: Emitted,
): Promise<RunningBroker> {
  const name = nameOf(driver);
  const root = stack.root(name);
  const { volumes, environment, args } = required(first.pods, name);
  volumes.forEach(writeVolume);
  const broker = installed.start({
    root,
    configuration: join(root, "mqtt", "configuration"),
    data: join(root, "data"),
    port: stack.ports.get(name) ?? 0,
    environment,
    args,
  });
  running.push(broker);
  await broker;
  note({
    case: "version",
    broker: name,
    verdict: "passed",
    figure: installed.version,
  });
  return broker;
}

/** Puts a broker to work, once it is there. */
async function begin(
  driver: BrokerDriver,
  broker: Promise<RunningBroker>,
): Promise<Course> {
  const name = nameOf(driver);
  return Course.begin(
    driver,
    await broker,
    stack.ports.get(name) ?? 0,
    updates,
    stack.expired,
    CASES_IN_ORDER,
  );
}
