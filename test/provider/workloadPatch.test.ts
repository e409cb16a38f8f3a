import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiServer } from "../cluster/apiServer";
import { clusterBinaries, howToGetBinaries } from "../cluster/binaries";
import {
  deploy,
  manifestText,
  objectPath,
  objectsIn,
  readManifest,
} from "../cluster/cases/workloads";
import { kubeconfigText } from "../cluster/credentials";
import { scratchFolder } from "../pki/support/openssl";
import { describeWith } from "../support/command";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, isSecret, secret } from "./support/wire";

const binaries = clusterBinaries();
const folder = scratchFolder();
const URN = urnOf("WorkloadPatch", "transport");

const PATCH = {
  kind: "StatefulSet",
  namespace: "thingsboard",
  name: "tb-mqtt-transport",
  fieldManager: "mqtt-pki-test",
};

const VOLUME = { name: "tls", secret: { secretName: "s", defaultMode: 0o444 } };
const MOUNT = { mountPath: "/mqtt-tls", name: "tls", readOnly: true };
const VARIABLE = {
  name: "MQTT_SSL_BIND_PORT",
  valueFrom: { configMapKeyRef: { name: "c", key: "MQTT_SSL_BIND_PORT" } },
};

function fields(
  pod: object,
  container: object,
  annotations: unknown = {},
): Properties {
  return {
    spec: {
      template: {
        metadata: { annotations },
        spec: { ...pod, containers: [{ name: "server", ...container }] },
      },
    },
  };
}

const WHOLE = fields(
  { volumes: [VOLUME] },
  { env: [VARIABLE], volumeMounts: [MOUNT], ports: [] },
  { "mqtt-pki/a": "1" },
);

let plugin: Plugin;
beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
});
afterAll(() => plugin.stop());

test("what is wrong with the inputs, before any cluster is asked", async () => {
  expect(
    await plugin.check(URN, {
      ...PATCH,
      kind: "Pod",
      fieldManager: "with spaces",
      kubeconfig: "missing",
      fields: WHOLE,
    }),
  ).toEqual([
    'kind: "Pod" is none that can be patched; write Deployment, StatefulSet, DaemonSet, Service.',
    'fieldManager: "with spaces" is no name of a field manager; use 1 to 128 printable ASCII characters without spaces.',
  ]);
  expect(
    await plugin.check(URN, { ...PATCH, kubeconfig: "missing", fields: WHOLE }),
  ).toEqual([
    'kubeconfig: "missing" is not there; write the path of a kubeconfig, or its content.',
  ]);
});

test("whether a cluster that is away is refused, others say; an update fails", async () => {
  const path = join(folder, "closed.kubeconfig");
  const server = "https://127.0.0.1:1";
  writeFileSync(
    path,
    kubeconfigText({ server, authority: "none", user: "a", token: "t" }),
  );
  const inputs = { ...PATCH, kubeconfig: path, fields: WHOLE };
  expect(await plugin.check(URN, inputs)).toEqual([]);
  expect(await plugin.diff(URN, inputs, inputs)).toMatchObject({
    changes: "some",
    replaces: [],
  });
  expect(await plugin.refusal(plugin.create(URN, inputs))).toMatch(
    /cannot be reached/,
  );
  expect(await plugin.refusal(plugin.delete(URN, inputs))).toMatch(
    /cannot be reached/,
  );
});

test("of a cluster that is given up, nothing is given back", async () => {
  const patient = await Plugin.start({
    cwd: folder,
    environment: { PULUMI_K8S_DELETE_UNREACHABLE: "true" },
  });
  try {
    const outs = { ...PATCH, kubeconfig: join(folder, "closed.kubeconfig") };
    await patient.delete(URN, outs);
    expect(await patient.idAfterRefresh(URN, outs)).toBe("");
    expect(patient.log.map(({ severity }) => severity)).toEqual([
      "warning",
      "warning",
    ]);
    expect(patient.log[0]?.text).toMatch(
      /cannot be reached.*leave the state without being given back/,
    );
  } finally {
    await patient.stop();
  }
});

test("a patch cannot be imported", async () => {
  expect(await plugin.refusal(plugin.import(URN, "any"))).toMatch(
    /is nothing that could be imported/,
  );
});

