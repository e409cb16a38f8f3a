import { describeWith } from "../support/command";
import { makeCase, makeReference } from "./certificates/cases";
import { Folder } from "./certificates/issue";
import { ROWS } from "./certificates/rows";
import type { Allowed } from "./linters/allowed";
import { ALLOWED } from "./linters/allowed";
import type { Finding, Linter } from "./linters/linter";
import { LINTERS, isError, lint } from "./linters/linter";

const TIMEOUT = 300_000;

/** A certificate to be linted, with the row it was issued for. */
interface Certificate {
  readonly row: string;
  readonly file: string;
  readonly issuerFile: string;
}

const folder = new Folder();
const certificates: Certificate[] = [];
const lines: string[] = [];

beforeAll(async () => {
  const reference = await makeReference(folder);
  const cases = await Promise.all(
    ROWS.map((row) => makeCase(row, folder, reference)),
  );
  const files = new Map<string, string>();
  const fileOf = (pem: string): string => {
    const file =
      files.get(pem) ?? folder.write(`linted/${files.size}.pem`, pem);
    files.set(pem, file);
    return file;
  };
  for (const { row, paths } of cases) {
    for (const party of new Set(paths.flat())) {
      certificates.push({
        row: `${row.profile} ${row.form}`,
        file: fileOf(party.certificatePem),
        issuerFile: fileOf((party.issuer ?? party).certificatePem),
      });
    }
  }
}, TIMEOUT);

afterAll(() => {
  folder.remove();
  process.stdout.write(`\n${lines.join("\n")}\n`);
});

function describeFindings(findings: readonly Finding[]): string {
  const counts = new Map<string, number>();
  for (const { lint: name, severity } of findings) {
    const key = `${severity} ${name}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key} (${count})`).join(", ");
}

/** Fails for errors that are not allowed and for allowed ones that are not found; the rest is told in the report. */
function judge(
  { name }: Linter,
  version: string,
  what: "certificates" | "pairs",
  findings: readonly Finding[][],
): void {
  expect(findings).toHaveLength(certificates.length);
  const allowed = ALLOWED.filter(
    ({ linter, pair }) =>
      linter === name && (pair === true) === (what === "pairs"),
  );
  const all = findings.flatMap((list, index) =>
    list.map((finding) => ({
      ...finding,
      row: certificates[index]?.row ?? "",
    })),
  );
  const used = new Set<Allowed>();
  const errors = all.filter(isError).filter((finding) => {
    const entry = allowed.find(
      (one) => one.lint === finding.lint && one.rows.test(finding.row),
    );
    if (entry !== undefined) {
      used.add(entry);
    }
    return entry === undefined;
  });
  const others = all.filter((finding) => !isError(finding));
  lines.push(
    `${version}: ${findings.length} ${what}, ${errors.length} errors${others.length > 0 ? `; ${describeFindings(others)}` : ""}`,
    ...[...used].map((one) => `  allowed: ${one.lint}: ${one.reason}`),
  );
  expect(errors).toEqual([]);
  expect([...used]).toEqual(allowed);
}

describe.each(LINTERS)("$name", (linter) => {
  const program = linter.find();
  if (program === undefined) {
    lines.push(`${linter.name}: absent; ${linter.howToGet}`);
  }

  describeWith(
    { name: linter.name, path: program?.version },
    linter.howToGet,
    "on every certificate",
    (version) => {
      test(
        "finds no error, and every allowed one still",
        async () => {
          const files = certificates.map(({ file }) => [file]);
          const findings = program && (await lint(program, files));
          judge(linter, version, "certificates", findings ?? []);
        },
        TIMEOUT,
      );

      if (linter.pairs) {
        test(
          "finds no error between an issuer and what it issued",
          async () => {
            const pairs = certificates.map(({ issuerFile, file }) => [
              issuerFile,
              file,
            ]);
            const findings = program && (await lint(program, pairs));
            judge(linter, version, "pairs", findings ?? []);
          },
          TIMEOUT,
        );
      }
    },
  );
});
