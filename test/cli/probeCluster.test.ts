import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportPkcs8 } from "../../pki/key";
import { ApiServer } from "../cluster/apiServer";
import { clusterBinaries, howToGetBinaries } from "../cluster/binaries";
import { scratchFolder } from "../pki/support/openssl";
import type { CommandResult } from "../support/command";
import { describeWith, runCommand } from "../support/command";
import { ROOT } from "../support/fleet";
import type { ProbedStack } from "./support/probedStack";
import {
  bundleOf,
  chainOf,
  digest,
  makeStack,
  writeState,
} from "./support/probedStack";
import { Servers } from "./support/servers";

const folder = scratchFolder();
let stack: ProbedStack;
let state: string;

beforeAll(async () => {
  stack = await makeStack();
  state = writeState(folder, stack, {
    server: "activated",
    device: "activated",
  });
});

/** As users start it: the client of the API is a module of a kind that this test's own loader does not take. */
function probe(...args: readonly string[]): Promise<CommandResult> {
  const command = ["probe", ...args, "--state", state, "--timeout", "60"];
  return runCommand(process.execPath, [join(ROOT, "bin/run.mjs"), ...command]);
}

function kubeconfig(server: string): string {
  const path = join(folder, "kubeconfig");
  const text = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: { token: "token-of-a-test" } }],
    contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
    "current-context": "here",
  };
  writeFileSync(path, JSON.stringify(text));
  return path;
}

describe("without a cluster", () => {
  const servers = new Servers();

  afterAll(() => servers.close());

  test("a cluster that is out of reach, for each object once", async () => {
    const server = `https://127.0.0.1:${await servers.closedPort()}`;
    const { code, stdout, stderr } = await probe(
      "secret/mqtt/one",
      "configmap/mqtt/two",
      "--kubeconfig",
      kubeconfig(server),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(
        `^error: secret/mqtt/one: the cluster at ${server} cannot be reached \\(ECONNREFUSED\\)\\.\nerror: configmap/mqtt/two: the cluster`,
      ),
    );
    expect(stdout + stderr).not.toContain("token-of-a-test");
  });

  test.each([
    [["--kubeconfig", "missing"], '--kubeconfig: "missing" is not there'],
    [["--context", "there"], '--context: "there" is not in the kubeconfig'],
  ])("a kubeconfig or context that is not there: %j", async (words, text) => {
    const path = kubeconfig("https://127.0.0.1:1");
    const { code, stderr } = await probe(
      "secret/mqtt/one",
      ...(words.includes("--kubeconfig") ? [] : ["--kubeconfig", path]),
      ...words,
    );
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });
});

const binaries = clusterBinaries();

