// `npm run brokers`: real brokers on the files that are emitted for them, every case with every broker, in one table.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, environment, run, seconds } from "./setup.mjs";

const TEST = "test/brokers/brokers.test.ts";
const KINDS = join(ROOT, "platforms", "brokers", "broker.ts");
const USAGE = "npm run brokers [-- broker …]";

/** Runs every case with the brokers named, or all of them; answers the exit code. */
export async function proveBrokers(args) {
  const wanted = readArguments(args);
  const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-brokers-"));
  const file = join(folder, "rows");
  writeFileSync(file, "");
  const env = environment({
    MQTT_PKI_BROKER_ROWS: file,
    ...(wanted.length > 0 && { MQTT_PKI_BROKERS: wanted.join(",") }),
  });
  const started = performance.now();
  try {
    const code = await run("jest/bin/jest.js", [TEST], env);
    const rows = lastOfEach(
      readFileSync(file, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    );
    console.log(`\n${tableOf(rows)}\n${figuresOf(rows)}`);
    const count = (verdict) =>
      rows.filter((row) => row.verdict === verdict && !isVersion(row)).length;
    console.log(
      `whole form in ${seconds(performance.now() - started)}\n${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`,
    );
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One row for each case and broker, in the order of the first ones, with what the last one says. */
function lastOfEach(rows) {
  const last = new Map();
  for (const row of rows) {
    last.set(`${row.case}\n${row.broker}`, row);
  }
  return [...last.values()];
}

function readArguments(args) {
  const known = kinds();
  return args.map((word) => {
    const found = known.find((one) => plain(one) === plain(word));
    if (found === undefined) {
      throw new Error(
        `${word} is no broker; there are ${known.join(", ")}. Write ${USAGE}`,
      );
    }
    return found;
  });
}

/** The kinds of `BrokerKind`: the start-up reads no TypeScript. */
function kinds() {
  const [, body = ""] =
    /BrokerKind = \{([^}]*)\}/.exec(readFileSync(KINDS, "utf8")) ?? [];
  return [...body.matchAll(/"([^"]+)"/g)].map(([, kind]) => kind);
}

function plain(name) {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}

function isVersion(row) {
  return row.case === "version";
}

function tableOf(rows) {
  const brokers = [...new Set(rows.map((row) => row.broker))];
  const names = [...new Set(rows.map((row) => row.case))];
  const first = Math.max(4, ...names.map((name) => name.length));
  const line = (name, cells) =>
    [
      name.padEnd(first),
      ...cells.map((cell, index) =>
        cell.padEnd(Math.max(8, brokers[index].length)),
      ),
    ]
      .join("  ")
      .trimEnd();
  const cell = (name, broker) => {
    const row = rows.find((one) => one.case === name && one.broker === broker);
    return row === undefined
      ? "-"
      : isVersion(row)
        ? row.figure.replace(/^.* /, "") || "-"
        : row.verdict;
  };
  return [
    line("case", brokers),
    ...names.map((name) =>
      line(
        name,
        brokers.map((broker) => cell(name, broker)),
      ),
    ),
    "",
  ].join("\n");
}

/** What was seen; why something was skipped is said once. */
function figuresOf(rows) {
  const seen = new Map();
  const skipped = new Set();
  for (const row of rows.filter((one) => !isVersion(one))) {
    if (row.verdict === "skipped") {
      // Of a broker that is missing, the first line says it for all.
      skipped.add(`${row.broker}: skipped: ${row.figure}`);
    } else {
      const list = seen.get(row.case) ?? [];
      seen.set(row.case, [...list, `${row.broker}: ${row.figure}`]);
    }
  }
  return [
    ...[...seen].map(([name, list]) => `${name}\n  ${list.join("\n  ")}`),
    ...skipped,
    "",
  ].join("\n");
}
