import { EngineError } from "../errors";
import type {
  CheckResult,
  ConfigChange,
  CreateResult,
  DiffResult,
  Provider,
  ReadRequest,
  ReadResult,
} from "../plugins/provider";
import type { PropertyMap } from "../values";

/** Stands for a provider whose configuration is known only after the update: it cannot be asked anything yet. */
export class UnconfiguredProvider implements Provider {
  private static readonly diff: DiffResult = {
    changes: "some",
    replaces: [],
    changedKeys: [],
    deleteBeforeReplace: false,
  };

  private isGuessed = false;

  constructor(
    /** Told once, when a comparison has to be guessed. */
    private readonly onGuess: () => void = () => undefined,
  ) {}

  checkConfig({ news }: ConfigChange): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: [] });
  }

  diffConfig(): Promise<DiffResult> {
    return Promise.resolve(UnconfiguredProvider.diff);
  }

  configure(): Promise<void> {
    return Promise.resolve();
  }

  check(request: { news: PropertyMap }): Promise<CheckResult> {
    return Promise.resolve({ inputs: request.news, failures: [] });
  }

  diff(): Promise<DiffResult> {
    if (!this.isGuessed) {
      this.isGuessed = true;
      this.onGuess();
    }
    return Promise.resolve(UnconfiguredProvider.diff);
  }

  create(): Promise<CreateResult> {
    return Promise.resolve({ id: "", outputs: {}, initErrors: [] });
  }

  update(): Promise<Omit<CreateResult, "id">> {
    return Promise.resolve({ outputs: {}, initErrors: [] });
  }

  delete(): Promise<never> {
    throw new EngineError("A provider without configuration cannot delete.");
  }

  /** What there is shows in the update; until then nothing of it is known. */
  read({ id }: ReadRequest): Promise<ReadResult> {
    return Promise.resolve({ id, inputs: {}, outputs: {}, initErrors: [] });
  }

  invoke(): Promise<never> {
    throw new EngineError(
      "A provider whose configuration is not known yet cannot be asked.",
    );
  }
}
