import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { freePorts } from "../../cluster/freePorts";
import { grant } from "../../cluster/roles";
import { describeCluster, mapItem, secretItem } from "./world";

const MAP = "/api/v1/namespaces/default/configmaps/env";

describeCluster("a preview in a cluster refuses", (world) => {
  /** What a preview and an update say that fail alike. */
  async function refused(): Promise<string> {
    const preview = await world.sandbox.run("preview");
    expect(preview.code).toBe(1);
    const up = await world.sandbox.run("up", "--yes", "--skip-preview");
    expect(up.code).toBe(1);
    return preview.out;
  }

  test("what is there already, and says how to take it over", async () => {
    await world.cluster.create("/api/v1/namespaces/default/configmaps", {
      metadata: { name: "env" },
      data: { THEIRS: "kept" },
    });
    const items = [mapItem("env", { PORT: "8883" })];
    world.wants(items);
    const out = await refused();
    expect(out).toContain('`import: "default/env"`');
    expect(out).toContain("mqtt-pki:adoptExisting: true");

    const provider = { upsertExistingObjects: true };
    await world.up(items, { provider });
    expect((await world.live(MAP))?.data).toEqual({
      PORT: "8883",
      THEIRS: "kept",
    });
    await world.must("preview", "--expect-no-changes");
  });

  test("fields of others, by name, unless it is to force them", async () => {
    await world.up([mapItem("env", { PORT: "8883" })]);
    await world.cluster.apply(
      MAP,
      "helm",
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "env" },
        data: { PORT: "1883" },
      },
      true,
    );
    world.wants([mapItem("env", { PORT: "8884" })]);
    const out = await refused();
    expect(out).toContain('.data.PORT belongs to "helm"');
    expect(out).toContain('pulumi.com/patchForce: "true"');
    expect(out).toContain("mqtt-pki:forceConflicts: true");
    await world.up([mapItem("env", { PORT: "8884" })], {
      provider: { enablePatchForce: true },
    });
    expect((await world.live(MAP))?.data).toEqual({ PORT: "8884" });
  });

  test("what RBAC forbids, with the rule that is missing", async () => {
    const kubeconfig = world.cluster.kubeconfigOf("deployer");
    const items = [secretItem("tls", { a: "1" })];
    world.wants(items, { kubeconfig });
    expect(await refused()).toContain(
      'may not create secrets in the namespace default (403). A Role needs the rule {apiGroups: [""], resources: ["secrets"], verbs: ["create"]}',
    );
    await grant(world.cluster, "deployer", "default", [
      { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
    ]);
    await world.up(items, { kubeconfig });
    world.wants([secretItem("tls", { a: "2" })], { kubeconfig });
    expect(await refused()).toContain("may not get secrets");
  });

  test("no namespace that is still to come: up waits for it", async () => {
    const metadata = { name: "later" };
    const inner = {
      ...secretItem("inner", { a: "b" }),
      metadata: { name: "inner", namespace: metadata.name },
    };
    world.wants([inner]);
    await world.must("preview");
    const running = world.sandbox.start(["up", "--yes", "--skip-preview"]);
    await sleep(4000);
    await world.cluster.create("/api/v1/namespaces", { metadata });
    expect((await running.result).code).toBe(0);
    await world.must("preview", "--expect-no-changes");
    await world.cluster.delete("/api/v1/namespaces/later");
  });

  test("invalid objects, without quoting what is secret in them", async () => {
    world.wants([
      {
        ...secretItem("tls", {}),
        hidden: undefined,
        data: { key: "of-no-base64-at-all!" },
      },
      mapItem("env", {}, { unknownMember: "x" }),
    ]);
    const { out, code } = await world.sandbox.run("preview");
    expect(code).toBe(1);
    expect(out).not.toContain("of-no-base64");
    expect(out).toContain("Secret default/tls");
    expect(out).toContain('unknown field "metadata.unknownMember"');
  });

  test("kinds that the cluster does not have", async () => {
    world.wants([
      {
        of: "apiextensions.CustomResource",
        name: "issuer",
        apiVersion: "cert-manager.io/v1",
        kind: "Issuer",
        metadata: { name: "issuer", namespace: "default" },
        spec: { ca: { secretName: "ca" } },
      },
    ]);
    expect(await refused()).toContain(
      "The cluster does not know cert-manager.io/v1 Issuer: no CustomResourceDefinition has it.",
    );
  });

  test("a cluster that is not there, a wrong context and wrong credentials", async () => {
    const items = [mapItem("env", { PORT: "8883" })];
    const [port = 0] = await freePorts(1);
    const server = `https://127.0.0.1:${port}`;
    const file = join(world.sandbox.folder, "elsewhere.json");
    writeFileSync(
      file,
      JSON.stringify({
        clusters: [{ name: "c", cluster: { server } }],
        users: [{ name: "u", user: { token: "not to be shown" } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      }),
    );
    world.wants(items, { kubeconfig: file });
    const away = await world.sandbox.run("preview");
    expect(away.out).toContain(
      `The cluster at ${server} cannot be reached (ECONNREFUSED)`,
    );
    expect(away.out).not.toContain("not to be shown");

    world.wants(items, { provider: { context: "staging" } });
    const context = await world.sandbox.run("preview");
    expect(context.out).toContain('"staging" is not in the kubeconfig');

    const kubeconfig = world.cluster.kubeconfigOf("reader", "wrong-token");
    world.wants(items, { kubeconfig });
    const unknown = await world.sandbox.run("preview");
    expect(unknown.out).toContain("does not know who asks (401)");
    expect(unknown.out).not.toContain("wrong-token");
  });
});
