import { isMap, parse, type PropertyMap } from "../values";
import type { Crypter } from "./secrets";
import {
  encodeResource,
  type ResourceState,
  type SecretForm,
  type Snapshot,
} from "./state";

/**
 * Writes deployments as JSON. The text of each resource is made once and kept: from one write of the state to the next
 * most of it stays, and a state of many resources is written at least twice for each.
 */
export class DeploymentWriter {
  private readonly known = new WeakMap<
    ResourceState,
    { asWritten: ResourceState; text: string }
  >();

  constructor(
    private readonly crypter: Crypter,
    private readonly form: SecretForm = "ciphertext",
  ) {}

  /** The deployment as it stands in the state file and in `stack export`. */
  text(
    { resources, pendingOperations }: Snapshot,
    metadata: PropertyMap,
  ): string {
    const members: [name: string, text: string | undefined][] = [
      [
        "manifest",
        json({ time: new Date().toISOString(), magic: "", version: "" }),
      ],
      [
        "secrets_providers",
        json({ type: "passphrase", state: { salt: this.crypter.salt } }),
      ],
      ["resources", list(resources.map((resource) => this.textOf(resource)))],
      [
        "pending_operations",
        list(
          pendingOperations.map(
            ({ resource, type }) =>
              `{"resource":${this.textOf(resource)},"type":${json(type)}}`,
          ),
        ),
      ],
      ["metadata", json(metadata)],
    ];
    return `{${members
      .filter(([, text]) => text !== undefined)
      .map(([name, text]) => `${json(name)}:${text ?? ""}`)
      .join()}}`;
  }

  private textOf(resource: ResourceState): string {
    const before = this.known.get(resource);
    if (before !== undefined && sameMembers(before.asWritten, resource)) {
      return before.text;
    }
    const text = json(encodeResource(resource, this.crypter, this.form));
    this.known.set(resource, { asWritten: { ...resource }, text });
    return text;
  }
}

/** A deployment as JSON; see {@link DeploymentWriter}. */
export function encodeDeployment(
  snapshot: Snapshot,
  crypter: Crypter,
  metadata: PropertyMap,
  form: SecretForm = "ciphertext",
): PropertyMap {
  const text = new DeploymentWriter(crypter, form).text(snapshot, metadata);
  const deployment = parse(JSON.parse(text));
  return isMap(deployment) ? deployment : {};
}

/** Members of a resource are replaced as a whole and never changed within, so that looking at their identity will do. */
function sameMembers(before: ResourceState, after: ResourceState): boolean {
  const keys = Object.keys(after) as (keyof ResourceState)[];
  return (
    keys.length === Object.keys(before).length &&
    keys.every((key) => before[key] === after[key])
  );
}

function list(texts: string[]): string | undefined {
  return texts.length === 0 ? undefined : `[${texts.join()}]`;
}

function json(value: PropertyMap | string): string {
  return JSON.stringify(value);
}
