import { outOfScope } from "../errors";
import type { ReadRequest, ReadResult } from "../plugins/provider";
import { urnType } from "../urn";
import { containsSecret, type PropertyMap, textOf } from "../values";
import { EquivalentProvider } from "./equivalent";

const STACK_REFERENCE = "pulumi:pulumi:StackReference";

/** Finds the outputs of another stack; fails if there is none of that name. */
export type StackOutputs = (stack: string) => Promise<PropertyMap>;

/** Serves the package `pulumi`, which is part of every engine: other stacks' outputs can be read. */
export class BuiltinProvider extends EquivalentProvider {
  constructor(private readonly stackOutputs: StackOutputs) {
    super();
  }

  override async read(request: ReadRequest): Promise<ReadResult> {
    const { urn, id, oldInputs: inputs } = request;
    if (urnType(urn) !== STACK_REFERENCE) {
      throw outOfScope(`Reading a resource of the type ${urnType(urn)}`);
    }
    const outputs = await this.stackOutputs(textOf(inputs.name));
    const secretOutputNames = Object.keys(outputs)
      .filter((name) => containsSecret(outputs[name] ?? null))
      .sort();
    return {
      id,
      inputs,
      outputs: { name: inputs.name ?? "", outputs, secretOutputNames },
      initErrors: [],
    };
  }
}
