import { EngineError, outOfScope } from "../errors";
import { parseProviderReference, parseUrn } from "../urn";
import { isMap, parse, type PropertyMap, textOf } from "../values";
import { decodeDeployment, saltOf, STATE_VERSION } from "./backend";
import { DeploymentWriter } from "./deploymentText";
import { StackLock } from "./lock";
import type { OpenStack } from "./openStack";
import { referencesOf, type ResourceState, type Snapshot } from "./state";

/** Puts an exported deployment in the place of a stack's state, if it is one of this stack and whole. */
export async function importState(
  stack: OpenStack,
  document: string,
  warn: (text: string) => void,
): Promise<void> {
  const deployment = readDeployment(document);
  const salt = saltOf(deployment);
  const crypter = await stack.crypter;
  // A document whose secrets are in the open needs no passphrase of its own.
  const isEncrypted = document.includes('"ciphertext"');
  const snapshot = decodeDeployment(
    deployment,
    isEncrypted && salt !== undefined ? await stack.crypterOf(salt) : undefined,
  );
  refuseForeign(snapshot, stack);
  refuseBroken(snapshot.resources);
  const lock = await StackLock.acquire(stack.backend.lockFolder, (message) => {
    warn(`warning: ${message}\n`);
  });
  try {
    for (const { type, resource } of snapshot.pendingOperations) {
      warn(
        `warning: The document was written while ${type} "${resource.urn}"; that is left out.\n`,
      );
    }
    await stack.keepSalt();
    await stack.backend.backUp();
    await stack.backend.write(
      { resources: snapshot.resources, pendingOperations: [] },
      new DeploymentWriter(crypter),
      isMap(deployment.metadata) ? deployment.metadata : {},
    );
  } finally {
    lock.release();
  }
}

function readDeployment(document: string): PropertyMap {
  let json;
  try {
    json = parse(JSON.parse(document));
  } catch {
    throw damaged("it is not whole JSON");
  }
  if (!isMap(json) || json.version === undefined) {
    throw damaged("it has no version");
  }
  if (json.version !== STATE_VERSION) {
    throw outOfScope(`An exported state of version ${textOf(json.version)}`);
  }
  if (!isMap(json.deployment)) {
    throw damaged("it holds no deployment");
  }
  return json.deployment;
}

function refuseForeign({ resources }: Snapshot, stack: OpenStack): void {
  for (const { urn } of resources) {
    const parts = parseUrn(urn);
    if (parts === undefined) {
      throw damaged(`"${urn}" is not a URN`);
    }
    if (parts.stack !== stack.name || parts.project !== stack.project.name) {
      throw new EngineError(
        `The state is one of the stack "${parts.stack}" of the project "${parts.project}", not of "${stack.name}" of "${stack.project.name}". Nothing was changed.`,
      );
    }
  }
}

/** What a resource refers to has to come before it, and no two may be the same: an update relies on that. */
function refuseBroken(resources: ResourceState[]): void {
  const seen = new Set<string>();
  const live = new Set<string>();
  const providers = new Set<string>();
  for (const resource of resources) {
    const { urn, id, provider } = resource;
    const missing = [...referencesOf(resource)].find(
      (other) => other !== "" && !seen.has(other),
    );
    if (missing !== undefined) {
      throw damaged(`"${urn}" refers to "${missing}", which is not before it`);
    }
    if (
      parseProviderReference(provider) !== undefined &&
      !providers.has(provider)
    ) {
      throw damaged(
        `"${urn}" has the provider "${provider}", which is missing`,
      );
    }
    if (!resource.delete) {
      if (live.has(urn)) {
        throw damaged(`"${urn}" is there twice`);
      }
      live.add(urn);
    }
    seen.add(urn);
    providers.add(`${urn}::${id}`);
  }
}

function damaged(what: string): EngineError {
  return new EngineError(
    `The exported state is damaged: ${what}. Nothing was changed.`,
  );
}
