import { Deployment } from "./deploy/deployment";
import { ProviderRegistry } from "./deploy/providerRegistry";
import { Targets } from "./deploy/targets";
import { EngineError } from "./errors";
import { PluginHost } from "./plugins/pluginHost";
import { RunningProgram } from "./plugins/program";
import { EngineServer } from "./plugins/server";
import type { Diagnostic, Display, Phase } from "./show/events";
import type { ProgramConfig } from "./stack/config";
import { DeploymentWriter } from "./stack/deploymentText";
import { Journal } from "./stack/journal";
import { StackLock } from "./stack/lock";
import type { OpenStack } from "./stack/openStack";
import { outputsOfStack } from "./stack/otherStack";
import type { Snapshot } from "./stack/state";
import { urnName } from "./urn";

/** How an update is to be run. */
export interface RunOptions {
  skipPreview: boolean;
  expectNoChanges: boolean;
  /** Whether a preview starts from what has become of the resources; nothing of that is stored. */
  refreshFirst: boolean;
  /** What `--target` names, and whether its dependents belong to it. */
  targets: string[];
  targetDependents: boolean;
  /** Whether a step that fails leaves alone what does not depend on it. */
  continueOnError: boolean;
  /** Asks whether to go on after the preview. */
  confirm: () => Promise<boolean>;
}

/** The commands that are runs. */
export type Kind = "up" | "preview" | "destroy" | "refresh";

const PHASES: Record<Kind, { preview: Phase; update: Phase }> = {
  up: { preview: "preview", update: "update" },
  preview: { preview: "preview", update: "update" },
  destroy: { preview: "destroy-preview", update: "destroy" },
  refresh: { preview: "refresh-preview", update: "refresh" },
};

/** One `up`, `preview`, `destroy` or `refresh`, from reading the state to letting go of it. */
export class Run {
  private deployment: Deployment | undefined;
  private interrupted = false;
  private readonly environment: NodeJS.ProcessEnv;
  private server: EngineServer | undefined;
  private plugins: PluginHost | undefined;
  private program: RunningProgram | undefined;

  constructor(
    private readonly target: OpenStack,
    private readonly kind: Kind,
    private readonly options: RunOptions,
    private readonly display: Display,
    environment: NodeJS.ProcessEnv,
  ) {
    this.environment = environment;
  }

  /** Runs to the end; throws if that is a failure. */
  async execute(): Promise<void> {
    const lock =
      this.kind === "preview"
        ? undefined
        : await StackLock.acquire(this.target.backend.lockFolder, (message) => {
            this.log({ severity: "warning", urn: "", message });
          });
    const release = (): void => {
      lock?.release();
    };
    process.on("exit", release);
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const interrupt = (): void => {
      this.interrupt();
    };
    for (const signal of signals) {
      process.on(signal, interrupt);
    }
    try {
      if (lock !== undefined) {
        await this.target.refuseIfChanged();
        await this.target.backend.sweep();
      }
      await this.phases();
    } finally {
      this.display.close();
      await this.program?.stop();
      await this.plugins?.close();
      this.server?.close();
      for (const signal of signals) {
        process.off(signal, interrupt);
      }
      release();
      process.off("exit", release);
    }
  }

  private async phases(): Promise<void> {
    const config = await this.target.programConfig();
    this.server = new EngineServer(
      { project: this.target.project.name, stack: this.target.name, config },
      (log) => {
        this.log(log);
      },
    );
    const address = await this.server.listen();
    this.plugins = new PluginHost(
      this.target.project,
      address,
      this.environment,
      (plugin, line) => {
        this.log({ severity: "info", urn: "", message: `${plugin}: ${line}` });
      },
      (stack) => outputsOfStack(this.target, stack),
      (message) => {
        this.log(message);
      },
    );
    if (this.runsProgram) {
      this.plugins.warmUp();
    }
    const phases = PHASES[this.kind];
    const started = Date.now();
    if (this.options.refreshFirst) {
      const found = await this.phase("refresh-preview", true, config, address);
      if (found.activity.failed) {
        throw new EngineError("The preview failed. Nothing was changed.");
      }
    }
    if (!this.options.skipPreview || this.kind === "preview") {
      const preview = await this.phase(phases.preview, true, config, address);
      if (preview.activity.failed) {
        throw new EngineError("The preview failed. Nothing was changed.");
      }
      if (this.options.expectNoChanges && hasChanges(preview)) {
        throw new EngineError(
          `No changes were expected (--expect-no-changes), but ${this.kind} would make some.`,
        );
      }
      if (this.kind === "preview") {
        return;
      }
      if (!preview.activity.changed) {
        // Running the program once more would find the same; the state stays as it is, to the byte.
        this.display.phaseStarted(phases.update);
        this.report(phases.update, preview, started);
        return;
      }
      if (!(await this.options.confirm())) {
        throw new EngineError("Nothing was changed.");
      }
    }
    await this.target.keepSalt();
    const update = await this.phase(phases.update, false, config, address);
    await this.target.backend.addHistory({
      kind: this.kind === "up" ? "update" : this.kind,
      startTime: started,
      endTime: Date.now(),
      succeeded: !update.activity.failed,
      resourceChanges: Object.fromEntries(update.activity.counts),
    });
    if (update.activity.failed) {
      throw new EngineError(
        update.activity.lostSteps > 0 && !update.activity.stopping
          ? "The update failed in part. What does not depend on that is done and in the state; mend the cause and run it again to continue."
          : "The update failed. What was done before is in the state; mend the cause and run it again to continue.",
      );
    }
    if (this.options.expectNoChanges && hasChanges(update)) {
      throw new EngineError(
        "No changes were expected (--expect-no-changes), but some were made.",
      );
    }
  }

