import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { built } from "../interop/stacks/cache";
import { findProgram } from "../support/command";

/** The two programs that a cluster without nodes consists of. */
export interface Binaries {
  readonly etcd: string;
  readonly apiServer: string;
}

const TOOLS = join(__dirname, "tools");
const PACKAGES = {
  etcd: "go.etcd.io/etcd/server/v3",
  "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
};

/** The environment variable that allows the build, which takes minutes. */
export const BUILD_VARIABLE = "MQTT_PKI_CLUSTER";

class NotBuilt extends Error {}

/**
 * The programs of the modules in test/cluster/tools, built once for each state
 * of those into a folder outside of the checkout.
 *
 * @param mayBuild whether to build them where they are not there
 * @returns `undefined` without Go, or where they are not there and may not be built
 * @throws what the compiler says
 */
export function clusterBinaries(
  mayBuild = process.env[BUILD_VARIABLE] === "1",
): Binaries | undefined {
  const go = findProgram("go");
  if (go === undefined) {
    return undefined;
  }
  const sources = ["go.mod", "go.sum", "tools.go"].map((file) =>
    join(TOOLS, file),
  );
  const key = spawnSync(go, ["env", "GOVERSION", "GOOS", "GOARCH"], {
    encoding: "utf8",
  }).stdout;
  try {
    const folder = built("cluster", sources, key, (to) => {
      if (!mayBuild) {
        throw new NotBuilt();
      }
      for (const [name, path] of Object.entries(PACKAGES)) {
        build(go, path, join(to, name));
      }
    });
    return {
      etcd: join(folder, "etcd"),
      apiServer: join(folder, "kube-apiserver"),
    };
  } catch (error) {
    if (error instanceof NotBuilt) {
      return undefined;
    }
    throw error;
  }
}

function build(go: string, path: string, to: string): void {
  const { status, stderr } = spawnSync(
    go,
    ["build", "-trimpath", "-ldflags=-s -w", "-o", to, path],
    {
      cwd: TOOLS,
      encoding: "utf8",
      env: { ...process.env, GOFLAGS: "-buildvcs=false -mod=readonly" },
    },
  );
  if (status !== 0) {
    throw new Error(`go build ${path}:\n${stderr}`);
  }
}

/** What to do to have them, for the line that says why tests are skipped. */
export function howToGetBinaries(): string {
  return findProgram("go") === undefined
    ? `see https://go.dev/doc/install, then run the tests with ${BUILD_VARIABLE}=1 once`
    : `run the tests with ${BUILD_VARIABLE}=1 once; building takes some minutes and a Go module proxy`;
}
