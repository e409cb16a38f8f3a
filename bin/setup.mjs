// What must be there before anything of ours can run: the packages, and a Node that is new enough.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

/** This package: the checkout, or its folder among another program's packages. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The program whose stack is meant: the folder with Pulumi.yaml. */
export const PROJECT = process.cwd();

const require = createRequire(import.meta.url);
const MODULES = join(ROOT, "node_modules");
const MARKER = join(MODULES, ".mqtt-pki-installed");

/** Refuses a Node on which not even the installation works. */
export function checkPlatform() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) {
    throw new Error(
      `Node ${process.versions.node} is too old to start with; install Node 20 or later (https://nodejs.org). The Node 24 that the rest runs on comes with the packages.`,
    );
  }
}

/** Installs the packages of the lock file, unless they are there already. */
export function ensureInstalled() {
  if (!existsSync(join(ROOT, "package-lock.json"))) {
    // Among another program's packages, npm has installed ours along with it.
    return;
  }
  const lock = createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
  if (existsSync(MARKER) && readFileSync(MARKER, "utf8") === lock) {
    return;
  }
  console.error(
    "Installing packages into node_modules (once, about half a minute)…",
  );
  const started = performance.now();
  // No package of ours needs its install script, and one would look for a download host.
  if (
    npm([
      "ci",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ]) !== 0
  ) {
    throw new Error(
      "npm could not install the packages; its message stands above. A package registry must be reachable once, or node_modules copied from a machine where it was.",
    );
  }
  mkdirSync(MODULES, { recursive: true });
  writeFileSync(MARKER, lock);
  console.error(`Installed in ${seconds(performance.now() - started)}.`);
}

/** Runs npm, the one that runs us where there is one; answers its exit code. */
export function npm(args) {
  const path = process.env.npm_execpath;
  // Standard output stays for what was asked for.
  const options = { cwd: ROOT, stdio: ["ignore", 2, 2] };
  const result =
    path !== undefined && /\.[cm]?js$/.test(path)
      ? spawnSync(process.execPath, [path, ...args], options)
      : spawnSync("npm", args, {
          ...options,
          shell: process.platform === "win32",
        });
  return result.status ?? 1;
}

/** The Node that everything but this start-up runs on. */
export function findNode() {
  const { platform, arch } = process;
  const names = [
    `node-${platform === "win32" ? "win" : platform}-${arch}`,
    `node-bin-${platform}-${arch}`,
  ];
  for (const name of names) {
    const path = resolved(
      `${name}/bin/${platform === "win32" ? "node.exe" : "node"}`,
    );
    if (path !== undefined) {
      return path;
    }
  }
  if (Number(process.versions.node.split(".")[0]) >= 22) {
    return process.execPath;
  }
  throw new Error(
    `no Node 24 comes as a package for ${platform}-${arch}, and Node ${process.versions.node} is too old; install Node 24 (https://nodejs.org).`,
  );
}

function resolved(file) {
  try {
    return require.resolve(file);
  } catch {
    return undefined;
  }
}

/** Environment for our own processes: the right Node first, and its compiled code kept. */
export function environment(extra = {}) {
  const node = findNode();
  const separator = process.platform === "win32" ? ";" : ":";
  return {
    ...process.env,
    PATH: `${dirname(node)}${separator}${process.env.PATH ?? ""}`,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache(),
    ...extra,
  };
}

/**
 * Where compiled code is kept, so that the next start is fast: beside the packages, else in the user's cache folder.
 * Undefined where neither can be written to. Whoever can write there decides what runs, as with the packages.
 */
function compileCache() {
  const above = dirname(ROOT);
  // Installed, we are among the packages; in a checkout they are with us.
  const packages = basename(above) === "node_modules" ? above : MODULES;
  const { XDG_CACHE_HOME = "" } = process.env;
  const user = isAbsolute(XDG_CACHE_HOME)
    ? XDG_CACHE_HOME
    : join(homedir(), ".cache");
  return [join(packages, ".cache"), join(user, "mqtt-pki")]
    .map((folder) => join(folder, "node-compile"))
    .find((folder) => isAbsolute(folder) && canHold(folder));
}

function canHold(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a script of the checkout's packages on our Node; answers its exit code. */
export function run(script, args, env = environment()) {
  return start(findNode(), [join(MODULES, script), ...args], env);
}

/** Runs one of our TypeScript files on our Node; answers its exit code. */
export function runTypeScript(file, args, env = environment()) {
  const register = join(ROOT, "bin", "register.cjs");
  return start(findNode(), ["-r", register, join(ROOT, file), ...args], env);
}

/** Runs a program to its end, signals included; answers its exit code. */
export function start(program, args, env, stdio = "inherit") {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: PROJECT, env, stdio });
    // The terminal sends Ctrl-C to the child as well; it decides how to end.
    const ignore = () => undefined;
    process.on("SIGINT", ignore);
    const pass = () => child.kill("SIGTERM");
    process.on("SIGTERM", pass);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.off("SIGINT", ignore);
      process.off("SIGTERM", pass);
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}

/** `21.3 s` */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
