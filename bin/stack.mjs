// The stack commands: which engine runs them, where state and passphrase are, and what to say at the end.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import {
  PROJECT,
  ROOT,
  environment,
  findNode,
  seconds,
  start,
} from "./setup.mjs";

const STATE = join(PROJECT, ".state");
const COMMANDS = ["up", "preview", "destroy", "refresh", "stack", "config"];
const HOW_TO_GET_PULUMI =
  "get the Pulumi CLI at https://www.pulumi.com/docs/install/, or let --engine=pulumi fetch it";

/** Runs `up`, `preview`, `destroy`, `stack …`; answers the exit code. */
export async function runStackCommand(command, args, setUpTime) {
  if (!COMMANDS.includes(command)) {
    throw new Error(
      `${command} is no command; there are ${COMMANDS.join(", ")}, test and lint.`,
    );
  }
  const options = readOptions(args);
  const quiet = options.rest.includes("--json");
  const say = quiet ? () => undefined : (text) => console.error(text);
  const engine = pickEngine(options.engine, say);
  const configFile = prepareConfiguration(options.stack, command);
  const env = stackEnvironment(options.stack, configFile, say);
  const call = engine(command, options, configFile);

  const started = performance.now();
  const code = await call(env);
  const took = performance.now() - started;
  if (command === "up" && code === 0 && !quiet) {
    say(`Set-up took ${seconds(setUpTime)}, the update ${seconds(took)}.`);
    await printWhatGoesWhere(engine, options, configFile, env);
  }
  return code;
}

function readOptions(args) {
  const options = { stack: "dev", engine: undefined, rest: [] };
  const words = [...args];
  while (words.length > 0) {
    const word = words.shift();
    const [name, value] = word.split(/=(.*)/s);
    if (["--stack", "-s", "--engine"].includes(name)) {
      const given = value ?? words.shift();
      if (given === undefined) {
        throw new Error(`${name} needs a value.`);
      }
      options[name === "--engine" ? "engine" : "stack"] = given;
    } else {
      options.rest.push(word);
    }
  }
  return options;
}

/** The real CLI where it is installed, else the bundled engine; one line says which and why. */
function pickEngine(wanted, say) {
  const cli = findPulumi();
  if (wanted !== undefined && !["bundled", "pulumi"].includes(wanted)) {
    throw new Error(
      `--engine=${wanted} is no engine; write --engine=bundled or --engine=pulumi.`,
    );
  }
  if (wanted === "bundled" || (wanted === undefined && cli === undefined)) {
    say(
      wanted === "bundled"
        ? "Engine: bundled, as asked."
        : `Engine: bundled, since no Pulumi CLI is installed (${HOW_TO_GET_PULUMI}).`,
    );
    return bundledEngine;
  }
  if (cli !== undefined) {
    say(`Engine: ${cli} (--engine=bundled takes the bundled one).`);
    return pulumiEngine(cli, []);
  }
  say(
    "Engine: the Pulumi CLI from the npm package pulumi, as asked; it is downloaded at its first use.",
  );
  return pulumiEngine(process.platform === "win32" ? "npx.cmd" : "npx", [
    "--yes",
    "pulumi@3.265.0",
  ]);
}

function findPulumi() {
  const name = process.platform === "win32" ? "pulumi.exe" : "pulumi";
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...(process.env.PULUMI_HOME === undefined
      ? []
      : [join(process.env.PULUMI_HOME, "bin")]),
  ].filter((folder) => folder !== "" && !folder.includes("node_modules"));
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function bundledEngine(command, options, configFile) {
  const args = [
    "-r",
    join(ROOT, "bin", "register.cjs"),
    join(ROOT, "engine", "main.ts"),
    command,
    ...commonArguments(command, options, configFile),
    // So that an import keeps its salt beside the state, too; the real CLI has no such flag there.
    ...(command === "stack" ? ["--config-file", configFile] : []),
  ];
  return (env, stdio) => start(findNode(), args, env, stdio);
}

