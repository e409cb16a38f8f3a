import * as pulumi from "@pulumi/pulumi";
import type { KubernetesTargetArgs } from "./kubernetesTarget";

const NAMESPACE = "mqtt-pki";

const TEXTS = [
  "target",
  "renderDirectory",
  "context",
  "namespace",
  "whenUnreachable",
] as const;
const SWITCHES = [
  "createNamespace",
  "adoptExisting",
  "forceConflicts",
] as const;

/**
 * Reads the settings of a target from the stack's configuration.
 *
 * @param given what the program says itself, which nobody needs to configure
 * @throws RunError for settings that are wrong, all of them at once
 */
export function targetSettings(
  given: Partial<KubernetesTargetArgs>,
): KubernetesTargetArgs {
  const config = new pulumi.Config(NAMESPACE);
  const problems: string[] = [];
  const settings: Record<string, unknown> = {};
  for (const name of TEXTS) {
    const text = config.get(name);
    if (text !== undefined) {
      settings[name] = text;
    }
  }
  for (const name of SWITCHES) {
    const text = config.get(name);
    if (text === undefined) {
      continue;
    }
    settings[name] = text === "true";
    if (text !== "true" && text !== "false") {
      problems.push(
        `${name}: ${JSON.stringify(text)} is neither true nor false; write one of them.`,
      );
    }
  }
  const kubeconfig = config.get("kubeconfig");
  if (kubeconfig !== undefined) {
    settings.kubeconfig = isSecret(config, "kubeconfig")
      ? pulumi.secret(kubeconfig)
      : kubeconfig;
  }
  const namespace = given.namespace ?? config.get("namespace");
  if (namespace === undefined) {
    problems.push(
      `namespace: is missing; write the namespace that Secrets and ConfigMaps go to, such as "pulumi config set ${NAMESPACE}:namespace mqtt".`,
    );
  }
  if (problems.length > 0) {
    throw new pulumi.RunError(
      problems.map((text) => `${NAMESPACE}:${text}`).join("\n"),
    );
  }
  return { ...settings, namespace: namespace ?? "" };
}

/** Whether the configuration holds it as a secret; where the SDK does not say, it does. */
function isSecret({ name }: pulumi.Config, key: string): boolean {
  const { isConfigSecret } = pulumi.runtime as {
    isConfigSecret?: (key: string) => boolean;
  };
  return isConfigSecret?.(`${name}:${key}`) ?? true;
}
