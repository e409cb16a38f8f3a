import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { KubernetesTargetArgs } from "../../components";
import { KubernetesTarget } from "../../components";
import { targetSettings } from "../../components/targetSettings";
import { ROOT } from "../support/fleet";
import type { Asked } from "./support/record";
import { Recorder } from "./support/record";

let recorder: Recorder;
beforeAll(async () => {
  recorder = await Recorder.install();
});

const SECRET = "4dabf18193072939515e22adb298388d";

/** What a target asks the engine for: its provider, and what checks its cluster. */
async function made(
  name: string,
  args: KubernetesTargetArgs,
): Promise<{ provider: Asked; access: Asked | undefined }> {
  const { provider } = new KubernetesTarget(name, args);
  await new Promise((resolve) => provider.urn.apply(resolve));
  return {
    provider: recorder.get(name, "pulumi:providers:kubernetes"),
    access: recorder.asked.find(
      (asked) =>
        asked.type === "mqtt-pki:index:ClusterAccess" && asked.name === name,
    ),
  };
}

test("a folder: the provider of before, and no cluster is asked", async () => {
  const { provider, access } = await made("rendered", {
    renderDirectory: "rendered/dev",
    namespace: "mqtt",
  });
  expect(access).toBeUndefined();
  expect(provider.inputs).toMatchObject({
    renderYamlToDirectory: "rendered/dev",
    kubeconfig: "",
  });
  expect(provider.inputs).not.toHaveProperty("clusterIdentifier");
});

test("a cluster: its access comes first, and a path stays a path", async () => {
  const { provider, access } = await made("staging", {
    target: "cluster",
    kubeconfig: "~/.kube/config",
    context: "staging",
    namespace: "mqtt",
    namespaces: ["edge", "mqtt"],
    adoptExisting: true,
    forceConflicts: true,
    workloads: [{ kind: "Deployment", name: "mosquitto" }],
  });
  expect(access?.inputs).toEqual({
    kubeconfig: "~/.kube/config",
    context: "staging",
    namespaces: ["mqtt", "edge"],
    workloads: [{ kind: "Deployment", name: "mosquitto", namespace: "mqtt" }],
  });
  expect(provider.inputs).toMatchObject({
    kubeconfig: "~/.kube/config",
    context: "staging",
    clusterIdentifier: "staging",
  });
});

test("the content of a kubeconfig is a secret, and what is ambient is looked up by the update", async () => {
  const content = await made("content", {
    target: "cluster",
    kubeconfig: "apiVersion: v1\nkind: Config\n",
    namespace: "mqtt",
  });
  expect(content.access?.inputs.kubeconfig).toHaveProperty(SECRET);
  expect(content.provider.inputs.kubeconfig).toHaveProperty(SECRET);
  const ambient = await made("ambient", {
    target: "cluster",
    namespace: "mqtt",
  });
  expect(ambient.access?.inputs).toEqual({ namespaces: ["mqtt"] });
  expect(ambient.provider.inputs.kubeconfig).toBe("");
});

test("all that is wrong is told at once", async () => {
  await expect(
    made("wrong", {
      target: "cluster",
      namespace: "My",
      namespaces: ["a", "B"],
      clusterIdentifier: "",
      whenUnreachable: "wait",
    }),
  ).rejects.toThrow(
    /^wrong: namespaces\[1\]: "B" is no name.*\nwrong: whenUnreachable: "wait" is none; write one of refuse, continue\.\nwrong: clusterIdentifier: ""/,
  );
  await expect(
    made("kind", { target: "kubectl", namespace: "mqtt" }),
  ).rejects.toThrow('target: "kubectl" is none; write one of render, cluster.');
});

describe("settings", () => {
  function configure(settings: Readonly<Record<string, string>>): void {
    pulumi.runtime.setAllConfig(
      Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [
          `mqtt-pki:${name}`,
          value,
        ]),
      ),
    );
  }

  test("are read from the stack's configuration, all mistakes at once", () => {
    configure({ target: "cluster", namespace: "mqtt", adoptExisting: "true" });
    expect(targetSettings({})).toEqual({
      target: "cluster",
      namespace: "mqtt",
      adoptExisting: true,
    });
    configure({ createNamespace: "yes" });
    expect(() => targetSettings({})).toThrow(
      /^mqtt-pki:createNamespace: "yes" is neither true nor false; write one of them\.\nmqtt-pki:namespace: is missing; /,
    );
  });

  test("of the example are those of the class, commented out or not", () => {
    const text = readFileSync(
      join(ROOT, "Pulumi.cluster.yaml.example"),
      "utf8",
    ).replace(/^ {2}# (mqtt-pki:\w+: \S+)$/gm, "  $1");
    const { config } = parse(text) as { config: Record<string, unknown> };
    const settings = Object.entries(config)
      .filter(([key]) => key.startsWith("mqtt-pki:"))
      .map(([key, value]) => [key.replace("mqtt-pki:", ""), String(value)]);
    configure(Object.fromEntries(settings) as Record<string, string>);
    expect(Object.keys(targetSettings({})).sort()).toEqual(
      settings.map(([name]) => name).sort(),
    );
    expect(settings).toHaveLength(9);
  });
});