function pulumiEngine(program, prefix) {
  return (command, options, configFile) => async (env, stdio) => {
    // Opening a stack writes into the configuration beside Pulumi.yaml, so it is done where our copy of it stands.
    const folder = join(STATE, "config");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    copyFileSync(join(PROJECT, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    const select = spawnSync(
      program,
      [
        ...prefix,
        "stack",
        "select",
        options.stack,
        "--create",
        "--non-interactive",
      ],
      {
        cwd: folder,
        env,
        encoding: "utf8",
        shell: program.endsWith(".cmd"),
      },
    );
    if (select.status !== 0) {
      throw new Error(
        `the Pulumi CLI could not open stack ${options.stack}: ${(select.stderr ?? String(select.error)).trim()}\nWithout a way to download it, use --engine=bundled.`,
      );
    }
    const interactive =
      process.stdin.isTTY && process.stdout.isTTY ? [] : ["--non-interactive"];
    const args = [
      ...prefix,
      command,
      ...commonArguments(command, options, configFile),
      ...interactive,
    ];
    const code = await start(program, args, env, stdio);
    if (code !== 0) {
      console.error(
        "Where the Pulumi CLI cannot download a plugin, --engine=bundled does without.",
      );
    }
    return code;
  };
}

function commonArguments(command, options, configFile) {
  const asks = ["up", "destroy", "refresh"].includes(command);
  const said = options.rest.some((word) => ["--yes", "-y"].includes(word));
  return [
    ...options.rest,
    "--stack",
    options.stack,
    ...(command === "stack" ? [] : ["--config-file", configFile]),
    // The dev stack is there to be played with; any other one asks.
    ...(asks && !said && options.stack === "dev" ? ["--yes"] : []),
  ];
}

/**
 * The configuration as the engine reads it: the file of the checkout, and the salt of this clone's passphrase. The salt
 * is kept beside the state, so that the checkout stays as it was.
 */
function prepareConfiguration(stack, command) {
  const source = join(PROJECT, `Pulumi.${stack}.yaml`);
  if (!existsSync(source)) {
    throw new Error(
      `Pulumi.${stack}.yaml is not there; copy Pulumi.dev.yaml and change what is different.`,
    );
  }
  const text = readFileSync(source, "utf8");
  // What `config` changes is the file of the checkout itself; a copy would be made anew from it.
  if (
    command === "config" ||
    /^(encryptionsalt|secretsprovider):/m.test(text)
  ) {
    return source;
  }
  const target = join(STATE, "config", `Pulumi.${stack}.yaml`);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const salt = existsSync(target)
    ? (/^encryptionsalt:.*$/m.exec(readFileSync(target, "utf8"))?.[0] ?? "")
    : "";
  const wanted = salt === "" ? text : `${text.trimEnd()}\n${salt}\n`;
  if (!existsSync(target) || readFileSync(target, "utf8") !== wanted) {
    writeFileSync(`${target}.partial`, wanted, { mode: 0o600 });
    renameSync(`${target}.partial`, target);
  }
  return target;
}

function stackEnvironment(stack, configFile, say) {
  makePrivateFolder(STATE);
  const extra = {
    PULUMI_BACKEND_URL:
      process.env.PULUMI_BACKEND_URL ?? pathToFileURL(STATE).href,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Types are checked by `npm run lint`; checking them at every update takes longer than the update.
    PULUMI_NODEJS_TRANSPILE_ONLY:
      process.env.PULUMI_NODEJS_TRANSPILE_ONLY ?? "true",
  };
  const { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } =
    process.env;
  if (
    PULUMI_CONFIG_PASSPHRASE === undefined &&
    PULUMI_CONFIG_PASSPHRASE_FILE === undefined
  ) {
    extra.PULUMI_CONFIG_PASSPHRASE_FILE = ensurePassphrase(stack, say);
  }
  const { config = {} } = parse(readFileSync(configFile, "utf8")) ?? {};
  if (
    Object.entries(config).some(
      ([key, value]) => key.endsWith(":target") && value === "render",
    )
  ) {
    // With a reachable cluster the Kubernetes provider would render, secrets included, in previews already.
    extra.KUBECONFIG = join(STATE, "no-cluster");
  }
  return environment(extra);
}

/** A folder for this user only, which git leaves alone in whatever checkout it is. */
function makePrivateFolder(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) {
    writeFileSync(ignore, "*\n");
  }
}

function ensurePassphrase(stack, say) {
  const file = join(PROJECT, ".passphrase", stack);
  if (!existsSync(file)) {
    makePrivateFolder(dirname(file));
    writeFileSync(file, `${randomBytes(24).toString("base64url")}\n`, {
      mode: 0o600,
      flag: "wx",
    });
    say(
      `Made a passphrase for the state's secrets: ${relative(PROJECT, file)}. Without it they cannot be read again.`,
    );
  }
  return file;
}

async function printWhatGoesWhere(engine, options, configFile, env) {
  const output = join(STATE, "outputs.json");
  const { openSync, closeSync, rmSync } = await import("node:fs");
  const descriptor = openSync(output, "w", 0o600);
  const call = engine(
    "stack",
    { ...options, rest: ["output", "--json"] },
    configFile,
  );
  const code = await call(env, ["ignore", descriptor, "inherit"]);
  closeSync(descriptor);
  const text = readFileSync(output, "utf8");
  rmSync(output);
  const rows = code === 0 ? JSON.parse(text).whatGoesWhere : undefined;
  if (!Array.isArray(rows)) {
    return;
  }
  const header = {
    file: "FILE",
    purpose: "PURPOSE",
    goesTo: "WHO GETS IT",
    secret: "SECRET",
    expires: "EXPIRES",
  };
  const lines = [header, ...rows].map((row) => [
    row.file,
    row.purpose,
    row.goesTo,
    row.secret === true ? "yes" : row.secret === false ? "no" : row.secret,
    row.expires === "" ? "-" : row.expires.replace(/T.*/, ""),
  ]);
  const widths =
    header &&
    lines[0].map((_, column) =>
      Math.max(...lines.map((line) => line[column].length)),
    );
  console.log("");
  for (const line of lines) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    );
  }
  console.log(
    "\nNext: change a host name in Pulumi.dev.yaml, then `npm run preview` shows what that would change.",
  );
}