describeWith(
  { name: "a Kubernetes API for tests", path: binaries?.apiServer },
  howToGetBinaries(),
  "with a Kubernetes API",
  () => {
    let cluster: ApiServer;
    let path: string;
    let inputs: Properties;

    beforeAll(async () => {
      if (binaries === undefined) {
        throw new Error("there are no programs to start");
      }
      cluster = await ApiServer.start(binaries, { users: ["nobody"] });
      const [workload] = objectsIn(manifestText("aws-microservices"));
      if (workload === undefined) {
        throw new Error("there is no manifest");
      }
      await deploy(cluster, PATCH.namespace, [workload]);
      path = objectPath(PATCH.namespace, workload);
      inputs = { ...PATCH, kubeconfig: cluster.kubeconfig, fields: WHOLE };
    }, 300_000);
    afterAll(() => cluster.stop());

    const check = (given: Properties) =>
      plugin.check(URN, { ...inputs, ...given });

    test("a preview asks with what it knows, and says nothing wrong for what it does not", async () => {
      expect(await check({})).toEqual([]);
      for (const unknown of [
        fields({ volumes: [VOLUME] }, { volumeMounts: [MOUNT] }, UNKNOWN),
        fields(
          { volumes: [VOLUME] },
          { volumeMounts: [MOUNT] },
          { "mqtt-pki/a": UNKNOWN },
        ),
        // Without its volume a mount would be refused, and without its name a variable.
        fields(
          { volumes: UNKNOWN },
          { volumeMounts: [MOUNT], env: [VARIABLE] },
        ),
        fields(
          { volumes: [{ ...VOLUME, name: UNKNOWN }] },
          { volumeMounts: [MOUNT] },
        ),
        fields({}, { env: [{ ...VARIABLE, name: UNKNOWN }] }),
        fields({}, { env: UNKNOWN, ports: UNKNOWN }),
        UNKNOWN,
      ]) {
        expect([unknown, await check({ fields: unknown })]).toEqual([
          unknown,
          [],
        ]);
      }
      const absent = { name: "tb-node" };
      expect(await check({ ...absent, fields: UNKNOWN })).toEqual([
        'name: there is no StatefulSet "tb-node" in "thingsboard"; deploy it before, or correct name or namespace.',
      ]);
      // Nobody knows where.
      expect(await check({ ...absent, namespace: UNKNOWN })).toEqual([]);
      expect(
        (await readManifest(cluster, path)).metadata.managedFields,
      ).toHaveLength(1);
    });

    test("a variable with a text in the manifest is shared, and one whose text is a secret is refused", async () => {
      const zookeeper = (name: string) => ({
        fields: fields(
          {},
          {
            env: [
              { name, valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
            ],
          },
        ),
      });
      expect(await check(zookeeper("ZOOKEEPER_URL"))).toEqual([
        'env["ZOOKEEPER_URL"]: the StatefulSet thingsboard/tb-mqtt-transport has it already, from "kubectl-client-side-apply", and from another source; take it out of the manifest, and apply that again.',
      ]);
      expect(await check(zookeeper("TB_SERVICE_ID"))).toHaveLength(1);
      expect(
        await check({
          ...zookeeper("ZOOKEEPER_URL"),
          literals: { ZOOKEEPER_URL: "zookeeper:2181" },
        }),
      ).toEqual([]);
      const [problem] = await check({
        ...zookeeper("ZOOKEEPER_URL"),
        literals: { ZOOKEEPER_URL: "elsewhere:2181" },
      });
      expect(problem).toMatch(
        /^takeOver: .*env\[name="ZOOKEEPER_URL"\]\.value of .* belongs to "kubectl-client-side-apply"/,
      );
    });

    test("what the API does not take is told by field, without what it quotes", async () => {
      const [problem] = await check({
        fields: fields(
          {},
          { volumeMounts: [{ mountPath: "/x", name: "none" }] },
        ),
      });
      expect(problem).toMatch(
        /^name: the cluster refuses the patch of .* \(422\): spec\.template\.spec\.containers\[0\]\.volumeMounts\[1\]\.name \(FieldValueNotFound\)/,
      );
      expect(
        (await check({ kubeconfig: cluster.kubeconfigOf("nobody") }))[0],
      ).toMatch(/\(403\).*verbs get and patch on it, by name/);
    });

    test("fields are laid over once, and are theirs alone; others' edits are noticed", async () => {
      const secretly = {
        ...inputs,
        kubeconfig: secret(cluster.kubeconfig),
      };
      const { id, outs } = await plugin.create(URN, secretly);
      expect(id).toBe("thingsboard/StatefulSet/tb-mqtt-transport");
      expect(isSecret(outs.kubeconfig)).toBe(true);
      expect(outs).not.toHaveProperty("fields");
      expect(await plugin.diff(URN, outs, secretly)).toEqual({
        changes: "none",
        replaces: [],
      });
      const renewed = {
        ...secretly,
        fields: fields(
          { volumes: [VOLUME] },
          { volumeMounts: [MOUNT] },
          {
            "mqtt-pki/a": "2",
          },
        ),
      };
      expect((await plugin.diff(URN, outs, renewed)).changes).toBe("some");
      await plugin.update(URN, outs, renewed);
      const text = JSON.stringify((await readManifest(cluster, path)).spec);
      expect(text).not.toContain("MQTT_SSL_BIND_PORT");
      expect(text).toContain('"mqtt-pki/a":"2"');

      for (const [name, value] of Object.entries({
        fieldManager: "other",
        cluster: "other",
        name: "other",
      })) {
        expect(
          await plugin.diff(URN, outs, { ...renewed, [name]: value }),
        ).toMatchObject({ changes: "some", replaces: [name] });
      }

      expect(await plugin.idAfterRefresh(URN, outs)).toBe("id");
      // Whoever forces a field away from it owns that, and is named.
      await cluster.apply(
        path,
        "somebody",
        {
          apiVersion: "apps/v1",
          kind: "StatefulSet",
          metadata: { name: PATCH.name },
          spec: {
            template: { metadata: { annotations: { "mqtt-pki/a": "3" } } },
          },
        },
        true,
      );
      expect((await plugin.check(URN, renewed))[0]).toMatch(
        /\.spec\.template\.metadata\.annotations\.mqtt-pki\/a of .* belongs to "somebody"/,
      );
      await plugin.delete(URN, outs);
      expect(await plugin.idAfterRefresh(URN, outs)).toBe("");
      expect(
        JSON.stringify((await readManifest(cluster, path)).spec),
      ).not.toContain("/mqtt-tls");
      // Once more: of what is not there nothing can be taken.
      await plugin.delete(URN, outs);
    });
  },
);
