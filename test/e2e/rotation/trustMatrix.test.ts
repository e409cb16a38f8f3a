import { Folder } from "../../interop/certificates/issue";
import { Runs } from "../../interop/runs";
import { STACKS } from "../../interop/stacks/all";
import { Table } from "../../interop/table";
import { WHOLE_PROOF, figures } from "../../support/figures";
import { required } from "../../support/rendered";
import { Pool } from "../conformance/pool";
import type { Driven } from "./matrix/drive";
import { drive } from "./matrix/drive";
import { EXCEPTIONS, exceptionFor } from "./matrix/exceptions";
import { handshakesOf, rowOf } from "./matrix/handshakes";
import { readPhaseTable } from "./matrix/phaseTable";
import type { Boundary, Cell, Rotation } from "./matrix/rotation";
import { CELLS } from "./matrix/rotation";
import { ROTATIONS } from "./matrix/rotations";
import { isUntrusted } from "./matrix/untrusted";

// {leaf before, leaf after} × {bundle before, bundle after} at each step of each rotation, in handshakes of every TLS stack.

/** The short form: those of brokers, and a small one of devices. */
const FEW = ["OpenSSL", "Node", "GnuTLS", "Mbed TLS"];
/** Each fleet starts an engine, its program and our plugin. */
const FLEETS_AT_ONCE = 2;
const TIMEOUT = 900_000;

const rotations = ROTATIONS.filter(({ short }) => WHOLE_PROOF || short);
const found = STACKS.filter(
  ({ name }) => WHOLE_PROOF || FEW.includes(name),
).map((stack) => ({ stack, present: stack.find() }));
const present = found.filter((one) => one.present !== undefined);

const rows = rotations.flatMap((rotation) =>
  rotation.boundaries.flatMap((boundary) =>
    CELLS.map((cell) => rowOf(rotation, boundary, cell)),
  ),
);
const table = new Table(
  "rotation | boundary | cell",
  rows,
  found.map(({ stack }) => stack.name),
);
const count = { expected: 0, other: 0 };
const used = new Set<number>();

const folder = new Folder();
const runs = new Runs();
const started = performance.now();
const driven = new Map<Rotation, Readonly<Record<string, Driven>>>();
const failures = new Map<Rotation, unknown>();

beforeAll(async () => {
  const pool = new Pool(FLEETS_AT_ONCE);
  await Promise.all(
    rotations.map((rotation) =>
      pool.run(async () => {
        try {
          driven.set(rotation, await drive(rotation));
        } catch (error) {
          // Its own tests say so; the others go on.
          failures.set(rotation, error);
        }
      }),
    ),
  );
  const handshakes = new Map(
    [...driven].flatMap(([rotation, steps]) => [
      ...handshakesOf(rotation, steps, folder),
    ]),
  );
  for (const { stack, present: start } of found) {
    if (start === undefined) {
      process.stdout.write(
        `skipped: ${stack.name} is not installed; ${stack.howToGet}\n`,
      );
      rows.forEach((row) => {
        table.note(row, stack.name, "absent");
      });
    } else {
      runs.start(stack.name, start, handshakes);
    }
  }
}, TIMEOUT);

afterAll(() => {
  runs.end();
  folder.remove();
  figures(
    `trust matrix: ${rotations.length} rotations over real TLS`,
    [
      table.text(),
      "",
      ...[...used].map(
        (number) => `[${number}] ${EXCEPTIONS[number - 1]?.reason ?? ""}`,
      ),
      ...found.map(
        ({ stack, present: here }) =>
          `${stack.name}: ${here?.version ?? "absent"}`,
      ),
      `${count.expected + count.other} handshakes, ${count.expected} as expected, ${count.other} not as expected`,
      `${Math.round((performance.now() - started) / 1000)} s`,
    ].join("\n"),
  );
});

/** The updates of a rotation; why there are none, where one failed. */
function stepsOf(rotation: Rotation): Readonly<Record<string, Driven>> {
  const steps = driven.get(rotation);
  if (steps === undefined) {
    throw failures.get(rotation);
  }
  return steps;
}

/** What is wrong with the verdict of a stack; empty where nothing is. */
async function judge(
  stack: string,
  rotation: Rotation,
  boundary: Boundary,
  cell: Cell,
): Promise<string> {
  const row = rowOf(rotation, boundary, cell);
  const fails = boundary.fails.includes(cell);
  const verdict = await runs.verdict(stack, row);
  const footnote = exceptionFor(stack, rotation.name, boundary.name, cell);
  const exception = EXCEPTIONS[footnote - 1];
  const right =
    exception?.verdict.test(verdict) ??
    (fails ? isUntrusted(stack, verdict) : verdict === "accepted");
  count[right ? "expected" : "other"] += 1;
  if (right && exception !== undefined) {
    used.add(footnote);
  }
  const good = exception === undefined ? "" : `[${footnote}]`;
  table.note(
    row,
    stack,
    right
      ? good || (fails ? "FAILS" : "ok")
      : verdict === "accepted"
        ? "TAKES"
        : "WRONG",
  );
  return right ? "" : `${stack}: ${row}: ${verdict}`;
}

describe.each(rotations)("$name", (rotation) => {
  test.each(rotation.boundaries)(
    "$name",
    async (boundary) => {
      stepsOf(rotation);
      const wrong: string[] = [];
      for (const { stack } of present) {
        for (const cell of CELLS) {
          const problem = await judge(stack.name, rotation, boundary, cell);
          wrong.push(...(problem === "" ? [] : [problem]));
        }
      }
      expect(wrong).toEqual([]);
    },
    TIMEOUT,
  );

  const tables = rotation.boundaries.filter(({ inPhaseTable }) => inPhaseTable);
  if (tables.length === 0) {
    return;
  }
  test.each(tables)("$name: what the phase table says of it", (boundary) => {
    const { said } = required(stepsOf(rotation), boundary.bundles[1]);
    const claims = readPhaseTable(said, rotation.authority);
    const { fails } = boundary;
    expect(Object.keys(claims)).toContain("new bundle, new leaf");
    expect(claims).toEqual(
      Object.fromEntries(
        CELLS.filter((cell) => cell in claims).map((cell) => [
          cell,
          fails.includes(cell) ? "FAILS" : "ok",
        ]),
      ),
    );
  });
});
