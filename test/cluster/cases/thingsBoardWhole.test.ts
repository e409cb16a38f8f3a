import { ThingsBoardManifest } from "../../../platforms/thingsBoard/workloadShape";
import type { CaseRun } from "./case";
import { describeCase } from "./case";
import { CONFIG_MAPS, SECRETS, pathOf, stored } from "./objects";
import type { ManifestObject } from "./workloads";
import {
  deploy,
  manifestText,
  objectPath,
  objectsIn,
  readManifest,
} from "./workloads";

const { AwsMicroservices, MicroservicesNode } = ThingsBoardManifest;
const ENTRIES = { configMapKeyRef: CONFIG_MAPS, secretKeyRef: SECRETS };

describeCase(
  "ThingsBoard workloads",
  "all that a patched workload refers to is there, and a new certificate replaces the pods of an old version",
  async (run) => {
    const namespace = `${run.namespace}-whole`;
    const stack = await run.stack({ namespace });
    stack.set({
      version: "4.3.1",
      workloads: [
        { name: "transport", manifest: AwsMicroservices, namespace },
        { name: "node", manifest: MicroservicesNode, namespace },
      ],
    });
    // Not even the certificate is there, and the preview knows that a workload is not.
    const transports = await deployed(run, AwsMicroservices, namespace);
    const early = await stack.said("preview");
    expect([early.code === 0, early.text]).toEqual([
      false,
      expect.stringMatching(/there is no StatefulSet "tb-node" in/),
    ]);
    expect(early.text).not.toMatch(/"tb-mqtt-transport" in/);
    const nodes = await deployed(run, MicroservicesNode, namespace, false);
    await stack.must("preview");
    await stack.must("up");
    await stack.settled();

    const before = await readManifest(run.cluster, transports);
    const node = await readManifest(run.cluster, nodes);
    const counted =
      (await checkReferences(run, before, namespace)) +
      (await checkReferences(run, node, namespace));
    expect(JSON.stringify(node.spec)).not.toContain("MQTT_SSL_");
    expect(JSON.stringify(node.spec)).toContain(
      "DEVICE_CONNECTIVITY_MQTTS_CA_ROOT_CERT",
    );

    stack.set({ dnsNames: ["mqtt.example.com", "mqtt2.example.com"] });
    await stack.must("up");
    const after = await readManifest(run.cluster, transports);
    expect(after.spec.template?.metadata).not.toEqual(
      before.spec.template?.metadata,
    );
    expect(after.spec.template?.spec).toEqual(before.spec.template?.spec);
    await stack.settled();

    await stack.must("destroy");
    expect(
      JSON.stringify((await readManifest(run.cluster, nodes)).spec),
    ).not.toMatch(/DEVICE_CONNECTIVITY|mqtt-pki/);
    return `${counted} references of 2 workloads lead to something`;
  },
  { program: "workloadProgram" },
);

async function deployed(
  { cluster }: CaseRun,
  manifest: string,
  namespace: string,
  isFirst = true,
): Promise<string> {
  const objects = objectsIn(manifestText(manifest));
  await deploy(cluster, namespace, objects, isFirst);
  const [workload] = objects;
  if (workload === undefined) {
    throw new Error(`${manifest} has no workload`);
  }
  return objectPath(namespace, workload);
}

/** Every entry that a variable comes from, and every object of a volume of ours. @returns how many they are */
async function checkReferences(
  { cluster }: CaseRun,
  { spec }: ManifestObject,
  namespace: string,
): Promise<number> {
  let count = 0;
  const ours = await Promise.all(
    [CONFIG_MAPS, SECRETS].map((collection) =>
      cluster.get(pathOf(namespace, collection)),
    ),
  );
  const names = JSON.stringify(ours);
  const container = spec.template?.spec.containers[0];
  for (const { name, valueFrom } of container?.env ?? []) {
    for (const [source, reference] of Object.entries(valueFrom ?? {})) {
      const collection = ENTRIES[source as keyof typeof ENTRIES];
      if (source === "fieldRef") {
        continue;
      }
      const { name: object, key } = reference as { name: string; key: string };
      const { data } = await stored(
        cluster,
        pathOf(namespace, collection, object),
      );
      expect([name, Object.keys(data)]).toEqual([
        name,
        expect.arrayContaining([key]),
      ]);
      count += 1;
    }
  }
  const volumes = spec.template?.spec.volumes as readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string };
    readonly configMap?: { readonly name: string };
  }[];
  for (const { name, secret, configMap } of volumes) {
    if (!name.startsWith("mqtt-pki")) {
      continue;
    }
    expect(names).toContain(
      `"name":"${secret?.secretName ?? configMap?.name ?? "?"}"`,
    );
    count += 1;
  }
  expect(count).toBeGreaterThan(2);
  return count;
}
