import { stripVTControlCharacters } from "node:util";
import { completeCli } from "../../e2e/conformance/demo";
import type { Engine } from "../../e2e/conformance/engines";
import { bundled, realEngine } from "../../e2e/conformance/engines";
import { describeWith } from "../../support/command";
import { neededPlugins } from "../../support/realPulumi";
import type { ServerOptions } from "../apiServer";
import { ApiServer } from "../apiServer";
import type { Binaries } from "../binaries";
import { clusterBinaries, howToGetBinaries } from "../binaries";
import { isWanted, note } from "./rows";
import type { TargetConfig } from "./stack";
import { CaseStack } from "./stack";

/** What a case has to work with, on one engine. */
export interface CaseRun {
  readonly engine: Engine;
  /** The other engine, where this machine has it. */
  readonly other: Engine | undefined;
  readonly cluster: ApiServer;
  readonly binaries: Binaries;
  /** A namespace of the run's own. */
  readonly namespace: string;
  /** A stack of the program on the cluster and namespace; it is removed at the end. */
  stack(target?: TargetConfig): Promise<CaseStack>;
  /** What is done at the end, however the case ends. */
  later(close: () => unknown): void;
}

/** How a case is set up. */
export interface CaseOptions {
  readonly server?: ServerOptions;
  /** Milliseconds. Default: ten minutes. */
  readonly timeout?: number;
  /** Whether there is nothing to see without the other engine. Default false. */
  readonly needsBoth?: boolean;
  /** The program of its stacks, a folder beside this file. Default: `program`. */
  readonly program?: string;
  /** Another program of the machine's that it needs. */
  readonly needs?: {
    readonly name: string;
    readonly path: string | undefined;
    readonly howToGet: string;
  };
}

const real = completeCli() === undefined ? undefined : realEngine();

/** What is missing for the other column, and how to have it. */
const NO_PULUMI = `no Pulumi CLI with the plugins ${neededPlugins().join(" and ")}; see https://www.pulumi.com/docs/install/ and \`pulumi plugin install resource ${neededPlugins().join("` and `pulumi plugin install resource ")}\``;

/**
 * A case of `npm run cluster`: a test for each engine against an API server of
 * the file's own.
 *
 * @param body what has to hold; answers what it has measured, in a few words
 */
export function describeCase(
  name: string,
  title: string,
  body: (run: CaseRun) => Promise<string>,
  {
    server = {},
    timeout = 600_000,
    needsBoth = false,
    program = "program",
    needs,
  }: CaseOptions = {},
): void {
  const binaries = clusterBinaries();
  const lacking =
    needs !== undefined && needs.path === undefined ? needs : undefined;
  if (binaries === undefined || lacking !== undefined) {
    const reason = lacking?.howToGet ?? howToGetBinaries();
    skip(name, "bundled", reason);
    skip(name, "pulumi", reason);
  } else if (real === undefined) {
    skip(name, "pulumi", NO_PULUMI);
    if (needsBoth) {
      skip(name, "bundled", NO_PULUMI);
    }
  }
  const lacksOther = needsBoth && real === undefined;
  describeWith(
    lacking ??
      (lacksOther
        ? { name: "the other engine", path: undefined }
        : { name: "a Kubernetes API for tests", path: binaries?.apiServer }),
    lacking?.howToGet ?? (lacksOther ? NO_PULUMI : howToGetBinaries()),
    `${name}: ${title}`,
    () => {
      const engines = [bundled, ...(real === undefined ? [] : [real])];
      const wanted = engines.filter((engine) => isWanted(engine.name));
      if (wanted.length === 0) {
        test.todo("on an engine that this machine has not");
        return;
      }
      let cluster: ApiServer;

      beforeAll(async () => {
        if (binaries === undefined) {
          throw new Error("there are no programs to start");
        }
        cluster = await ApiServer.start(binaries, {
          controllers: true,
          ...server,
        });
      }, 300_000);

      afterAll(() => cluster.stop());

      test.each(wanted)(
        "$name",
        async (engine) => {
          if (binaries === undefined) {
            return;
          }
          const other = engine === bundled ? real : bundled;
          const run = { engine, other, cluster, binaries, program };
          await runCase(name, run, body);
        },
        timeout,
      );
    },
  );
}

function skip(name: string, engine: Engine["name"], figure: string): void {
  if (isWanted(engine)) {
    note({ case: name, engine, verdict: "skipped", figure });
  }
}

async function runCase(
  name: string,
  given: Pick<CaseRun, "engine" | "other" | "cluster" | "binaries"> & {
    readonly program: string;
  },
  body: (run: CaseRun) => Promise<string>,
): Promise<void> {
  const { engine, cluster } = given;
  const namespace = `mqtt-${engine.name}`;
  const closing: (() => unknown)[] = [];
  await cluster.create("/api/v1/namespaces", { metadata: { name: namespace } });
  try {
    const figure = await body({
      ...given,
      namespace,
      later: (close) => {
        closing.push(close);
      },
      stack: async (target = {}) => {
        const stack = await CaseStack.open(
          engine,
          {
            target: "cluster",
            kubeconfig: cluster.kubeconfig,
            namespace,
            ...target,
          },
          given.program,
        );
        closing.push(() => {
          stack.remove();
        });
        return stack;
      },
    });
    note({ case: name, engine: engine.name, verdict: "passed", figure });
  } catch (error) {
    const figure = stripVTControlCharacters(String(error))
      .replace(/\s+/g, " ")
      .slice(0, 400);
    note({ case: name, engine: engine.name, verdict: "failed", figure });
    throw error;
  } finally {
    for (const close of closing.reverse()) {
      await close();
    }
  }
}
