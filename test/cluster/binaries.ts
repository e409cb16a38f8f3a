import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { placeOf } from "../interop/stacks/cache";
import { findProgram } from "../support/command";
import { ROOT } from "../support/fleet";

/** The programs that a cluster without nodes consists of. */
export interface Binaries {
  readonly etcd: string;
  readonly apiServer: string;
  /** Garbage collector and namespace controller: without them deletions in the foreground, and of namespaces, never end. */
  readonly controllers: string;
}

/** Where the module is that says their versions. */
export const TOOLS = join(__dirname, "tools");

/** What is built together, once for each state of its sources. */
interface Item {
  readonly name: string;
  /** Files of the module that the result depends on. */
  readonly sources: readonly string[];
  /** Packages by the name of the program. */
  readonly programs: Readonly<Record<string, string>>;
}

const ITEMS: readonly Item[] = [
  {
    name: "cluster",
    sources: ["go.mod", "go.sum", "tools.go"],
    programs: {
      etcd: "go.etcd.io/etcd/server/v3",
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    },
  },
  {
    name: "cluster-controllers",
    sources: ["go.mod", "go.sum", join("controllers", "main.go")],
    programs: { controllers: "./controllers" },
  },
];

/** The environment variable by which they are not built, where it is `0`. */
export const BUILD_VARIABLE = "MQTT_PKI_CLUSTER";

/** How the script that builds them ends where the modules cannot be had. */
export const OUT_OF_REACH = 3;

// For so long a network that was not there is taken not to be there still.
const RETRY_AFTER = 10 * 60_000;

/** What is to be built, and where; there is no such thing without Go. */
export interface Build {
  readonly go: string;
  readonly items: readonly BuildItem[];
  /** A database whose lock whoever builds holds. */
  readonly lock: string;
  /** Why the modules could not be had. */
  readonly failure: string;
}

/** See {@link Build}. */
export interface BuildItem {
  /** The folder with the programs, once they are built. */
  readonly folder: string;
  readonly programs: Readonly<Record<string, string>>;
}

/** The build of this state of the module; `undefined` without Go. */
export function currentBuild(): Build | undefined {
  const go = findProgram("go");
  if (go === undefined) {
    return undefined;
  }
  const key = spawnSync(go, ["env", "GOVERSION", "GOOS", "GOARCH"], {
    encoding: "utf8",
  }).stdout;
  const items = ITEMS.map(({ name, sources, programs }) => ({
    folder: placeOf(
      name,
      sources.map((file) => join(TOOLS, file)),
      key,
    ),
    programs,
  }));
  const [first = { folder: "" }] = items;
  return {
    go,
    items,
    lock: `${first.folder}.lock`,
    failure: `${first.folder}.unreachable`,
  };
}

/** Is all of it there? */
export function isBuilt({ items }: Build): boolean {
  return items.every(({ folder }) => existsSync(folder));
}

/** How to start the script that builds them. */
export const BUILD_SCRIPT = [
  "-r",
  join(ROOT, "bin", "register.cjs"),
  join(__dirname, "buildBinaries.ts"),
];

/**
 * The programs of the module in test/cluster/tools, built once for each state
 * of it into a folder outside of the checkout. Where they are being built, or
 * not built yet, this waits: a test has to know whether it can run.
 *
 * @param mayBuild whether to build them where they are not there. Default: yes, unless `MQTT_PKI_CLUSTER` is `0`.
 * @returns `undefined` without Go, where they are not there and may not be built, or their modules cannot be had
 * @throws what the compiler says
 */
export function clusterBinaries(
  mayBuild = process.env[BUILD_VARIABLE] !== "0",
): Binaries | undefined {
  const build = currentBuild();
  if (build === undefined) {
    return undefined;
  }
  const programs = Object.fromEntries(
    build.items.flatMap(({ folder, programs: names }) =>
      Object.keys(names).map((name) => [name, join(folder, name)]),
    ),
  );
  const binaries = {
    etcd: programs.etcd ?? "",
    apiServer: programs["kube-apiserver"] ?? "",
    controllers: programs.controllers ?? "",
  };
  if (isBuilt(build)) {
    return binaries;
  }
  if (!mayBuild || reasonNotToTry() !== undefined) {
    return undefined;
  }
  const { status, stderr } = spawnSync(process.execPath, BUILD_SCRIPT, {
    encoding: "utf8",
    stdio: ["ignore", "inherit", "pipe"],
  });
  if (status === OUT_OF_REACH) {
    return undefined;
  }
  if (status !== 0) {
    throw new Error(stderr);
  }
  return binaries;
}

/** Why the modules could not be had a moment ago. */
export function reasonNotToTry(): string | undefined {
  const { failure } = currentBuild() ?? {};
  return failure !== undefined &&
    existsSync(failure) &&
    Date.now() - statSync(failure).mtimeMs < RETRY_AFTER
    ? readFileSync(failure, "utf8")
    : undefined;
}

/** What to do to have them, for the line that says why tests are skipped. */
export function howToGetBinaries(): string {
  if (findProgram("go") === undefined) {
    return "see https://go.dev/doc/install; the tests then build it themselves";
  }
  const reason = reasonNotToTry();
  return reason === undefined
    ? `leave ${BUILD_VARIABLE}=0 out, and the tests build it in some minutes`
    : `its Go modules cannot be had (${reason}); let GOPROXY name a module proxy that answers, then run npm run cluster`;
}
