import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiServer } from "../cluster/apiServer";
import { clusterBinaries, howToGetBinaries } from "../cluster/binaries";
import { kubeconfigText } from "../cluster/credentials";
import { grant } from "../cluster/roles";
import type { Rule } from "../cluster/roles";
import { scratchFolder } from "../pki/support/openssl";
import { describeWith } from "../support/command";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, isSecret, secret } from "./support/wire";
import { WrongServers } from "./support/wrongServers";

const binaries = clusterBinaries();
const folder = scratchFolder();
const URN = urnOf("ClusterAccess", "kubernetes");

let plugin: Plugin;
beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
});
afterAll(() => plugin.stop());

function kubeconfig(server: string, token = "token-of-a-test"): string {
  const path = join(
    folder,
    `${Buffer.from(server).toString("hex")}.kubeconfig`,
  );
  const text = kubeconfigText({
    server,
    authority: "none",
    user: "somebody",
    token,
  });
  writeFileSync(path, text);
  return path;
}

describe("without a cluster", () => {
  const servers = new WrongServers();
  afterAll(() => servers.close());

  const check = (inputs: Properties) =>
    plugin.check(URN, { namespaces: ["mqtt"], ...inputs });

  test("a kubeconfig that is not there, or none, or another's context", async () => {
    expect(await check({ kubeconfig: "missing" })).toEqual([
      'kubeconfig: "missing" is not there; write the path of a kubeconfig, or its content.',
    ]);
    expect(
      await check({ kubeconfig: secret("a: b: c\n- token-of-a-test") }),
    ).toEqual([
      'kubeconfig: "the content given" is no kubeconfig: it is not YAML.',
    ]);
    expect(
      await check({
        kubeconfig: kubeconfig("https://127.0.0.1:1"),
        context: "other",
      }),
    ).toEqual([
      'context: "other" is not in the kubeconfig; it has "somebody".',
    ]);
  });

  test("inputs of the wrong form, all at once, before anybody is asked", async () => {
    expect(
      await plugin.check(URN, {
        kubeconfig: "missing",
        namespaces: [],
        workloads: [{ kind: "Pod", name: "a" }],
        certManagerIssuers: [{ kind: "Certificate", name: "a" }],
      }),
    ).toEqual([
      "namespaces: is empty; write at least one.",
      'workloads[0].kind: "Pod" is none of them; write Deployment, StatefulSet, DaemonSet, Service.',
      'certManagerIssuers[0].kind: "Certificate" is none of them; write Issuer, ClusterIssuer.',
    ]);
  });

  test("what is not known yet asks nobody", async () => {
    expect(await check({ kubeconfig: UNKNOWN })).toEqual([]);
    expect(
      await check({ kubeconfig: "missing", createNamespace: UNKNOWN }),
    ).toEqual([]);
  });

  test("nobody listens, nobody answers, nobody knows the name", async () => {
    const closed = await servers.closed();
    expect(await check({ kubeconfig: kubeconfig(closed) })).toEqual([
      `kubeconfig: the cluster at ${closed} cannot be reached (ECONNREFUSED). Nothing listens there: look at the server's URL in the kubeconfig, and whether the cluster runs.`,
    ]);
    const unknown = "https://cluster.invalid:6443";
    expect((await check({ kubeconfig: kubeconfig(unknown) }))[0]).toMatch(
      /^kubeconfig: the cluster at https:\/\/cluster\.invalid:6443 cannot be reached \((ENOTFOUND|EAI_AGAIN)\)\. Its name is not known here/,
    );
    const silent = await servers.silent();
    plugin.log.length = 0;
    const started = Date.now();
    expect((await check({ kubeconfig: kubeconfig(silent) }))[0]).toMatch(
      /cannot be reached \(timeout\)\. Nothing came back in time/,
    );
    expect(Date.now() - started).toBeLessThan(24_000);
    expect(plugin.log).toMatchObject([
      {
        severity: "info",
        text: "waiting for the cluster to answer, 20 s at most",
      },
    ]);
  });

  test("something else answers", async () => {
    for (const url of [
      await servers.page(200),
      await servers.page(502),
      await servers.json({ hello: "world" }),
    ]) {
      expect(await check({ kubeconfig: kubeconfig(url) })).toEqual([
        `kubeconfig: what answers at ${url} is no Kubernetes API; a proxy or a login page may stand before it.`,
      ]);
    }
  });

  test("a cluster that may be unreachable is a warning in a preview, and a failure in an update", async () => {
    const closed = await servers.closed();
    const inputs = {
      namespaces: ["mqtt"],
      kubeconfig: kubeconfig(closed),
      whenUnreachable: "continue",
    };
    plugin.log.length = 0;
    expect(await plugin.check(URN, inputs)).toEqual([]);
    expect(plugin.log[0]).toMatchObject({ severity: "warning" });
    expect(plugin.log[0]?.text).toMatch(
      /What goes there stays as it is, .* --continue-on-error\.$/,
    );
    expect(await plugin.refusal(plugin.create(URN, inputs))).toMatch(
      /cannot be reached \(ECONNREFUSED\)/,
    );
  });

  test("a credential plugin that is not there is told by name, and one that fails tells nothing", async () => {
    const config = JSON.parse(
      readFileSync(kubeconfig("https://127.0.0.1:1"), "utf8"),
    ) as { users: { user: object }[] };
    const withExec = (exec: object) => {
      config.users = [{ ...config.users[0], user: { exec } }];
      return secret(JSON.stringify(config));
    };
    const apiVersion = "client.authentication.k8s.io/v1";
    expect(
      await check({
        kubeconfig: withExec({ apiVersion, command: "no-such-plugin" }),
      }),
    ).toEqual([
      'kubeconfig: the kubeconfig\'s credential plugin "no-such-plugin" is not there; install it, or let PATH name its folder.',
    ]);
    const failing = withExec({
      apiVersion,
      command: "sh",
      args: ["-c", "echo token-of-a-test >&2; exit 1"],
    });
    expect((await check({ kubeconfig: failing }))[0]).toMatch(
      /credential plugin "sh" fails; "kubectl get --raw \/version" with this kubeconfig shows what it says\.$/,
    );
  });

  afterAll(() => {
    expect(plugin.said.join("\n")).not.toContain("token-of-a-test");
  });
});

