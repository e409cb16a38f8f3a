import { EngineError, messageOf } from "../errors";
import { isStackType } from "../urn";
import { isMap, type PropertyMap, textOf } from "../values";
import { Backend, stackNames } from "./backend";
import type { OpenStack } from "./openStack";
import { decodeResource } from "./state";

/**
 * Reads the outputs of another stack of the same backend, `stack` or `organization/project/stack`; its secrets are
 * opened with this stack's passphrase. Fails if there is no such stack or the passphrase is not its own.
 */
export async function outputsOfStack(
  home: Pick<OpenStack, "project" | "backend" | "crypterOf">,
  reference: string,
): Promise<PropertyMap> {
  const { project, stack } = parseReference(reference, home.project.name);
  const { root } = home.backend;
  const stored = await new Backend(root, project, stack).read();
  if (stored === undefined) {
    const others = await stackNames(root, project);
    const known = others.length === 0 ? "none" : others.join(", ");
    throw new EngineError(
      `unknown stack "${reference}". The project "${project}" has these stacks in ${root}: ${known}.`,
    );
  }
  const { resources } = stored.deployment;
  const found = (Array.isArray(resources) ? resources : []).find(
    (one) => isMap(one) && isStackType(textOf(one.type)),
  );
  if (found === undefined) {
    return {};
  }
  // Making the key takes a moment, and most stacks have no secret among their outputs.
  const hasSecrets = JSON.stringify(found).includes('"ciphertext"');
  if (!hasSecrets || stored.salt === undefined) {
    return decodeResource(found, undefined).outputs;
  }
  try {
    const crypter = await home.crypterOf(stored.salt);
    return decodeResource(found, crypter).outputs;
  } catch (error) {
    throw new EngineError(
      `The secrets of the stack "${reference}" cannot be opened: ${messageOf(error)}`,
    );
  }
}

function parseReference(
  reference: string,
  ownProject: string,
): { project: string; stack: string } {
  const parts = reference.split("/");
  const stack = parts.at(-1) ?? "";
  const project = parts.length === 3 ? (parts[1] ?? "") : ownProject;
  const isWhole = parts.length === 1 || parts[0] === "organization";
  const areNames = [project, stack].every((name) => /^[\w.-]+$/.test(name));
  if (parts.length > 3 || !isWhole || !areNames) {
    throw new EngineError(
      `"${reference}" is no stack of a file:// backend: give "stack" or "organization/project/stack".`,
    );
  }
  return { project, stack };
}
