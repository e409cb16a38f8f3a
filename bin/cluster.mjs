// `npm run cluster`: broker TLS on a real Kubernetes API, every case on every engine, and what was measured in one table.
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, environment, run, runTypeScript, seconds } from "./setup.mjs";

const ENGINES = ["bundled", "pulumi"];
const FOLDER = "test/cluster/cases";
/** Measured by itself: what else runs would only make it slower. */
const ALONE = "size";
const USAGE = "npm run cluster -- [--engine bundled|pulumi] [case …]";

/** Runs the cases; answers the exit code. */
export async function proveCluster(args) {
  const { engine, cases } = readArguments(args);
  // How this ends is the message: what the compiler says, or how to get what is missing.
  const built = await runTypeScript("test/cluster/buildBinaries.ts", []);
  if (built !== 0) {
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-proof-"));
  const file = join(folder, "rows");
  writeFileSync(file, "");
  const env = environment({
    MQTT_PKI_WHOLE_PROOF: "1",
    MQTT_PKI_CLUSTER_ROWS: file,
    ...(engine === undefined ? {} : { MQTT_PKI_CLUSTER_ENGINE: engine }),
  });
  const started = performance.now();
  try {
    let code = 0;
    const together = cases.filter((name) => name !== ALONE);
    for (const names of [together, cases.filter((name) => name === ALONE)]) {
      if (names.length > 0) {
        const pattern = `${FOLDER}/(${names.join("|")})\\.test\\.ts$`;
        code ||= await run("jest/bin/jest.js", [pattern], env);
      }
    }
    const rows = readFileSync(file, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    console.log(`\n${tableOf(rows)}\n${figuresOf(rows)}`);
    const count = (verdict) =>
      rows.filter((row) => row.verdict === verdict).length;
    console.log(
      `whole form in ${seconds(performance.now() - started)}\n${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`,
    );
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readArguments(args) {
  const known = readdirSync(join(ROOT, FOLDER))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => name.replace(".test.ts", ""));
  const cases = [];
  let engine;
  for (const words = [...args]; words.length > 0;) {
    const [name, value] = words.shift().split(/=(.*)/s);
    if (name === "--engine") {
      engine = value ?? words.shift();
      if (!ENGINES.includes(engine)) {
        throw new Error(
          `--engine ${engine ?? ""} is no engine; write ${USAGE}`,
        );
      }
      continue;
    }
    const found = known.find((one) => plain(one) === plain(name));
    if (found === undefined) {
      throw new Error(
        `${name} is no case; there are ${known.join(", ")}. Write ${USAGE}`,
      );
    }
    cases.push(found);
  }
  return { engine, cases: cases.length === 0 ? known : cases };
}

/** `several clusters`, `several-clusters` and `severalClusters` are one. */
function plain(name) {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}

function tableOf(rows) {
  const names = [...new Set(rows.map((row) => row.case))];
  const width = Math.max(4, ...names.map((name) => name.length));
  const line = (name, cells) =>
    [name.padEnd(width), ...cells.map((cell) => cell.padEnd(7))]
      .join("  ")
      .trimEnd();
  return [
    line("case", ENGINES),
    ...names.map((name) =>
      line(
        name,
        ENGINES.map(
          (engine) =>
            rows.find((row) => row.case === name && row.engine === engine)
              ?.verdict ?? "-",
        ),
      ),
    ),
    "",
  ].join("\n");
}

/** What was measured; why something was skipped is said once. */
function figuresOf(rows) {
  const skipped = new Map();
  const lines = [];
  for (const { case: name, engine, verdict, figure } of rows) {
    if (verdict === "skipped") {
      skipped.set(`${engine}: skipped: ${figure}`, true);
    } else {
      lines.push(`${name}, ${engine}: ${figure}`);
    }
  }
  return [...lines, ...skipped.keys(), ""].join("\n");
}
