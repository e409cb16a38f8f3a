import type { Registered } from "./deployment";
import { type Goal, providerGoal } from "./goal";

/** The providers that resources have without naming one; each is registered when it is first needed. */
export class DefaultProviders {
  private readonly references = new Map<string, Promise<string>>();

  constructor(
    private readonly urnOf: (goal: Goal) => string,
    private readonly register: (urn: string, goal: Goal) => Promise<Registered>,
    /** Reports that one cannot be had; throws where the update ends over it. */
    private readonly refuse: (goal: Goal, error: unknown) => Registered,
  ) {}

  /** The reference of a package's provider, `urn::id`. */
  get(packageName: string, version: string | undefined): Promise<string> {
    const key = `${packageName}@${version ?? ""}`;
    const started = this.references.get(key);
    if (started !== undefined) {
      return started;
    }
    const reference = this.start(providerGoal(packageName, version));
    this.references.set(key, reference);
    return reference;
  }

  private async start(goal: Goal): Promise<string> {
    const urn = this.urnOf(goal);
    try {
      const { id } = await this.register(urn, goal);
      return `${urn}::${id}`;
    } catch (error) {
      // It is said once, and not for every resource that needs it.
      const { id } = this.refuse(goal, error);
      return `${urn}::${id || "none"}`;
    }
  }
}