describeWith(
  {
    name: "a Kubernetes API for tests",
    path: binaries?.apiServer,
  },
  howToGetBinaries(),
  "objects of a real Kubernetes API",
  () => {
    let cluster: ApiServer;
    const places = ["secret/mqtt/tb-mqtts", "configmap/mqtt/device-roots"];
    const paths = {
      secret: "/api/v1/namespaces/mqtt/secrets/tb-mqtts",
      configMap: "/api/v1/namespaces/mqtt/configmaps/device-roots",
    };

    beforeAll(async () => {
      if (binaries === undefined) {
        throw new Error("there are no programs to start");
      }
      cluster = await ApiServer.start(binaries);
      await cluster.create("/api/v1/namespaces", {
        metadata: { name: "mqtt" },
      });
      await cluster.create("/api/v1/namespaces/mqtt/secrets", {
        metadata: { name: "tb-mqtts" },
        type: "kubernetes.io/tls",
        data: {
          ...secretData(1),
          "tls.key": base64(exportPkcs8(stack.servers[1].key)),
        },
      });
      const pem = bundleOf(stack.deviceRoots, "activated");
      await cluster.create("/api/v1/namespaces/mqtt/configmaps", {
        metadata: {
          name: "device-roots",
          annotations: { "mqtt-pki/bundle-sha256": digest(pem) },
        },
        data: { "ca-bundle.pem": pem },
      });
    }, 300_000);

    afterAll(() => cluster.stop());

    function base64(text: string): string {
      return Buffer.from(text).toString("base64");
    }

    function secretData(ca: 0 | 1): Record<string, string> {
      return {
        "tls.crt": base64(chainOf(stack, 1, ca)),
        "ca.crt": base64(bundleOf(stack.serverRoots, "activated")),
      };
    }

    test("all as the state says: both bundles are confirmed, and no key is shown", async () => {
      const { code, stdout, stderr } = await probe(
        ...places,
        "--kubeconfig",
        cluster.kubeconfig,
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^secret\/mqtt\/tb-mqtts .* ok$/m);
      for (const roots of [stack.serverRoots, stack.deviceRoots]) {
        expect(stdout).toContain(
          `\nconfirmedBundle: "${digest(bundleOf(roots, "activated"))}"\n`,
        );
      }
      expect(stdout).not.toContain("PRIVATE KEY");
    });

    test("a Secret with the chain of before, and a ConfigMap that was changed by hand", async () => {
      const old = stack.deviceRoots[0].certificatePem;
      await cluster.patch(paths.secret, { data: secretData(0) });
      await cluster.patch(paths.configMap, { data: { "ca-bundle.pem": old } });
      const { code, stdout } = await probe(
        ...places,
        "--json",
        "--kubeconfig",
        cluster.kubeconfig,
      );
      expect(code).toBe(1);
      const { findings, confirmedBundles } = JSON.parse(stdout) as {
        findings: { place: string; message: string }[];
        confirmedBundles: { authority: string }[];
      };
      const text = findings.map((one) => `${one.place}: ${one.message}`);
      expect(text.join("\n")).toMatch(
        /tb-mqtts: still serves the certificate of mqtt under another chain .*the last update has not come to this cluster/,
      );
      expect(text.join("\n")).toMatch(/does not hold 2027a of device-root yet/);
      expect(text.join("\n")).toMatch(/annotation mqtt-pki\/bundle-sha256/);
      expect(confirmedBundles.map(({ authority }) => authority)).toEqual([
        "server-root",
      ]);
    });

    test("what is not there, and what may not be read, with the verb that is missing", async () => {
      const missing = await probe(
        "secret/mqtt/none",
        "configmap/nowhere/none",
        "--kubeconfig",
        cluster.kubeconfig,
      );
      expect(missing.code).toBe(2);
      expect(missing.stderr).toContain(
        "secret/mqtt/none: is not there: the namespace mqtt has no Secret none.",
      );
      expect(missing.stderr).toContain("nowhere has no ConfigMap none.");
      const forbidden = await probe(
        ...places,
        "--kubeconfig",
        cluster.readerKubeconfig,
      );
      expect(forbidden.code).toBe(2);
      expect(forbidden.stderr).toContain(
        "this user needs the verb get on secrets in the namespace mqtt (RBAC); a Role with resourceNames: [tb-mqtts] is enough.",
      );
      expect(forbidden.stderr).toContain("get on configmaps in the namespace");
    });

    test("that Role is enough indeed", async () => {
      const api = "/apis/rbac.authorization.k8s.io/v1/namespaces/mqtt";
      await cluster.create(`${api}/roles`, {
        metadata: { name: "probe" },
        rules: [
          {
            apiGroups: [""],
            resources: ["secrets"],
            resourceNames: ["tb-mqtts"],
            verbs: ["get"],
          },
        ],
      });
      await cluster.create(`${api}/rolebindings`, {
        metadata: { name: "probe" },
        roleRef: {
          apiGroup: "rbac.authorization.k8s.io",
          kind: "Role",
          name: "probe",
        },
        subjects: [
          {
            apiGroup: "rbac.authorization.k8s.io",
            kind: "User",
            name: "reader",
          },
        ],
      });
      await cluster.patch(paths.secret, { data: secretData(1) });
      const { code, stderr } = await probe(
        places[0] ?? "",
        "--kubeconfig",
        cluster.readerKubeconfig,
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    });
  },
);