describeWith(
  { name: "a Kubernetes API for tests", path: binaries?.apiServer },
  howToGetBinaries(),
  "with a Kubernetes API",
  () => {
    let cluster: ApiServer;
    let other: ApiServer;

    beforeAll(async () => {
      if (binaries === undefined) {
        throw new Error("there are no programs to start");
      }
      cluster = await ApiServer.start(binaries, { users: ["deployer"] });
      other = await ApiServer.start(binaries);
      for (const api of [cluster, other]) {
        await api.create("/api/v1/namespaces", { metadata: { name: "mqtt" } });
      }
    }, 300_000);
    afterAll(async () => {
      await cluster.stop();
      await other.stop();
    });

    const check = (inputs: Properties) =>
      plugin.check(URN, {
        kubeconfig: cluster.kubeconfig,
        namespaces: ["mqtt"],
        ...inputs,
      });

    test("an administrator with a namespace lacks nothing", async () => {
      expect(await check({})).toEqual([]);
      expect(
        await check({
          kubeconfig: secret(readFileSync(cluster.kubeconfig, "utf8")),
        }),
      ).toEqual([]);
    });

    test("a certificate of the server that does not verify", async () => {
      const [failure] = await check({
        kubeconfig: secret(
          readFileSync(cluster.kubeconfig, "utf8").replace(
            /"certificate-authority-data":"[^"]*"/,
            `"certificate-authority-data":"${authorityOf(other)}"`,
          ),
        ),
      });
      expect(failure).toMatch(
        /^kubeconfig: the certificate of the cluster at https:\/\/127\.0\.0\.1:\d+ does not verify \([A-Z_]+\); /,
      );
    });

    test("credentials that are wrong", async () => {
      expect(
        (
          await check({ kubeconfig: cluster.kubeconfigOf("reader", "wrong") })
        )[0],
      ).toMatch(
        /^kubeconfig: the cluster at .* does not know who asks \(401\); the kubeconfig's credentials are wrong or have expired\.$/,
      );
    });

    test("a namespace that is missing, made, or goes away", async () => {
      expect(await check({ namespaces: ["mqtt", "absent"] })).toEqual([
        'namespaces[1]: "absent" is not there; write one that is, make it ("kubectl create namespace absent"), or set createNamespace (mqtt-pki:createNamespace) to true.',
      ]);
      plugin.log.length = 0;
      const inputs = {
        kubeconfig: cluster.kubeconfig,
        namespaces: ["mqtt", "made"],
        createNamespace: true,
      };
      expect(await plugin.check(URN, inputs)).toEqual([]);
      expect(plugin.log).toMatchObject([
        { text: 'the namespace "made" is made with the update.' },
      ]);
      const { outs } = await plugin.create(URN, inputs);
      expect(Object.keys(outs.namespaceUids as object).sort()).toEqual([
        "made",
        "mqtt",
      ]);
      expect(await plugin.diff(URN, outs, inputs)).toMatchObject({
        changes: "none",
      });
      // No controller is there to end it.
      await cluster.delete("/api/v1/namespaces/made");
      expect(await check({ namespaces: ["made"] })).toEqual([
        'namespaces[0]: "made" is being deleted, and takes nothing any more; wait until it is gone, or write another one.',
      ]);
    });

    test("all permissions that are missing, as rules for a Role; with them there is nothing to say", async () => {
      const inputs = {
        kubeconfig: cluster.kubeconfigOf("deployer"),
        workloads: [{ kind: "Deployment", name: "mosquitto" }],
      };
      const [failure, ...others] = await check(inputs);
      expect(others).toEqual([]);
      expect(failure).toBe(
        `permissions: the user "deployer" of the cluster at ${cluster.url} may not do all that this program does; these rules are missing, in the namespace mqtt (a Role there):
  - apiGroups: [""]
    resources: ["namespaces"]
    resourceNames: ["mqtt"]
    verbs: ["get"]
  - apiGroups: [""]
    resources: ["secrets", "configmaps"]
    verbs: ["create", "watch", "get", "patch", "delete"]
  - apiGroups: ["apps"]
    resources: ["deployments"]
    resourceNames: ["mosquitto"]
    verbs: ["get", "patch"]`,
      );
      const rules: Rule[] = [
        {
          apiGroups: [""],
          resources: ["namespaces"],
          resourceNames: ["mqtt"],
          verbs: ["get"],
        },
        {
          apiGroups: [""],
          resources: ["secrets", "configmaps"],
          verbs: ["create", "watch", "get", "patch", "delete"],
        },
        {
          apiGroups: ["apps"],
          resources: ["deployments"],
          resourceNames: ["mosquitto"],
          verbs: ["get", "patch"],
        },
      ];
      await grant(cluster, "deployer", "mqtt", rules);
      expect(await check(inputs)).toEqual([]);
      const [wider] = await check({
        ...inputs,
        createNamespace: true,
        readSecrets: [{ namespace: "elsewhere", name: "issued" }],
      });
      expect(wider).toMatch(
        /in the whole cluster \(a ClusterRole\):\n {2}- apiGroups: \[""\]\n {4}resources: \["namespaces"\]\n {4}verbs: \["create"\]\nand in the namespace elsewhere \(a Role there\):\n/,
      );
    });

    test("what the server does not have", async () => {
      const failures = await check({
        clusterTrustBundles: [{ name: "mqtt" }],
        certManagerIssuers: [{ kind: "Issuer", name: "mqtt" }],
      });
      expect(failures).toHaveLength(2);
      expect(failures[0]).toMatch(
        /^clusterTrustBundles\[0\]\.version: this cluster has no ClusterTrustBundle; /,
      );
      expect(failures[1]).toMatch(
        /^certManagerIssuers\[0\]: this cluster has no Issuer of cert-manager\.io\/v1; install/,
      );
    });

    test("another cluster under the same name is refused until a refresh takes it over", async () => {
      const inputs = { kubeconfig: cluster.kubeconfig, namespaces: ["mqtt"] };
      const { outs } = await plugin.create(URN, inputs);
      const moved = { ...inputs, kubeconfig: other.kubeconfig };
      expect(await plugin.refusal(plugin.diff(URN, outs, moved))).toMatch(
        /^kubeconfig: this is another cluster than the one of the last update: the UID of its kube-system was .* Where the objects are to go here from now on, run "refresh" once/,
      );
      const refreshed = await plugin.read(URN, {
        ...outs,
        kubeconfig: other.kubeconfig,
      });
      expect(await plugin.diff(URN, refreshed, moved)).toMatchObject({
        changes: "none",
      });
    });

    test("what becomes readable later is no change", async () => {
      const inputs = { kubeconfig: cluster.kubeconfig, namespaces: ["mqtt"] };
      const { outs } = await plugin.create(URN, inputs);
      for (const blind of [
        { ...outs, clusterUid: "" },
        { ...outs, clusterUid: "", namespaceUids: {} },
      ]) {
        expect(await plugin.diff(URN, blind, inputs)).toMatchObject({
          changes: "none",
        });
      }
    });

    test("a kubeconfig's content stays secret in the outputs, and its path plain", async () => {
      const text = readFileSync(cluster.kubeconfig, "utf8");
      const { outs } = await plugin.create(URN, {
        kubeconfig: secret(text),
        namespaces: ["mqtt"],
      });
      expect(isSecret(outs.kubeconfig)).toBe(true);
      expect(plugin.said.join("\n")).not.toContain(
        (JSON.parse(text) as { users: { user: { token: string } }[] }).users[0]
          ?.user.token,
      );
    });

    test("labels and annotations of a live object, and nothing of what it holds", async () => {
      await cluster.create("/api/v1/namespaces/mqtt/secrets", {
        metadata: {
          name: "issued",
          labels: { "app.kubernetes.io/managed-by": "Helm" },
          annotations: {
            "cert-manager.io/certificate-name": "tb",
            "kubectl.kubernetes.io/last-applied-configuration": "a key",
          },
        },
        data: { "tls.key": "YSBrZXk=" },
      });
      const read = (args: Properties) =>
        plugin.invoke("mqtt-pki:index:readLiveObject", {
          kubeconfig: cluster.kubeconfig,
          apiVersion: "v1",
          kind: "Secret",
          namespace: "mqtt",
          name: "issued",
          ...args,
        });
      expect(await read({})).toEqual({
        readable: true,
        exists: true,
        labels: { "app.kubernetes.io/managed-by": "Helm" },
        annotations: { "cert-manager.io/certificate-name": "tb" },
        owners: [],
      });
      const nothing = { labels: {}, annotations: {}, owners: [] };
      expect(await read({ name: "absent" })).toEqual({
        readable: true,
        exists: false,
        ...nothing,
      });
      for (const blind of [
        { kubeconfig: cluster.kubeconfigOf("reader") },
        { kubeconfig: "missing" },
      ]) {
        expect(await read(blind)).toEqual({
          readable: false,
          exists: false,
          ...nothing,
        });
      }
      expect(
        await read({
          apiVersion: "apps/v1",
          kind: "StatefulSet",
          name: "absent",
        }),
      ).toMatchObject({ readable: true, exists: false });
    });
  },
);

function authorityOf(cluster: ApiServer): string {
  const config = JSON.parse(readFileSync(cluster.kubeconfig, "utf8")) as {
    clusters: { cluster: { "certificate-authority-data": string } }[];
  };
  return config.clusters[0]?.cluster["certificate-authority-data"] ?? "";
}