  private get runsProgram(): boolean {
    return this.kind === "up" || this.kind === "preview";
  }

  private async phase(
    phase: Phase,
    preview: boolean,
    config: ProgramConfig,
    address: string,
  ): Promise<Deployment> {
    const started = Date.now();
    this.display.phaseStarted(phase);
    const refreshes = phase === "refresh" || phase === "refresh-preview";
    const runsProgram = this.runsProgram && !refreshes;
    if (runsProgram) {
      // Its start-up needs nothing of the state, so it overlaps with opening that.
      this.server?.calls.reset();
      this.program = this.start(preview, config, address);
    }
    const deployment = await this.prepare(preview);
    if (runsProgram) {
      await this.runProgram(deployment);
    }
    if (refreshes) {
      await deployment.refresh(this.options.refreshFirst);
    } else if (!deployment.activity.cutShort && !this.interrupted) {
      await deployment.finish();
    }
    await deployment.activity.idle();
    if (this.interrupted) {
      deployment.activity.fail(
        "",
        `The ${this.kind === "up" ? "update" : this.kind} was interrupted. What was done is in the state; run it again to continue.`,
      );
    }
    await deployment.keepStackOutputs();
    this.report(phase, deployment, started);
    return deployment;
  }

  private async prepare(preview: boolean): Promise<Deployment> {
    const { target } = this;
    const [crypter, base] = await Promise.all([
      target.crypter,
      target.snapshot,
    ]);
    const writer = new DeploymentWriter(crypter);
    const store = (snapshot: Snapshot): Promise<void> =>
      target.backend.write(snapshot, writer, target.metadata);
    const { plugins, server } = this;
    if (plugins === undefined || server === undefined) {
      throw new EngineError("The engine has not been started.");
    }
    const deployment = new Deployment({
      project: target.project.name,
      stack: target.name,
      preview,
      base,
      journal: new Journal(base, preview ? undefined : store),
      providers: new ProviderRegistry(plugins, base, (urn, message) => {
        this.log({ severity: "warning", urn, message });
      }),
      targets: new Targets(this.options.targets, this.options.targetDependents),
      display: this.display,
      continueOnError: this.options.continueOnError,
    });
    this.deployment = deployment;
    if (preview || this.options.skipPreview) {
      this.warnOfInterrupted(base);
    }
    server.serve(deployment);
    if (this.interrupted) {
      deployment.activity.stop();
    }
    return deployment;
  }

  private start(
    preview: boolean,
    config: ProgramConfig,
    address: string,
  ): RunningProgram {
    return new RunningProgram({
      project: this.target.project,
      stack: this.target.name,
      config,
      preview,
      address,
      environment: this.environment,
      onOutput: (message) => {
        this.log({ severity: "info", urn: "", message });
      },
    });
  }

  /** Waits for the program, or, once something failed, for the steps that are still running. */
  private async runProgram(deployment: Deployment): Promise<void> {
    const { program } = this;
    if (program === undefined) {
      return;
    }
    const result = await Promise.race([
      program.result,
      deployment.activity.stopped,
    ]);
    await deployment.activity.idle();
    if (result === undefined) {
      await program.stop();
    } else if (!result.succeeded) {
      if (result.error === undefined) {
        deployment.activity.noteFailure();
      } else {
        deployment.activity.fail(deployment.stackUrn, result.error);
      }
    }
  }

  private report(phase: Phase, deployment: Deployment, started: number): void {
    const { before, after } = deployment.outputs;
    this.display.phaseEnded({
      phase,
      succeeded: !deployment.activity.failed,
      counts: deployment.activity.counts,
      lost: deployment.activity.lostSteps,
      outputs: after,
      previousOutputs: before,
      milliseconds: Date.now() - started,
      ...(this.program === undefined || this.server === undefined
        ? {}
        : {
            program: {
              milliseconds: this.program.milliseconds,
              waitingMilliseconds: this.server.calls.milliseconds,
            },
          }),
    });
  }

  private log(diagnostic: Diagnostic): void {
    const isError =
      diagnostic.severity === "error" && diagnostic.passing !== true;
    if (isError && this.deployment?.noteError(diagnostic.message) === false) {
      return;
    }
    this.display.diagnostic({
      ...diagnostic,
      urn: diagnostic.urn || (this.deployment?.stackUrn ?? ""),
    });
  }

  private warnOfInterrupted(base: Snapshot): void {
    const names = base.pendingOperations.map(
      ({ resource, type }) => `${type} "${urnName(resource.urn)}"`,
    );
    if (names.length > 0) {
      this.display.diagnostic({
        severity: "warning",
        urn: "",
        message: `The last update was interrupted while ${names.join(", ")}. What it did not finish is done again.`,
      });
    }
  }

  private interrupt(): void {
    if (this.interrupted) {
      process.exit(1);
    }
    this.interrupted = true;
    this.display.note(
      "Interrupted: waiting for running steps to end. Press Ctrl-C again to stop at once.",
    );
    this.deployment?.activity.stop();
  }
}

function hasChanges(deployment: Deployment): boolean {
  const looks = ["same", "read", "discard"];
  return [...deployment.activity.counts.keys()].some(
    (op) => !looks.includes(op),
  );
}
