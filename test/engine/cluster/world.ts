import { ApiServer } from "../../cluster/apiServer";
import { clusterBinaries, howToGetBinaries } from "../../cluster/binaries";
import { describeWith } from "../../support/command";
import { type Item, type Result, Sandbox } from "../sandbox";

const binaries = clusterBinaries();

const COLLECTIONS = [
  "/api/v1/namespaces/default/secrets",
  "/api/v1/namespaces/default/configmaps",
  "/apis/batch/v1/namespaces/default/jobs",
  "/apis/apps/v1/namespaces/default/deployments",
];

/** An API server for the tests of a file, and a stack for each of them. */
export class World {
  private server: ApiServer | undefined;
  private stack: Sandbox | undefined;

  get cluster(): ApiServer {
    return this.server ?? missing();
  }

  get sandbox(): Sandbox {
    return this.stack ?? missing();
  }

  async start(): Promise<void> {
    this.server = await ApiServer.start(binaries ?? missing(), {
      controllers: true,
      users: ["deployer"],
      featureGates: {
        ClusterTrustBundle: true,
        ClusterTrustBundleProjection: true,
      },
      apis: ["certificates.k8s.io/v1beta1"],
    });
  }

  open(): void {
    this.stack = new Sandbox("cluster");
  }

  /** Forgets the stack, and empties the namespace that tests share. */
  async close(): Promise<void> {
    this.stack?.close();
    for (const collection of COLLECTIONS) {
      await this.cluster.call("DELETE", collection);
    }
  }

  async stop(): Promise<void> {
    await this.server?.stop();
  }

  /** Sets the objects of the program, and what else its configuration says. */
  wants(items: Item[], more: Record<string, unknown> = {}): void {
    const { kubeconfig } = this.cluster;
    this.sandbox.configure(items, { kubeconfig, ...more });
  }

  /** Brings the cluster there; fails the test where that does not work. */
  async up(items: Item[], more: Record<string, unknown> = {}): Promise<Result> {
    this.wants(items, more);
    return this.must("up", "--yes", "--skip-preview");
  }

  /** Runs a command that has to succeed. */
  async must(...args: string[]): Promise<Result> {
    const result = await this.sandbox.run(...args);
    if (result.code !== 0) {
      throw new Error(`${args.join(" ")} fails:\n${result.out}${result.err}`);
    }
    return result;
  }

  /** An object as it is in the cluster; `undefined` where there is none. */
  async live(path: string): Promise<LiveObject | undefined> {
    const { status, body } = await this.cluster.call("GET", path);
    return status === 404 ? undefined : (body as LiveObject);
  }
}

/** As much of an object as tests look at. */
export interface LiveObject {
  metadata: {
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    managedFields: { manager: string; operation: string }[];
  };
  data?: Record<string, string>;
  spec?: unknown;
}

/** Tests that need an API server; skipped with a line where it cannot be built. */
export function describeCluster(
  name: string,
  body: (world: World) => void,
): void {
  describeWith(
    { name: "a Kubernetes API for tests", path: binaries?.apiServer },
    howToGetBinaries(),
    name,
    () => {
      const world = new World();
      beforeAll(() => world.start(), 300_000);
      afterAll(() => world.stop());
      beforeEach(() => {
        world.open();
      });
      afterEach(() => world.close());
      body(world);
    },
  );
}

/** A Secret of a program. */
export function secretItem(
  name: string,
  hidden: Record<string, string>,
  more: Record<string, unknown> = {},
): Item {
  return {
    of: "core.v1.Secret",
    name,
    metadata: { name, namespace: "default" },
    hidden,
    ...more,
  };
}

/** A ConfigMap of a program. */
export function mapItem(
  name: string,
  data: Record<string, string>,
  metadata: Record<string, unknown> = {},
): Item {
  return {
    of: "core.v1.ConfigMap",
    name,
    metadata: { name, namespace: "default", ...metadata },
    data,
  };
}

function missing(): never {
  throw new Error("the test has not begun");
}
