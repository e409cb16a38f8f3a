import { describeWith } from "../support/command";
import type { Case } from "./certificates/cases";
import { makeCase, makeReference } from "./certificates/cases";
import { EXCEPTIONS, exceptionFor } from "./certificates/exceptions";
import { Folder } from "./certificates/issue";
import { NEGATIVES } from "./certificates/negatives";
import { REASONS } from "./certificates/reasons";
import type { Row } from "./certificates/rows";
import { ROWS } from "./certificates/rows";
import { Runs, nameOf } from "./runs";
import { STACKS } from "./stacks/all";
import type { Handshake, Stack } from "./stacks/stack";
import { Table } from "./table";

// The first tests wait for the keys, the last ones for the slowest stack.
const TIMEOUT = 300_000;

const titleOf = ({ profile, form }: Row): string => `${profile} ${form}`;

const found = STACKS.map((stack) => ({ stack, present: stack.find() }));
const columns = STACKS.map(({ name }) => name);
const accepted = new Table("must be accepted", ROWS.map(titleOf), columns);
const refused = new Table(
  "must be refused",
  NEGATIVES.map(({ name }) => name),
  columns,
);
const used = new Set<number>();
const started = performance.now();
const folder = new Folder();
const runs = new Runs();
let cases: readonly Case[] = [];

/** The handshakes a stack takes part in: one without TLS presents nothing. */
function handshakesOf(stack: Stack, row: Row): Case["handshakes"] {
  const one = cases.find((candidate) => candidate.row === row);
  return (one?.handshakes ?? []).filter(
    ({ what }) => what !== "mutual" || stack.verifierOnly !== true,
  );
}

beforeAll(async () => {
  const reference = await makeReference(folder);
  cases = await Promise.all(
    ROWS.map((row) => makeCase(row, folder, reference)),
  );
  const negatives = await Promise.all(
    NEGATIVES.map(async ({ name, make }): Promise<[string, Handshake]> => [
      name,
      await make(folder, reference),
    ]),
  );
  for (const { stack, present } of found) {
    if (present !== undefined) {
      const positives = ROWS.flatMap((row) =>
        handshakesOf(stack, row).map((one): [string, Handshake] => [
          nameOf(titleOf(row), one),
          one.handshake,
        ]),
      );
      runs.start(stack.name, present, new Map([...positives, ...negatives]));
    }
  }
}, TIMEOUT);

afterAll(() => {
  runs.end();
  folder.remove();
  process.stdout.write(report());
});

function report(): string {
  const footnotes = EXCEPTIONS.flatMap(({ reason }, index) =>
    used.has(index + 1) ? [`[${index + 1}] ${reason}`] : [],
  );
  const versions = found.map(
    ({ stack, present }) =>
      `${stack.name}: ${present?.version ?? `absent; ${stack.howToGet}`}${stack.verifierOnly === true ? " (its verifier; it has no TLS)" : ""}`,
  );
  return [
    "",
    accepted.text(),
    "",
    refused.text(),
    "",
    ...footnotes,
    "",
    ...versions,
    `${Math.round((performance.now() - started) / 1000)} s`,
    "",
  ].join("\n");
}

/** Notes in the table how a test went; the text it returns is the cell. */
async function noted(
  table: Table,
  row: string,
  { name }: Stack,
  body: () => Promise<number>,
): Promise<void> {
  table.note(row, name, "FAILED");
  const footnote = await body();
  if (footnote > 0) {
    used.add(footnote);
  }
  const good = table === accepted ? "ok" : "refused";
  table.note(row, name, footnote > 0 ? `[${footnote}]` : good);
}

/** Compares a verdict with the exception there is for it, or with what it should be. */
function compare(
  what: string,
  verdict: string,
  footnote: number,
  wanted: RegExp,
): void {
  const expected = EXCEPTIONS[footnote - 1]?.verdict ?? wanted;
  expect([what, verdict]).toEqual([what, expect.stringMatching(expected)]);
}

describe.each(found)("$stack.name", ({ stack, present }) => {
  if (present === undefined) {
    ROWS.forEach((row) => {
      accepted.note(titleOf(row), stack.name, "absent");
    });
    NEGATIVES.forEach(({ name }) => {
      refused.note(name, stack.name, "absent");
    });
  }

  describeWith(
    { name: stack.name, path: present?.version },
    stack.howToGet,
    "in handshakes",
    (version) => {
      test.each(ROWS)(
        "takes $profile $form",
        (row) =>
          noted(accepted, titleOf(row), stack, async () => {
            const footnotes: number[] = [];
            for (const one of handshakesOf(stack, row)) {
              const name = nameOf(titleOf(row), one);
              const footnote = exceptionFor(
                stack.name,
                version,
                titleOf(row),
                one.what,
              );
              const verdict = await runs.verdict(stack.name, name);
              compare(name, verdict, footnote, /^accepted$/);
              footnotes.push(footnote);
            }
            expect(footnotes).not.toHaveLength(0);
            return Math.max(...footnotes);
          }),
        TIMEOUT,
      );

      test.each(NEGATIVES)(
        "refuses $name, for its own reason",
        ({ name, reason }) =>
          noted(refused, name, stack, async () => {
            const footnote = exceptionFor(stack.name, version, name);
            const words = REASONS[stack.name]?.[reason];
            const verdict = await runs.verdict(stack.name, name);
            compare(
              name,
              verdict,
              footnote,
              new RegExp(`^refused: .*(?:${words?.source ?? "$^"})`),
            );
            return footnote;
          }),
        TIMEOUT,
      );
    },
  );
});
