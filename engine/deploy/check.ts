import { EngineError } from "../errors";
import type { ResourceLifecycle } from "../plugins/provider";
import { ignoreChanges } from "../propertyPath";
import type { PropertyMap } from "../values";
import type { Goal } from "./goal";

/** The inputs of a resource hold mistakes, one message each. */
export class CheckFailed extends EngineError {
  constructor(readonly messages: string[]) {
    super(messages.join("\n"));
  }
}

/** The inputs a resource gets, as its provider completes them; fails with every mistake in them. */
export async function checkInputs(
  lifecycle: ResourceLifecycle,
  goal: Goal,
  urn: string,
  {
    before,
    preview,
    note,
  }: {
    /** The inputs of the resource that exists; changes that are to be ignored are undone with them. */
    before: PropertyMap | undefined;
    preview: boolean;
    note: (message: string) => void;
  },
): Promise<PropertyMap> {
  let news = goal.inputs;
  if (before !== undefined && goal.ignoreChanges.length > 0) {
    const ignored = ignoreChanges(goal.inputs, before, goal.ignoreChanges);
    news = ignored.inputs;
    if (ignored.failed.length > 0) {
      note(
        `cannot ignore changes in added or removed elements of the path: "${ignored.failed.join(", ")}"`,
      );
    }
  }
  const { inputs, failures } = await lifecycle.check({
    urn,
    preview,
    timeout: 0,
    olds: before ?? {},
    news,
  });
  if (failures.length > 0) {
    throw new CheckFailed(
      failures.map(({ property, reason }) => {
        const where = property === "" ? "" : `: property ${property}`;
        return `${goal.type} resource '${goal.name}'${where} has a problem: ${reason}`;
      }),
    );
  }
  return inputs;
}
