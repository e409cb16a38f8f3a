import { EngineError } from "../errors";
import type { ResourceLifecycle } from "../plugins/provider";
import { resetPath } from "../propertyPath";
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
    ignored,
    preview,
  }: {
    /** The inputs a resource that exists has. */
    before: PropertyMap | undefined;
    /** Where changes that are to be ignored take the old values from. */
    ignored: PropertyMap | undefined;
    preview: boolean;
  },
): Promise<PropertyMap> {
  const news =
    ignored === undefined
      ? goal.inputs
      : goal.ignoreChanges.reduce(
          (inputs, path) => resetPath(inputs, ignored, path),
          goal.inputs,
        );
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
