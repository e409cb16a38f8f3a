import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { dependencies, version } from "../package.json";
import type { OpenSslDirectory } from "../pki/openssl/directory";
import { readOpenSslDirectory } from "../pki/openssl/directory";
import { slug } from "../pki/openssl/names";
import { quote } from "../pki/problem";
import {
  manifestFile,
  packageText,
  projectText,
  recordsFile,
  recordsText,
  stackText,
} from "./adoption/configurationText";
import type { AdoptionPlan } from "./adoption/plan";
import { planAdoption } from "./adoption/plan";
import { programText } from "./adoption/programText";
import { findingsText, reportJson, treeText } from "./adoption/report";
import { reason } from "./files";
import { UsageError } from "./options";
import { ExitCode } from "./verifyReport";

/** What the command sees of the world. */
export interface AdoptSurroundings {
  readonly now: Date;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

interface AdoptOptions {
  readonly out: string;
  readonly stack: string;
  readonly passwordFile?: string;
  readonly force?: boolean;
  readonly partial?: boolean;
  readonly json?: boolean;
}

/** Adds `adopt`, which takes over a PKI that OpenSSL's commands made. */
export function addAdoptCommand(
  root: Command,
  surroundings: AdoptSurroundings,
  end: (code: number) => void,
): void {
  root
    .command("adopt")
    .description(
      "Reads the directory of a PKI made with OpenSSL, says what is wrong with it, and writes the program that takes it over.",
    )
    .argument("<directory>", "such as ecpki/, or the directory of openssl ca")
    .option("--out <directory>", "where to write the program", ".")
    .option("--stack <name>", "the stack to write a configuration for", "dev")
    .option(
      "--password-file <file>",
      "file with passwords of encrypted keys, one a line, to tell whose they are",
    )
    .option("--partial", "leave out the CAs that cannot be taken over")
    .option("--force", "write over files that are there already")
    .option("--json", "print a JSON document")
    .action((directory: string, options: AdoptOptions) => {
      end(adopt(directory, options, surroundings));
    });
}

/** Runs the command; answers the exit code. */
function adopt(
  directory: string,
  options: AdoptOptions,
  { now, out, error }: AdoptSurroundings,
): number {
  const found = read(directory, options, now);
  if (found.authorities.length === 0) {
    throw new UsageError(
      `${quote(directory)} holds no CA: no certificate with CA:TRUE, and none that signed another.`,
    );
  }
  const plan = planAdoption(found);
  const { refused, authorities } = plan;
  const stopped =
    authorities.length === 0 ||
    (refused.length > 0 && options.partial !== true);
  const texts = stopped
    ? new Map<string, string>()
    : filesOf(directory, plan, options);
  refuseToOverwrite(texts, options);
  for (const [file, text] of texts) {
    const path = join(options.out, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const commands = stopped ? [] : commandsFor(directory, plan, options, texts);
  if (options.json === true) {
    const report = reportJson(found, plan, [...texts.keys()], commands);
    out(`${JSON.stringify(report, undefined, 2)}\n`);
  } else {
    out(`${treeText(found)}\n`);
    out(found.findings.length > 0 ? `${findingsText(found.findings)}\n` : "");
    out(endText(texts, commands));
  }
  if (refused.length > 0) {
    error(refusalText(plan, stopped));
  }
  return stopped ? ExitCode.Findings : ExitCode.Fine;
}

function read(
  directory: string,
  { passwordFile }: AdoptOptions,
  now: Date,
): OpenSslDirectory {
  let passphrases: string[] = [];
  if (passwordFile !== undefined) {
    try {
      passphrases = readFileSync(passwordFile, "utf8")
        .split(/\r?\n/)
        .filter((line) => line !== "");
    } catch (problem) {
      throw new UsageError(
        `--password-file ${passwordFile} ${reason(problem)}`,
      );
    }
  }
  try {
    return readOpenSslDirectory(directory, { now, passphrases });
  } catch (problem) {
    throw new UsageError(`${directory} ${reason(problem)}`);
  }
}

/** The files that take a PKI over, by their paths. No key is among them. */
function filesOf(
  directory: string,
  plan: AdoptionPlan,
  { out, stack }: AdoptOptions,
): Map<string, string> {
  const source = basename(resolve(directory));
  const project = slug(source);
  const files = new Map([
    ["index.ts", programText(plan)],
    ["Pulumi.yaml", projectText(project, source)],
    [`Pulumi.${stack}.yaml`, stackText(project, plan)],
  ]);
  // Where there is one, it is the user's, and whoever runs us from it has installed what it takes.
  if (!existsSync(join(out, "package.json"))) {
    const pulumi = dependencies["@pulumi/pulumi"];
    files.set("package.json", packageText(project, { version, pulumi }));
  }
  for (const { name, certificate } of plan.authorities) {
    files.set(`authorities/${name}.pem`, certificate.reading.pem);
    files.set(recordsFile(name), recordsText(plan.issued.get(name) ?? []));
  }
  for (const { name } of plan.deviceAuthorities) {
    files.set(manifestFile(name), "id\n");
  }
  return files;
}

function refuseToOverwrite(
  texts: ReadonlyMap<string, string>,
  { out, force }: AdoptOptions,
): void {
  const there = [...texts.keys()].filter((file) => existsSync(join(out, file)));
  if (force !== true && there.length > 0) {
    throw new UsageError(
      `${there.join(", ")} ${there.length === 1 ? "is" : "are"} in ${quote(out)} already, and nothing was written; name another folder with --out, or write over with --force.`,
    );
  }
}

/** What the user is to do next, in the shell and in the folder of the program. */
function commandsFor(
  directory: string,
  { authorities }: AdoptionPlan,
  { out, stack }: AdoptOptions,
  texts: ReadonlyMap<string, string>,
): string[] {
  const from = relative(resolve(out), resolve(directory)) || ".";
  const stackOption = stack === "dev" ? "" : ` --stack ${shell(stack)}`;
  const set = (name: string): string =>
    `npx mqtt-pki config set${stackOption} --secret ${name}`;
  return [
    ...(resolve(out) === resolve(".") ? [] : [`cd ${shell(out)}`]),
    ...(texts.has("package.json") ? ["npm install"] : []),
    ...authorities.flatMap(({ name, key }) =>
      key === undefined
        ? []
        : [
            // By standard input: a program's arguments are there for everybody to see.
            `${set(`${name}-key`)} < ${shell(join(from, key.key.file))}`,
            ...(key.key.encrypted ? [set(`${name}-passphrase`)] : []),
          ],
    ),
    `npx mqtt-pki preview${stackOption}`,
  ];
}

function shell(text: string): string {
  return /^[\w./@:+-]+$/.test(text) && !text.startsWith("-")
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}

function endText(
  texts: ReadonlyMap<string, string>,
  commands: readonly string[],
): string {
  if (texts.size === 0) {
    return "";
  }
  return `Wrote ${[...texts.keys()].join(", ")}.

Next. A root whose key stays offline needs none here: leave its command out.
${commands.map((command) => `  ${command}\n`).join("")}`;
}

function refusalText({ refused }: AdoptionPlan, stopped: boolean): string {
  const lines = refused.map(({ authority, findings }) => {
    const codes = findings.map(({ code }) => code).join(", ");
    return `error: ${authority.name} (${authority.file}) cannot be taken over${codes === "" ? ", since a CA above it cannot" : `: ${codes}, see above`}.\n`;
  });
  return `${lines.join("")}${
    stopped
      ? "Nothing was written. Mend what is wrong, or leave these CAs out with --partial.\n"
      : ""
  }`;
}
