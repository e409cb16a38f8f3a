import { ThingsBoardManifest } from "../../../platforms/thingsBoard/workloadShape";
import type { CaseRun } from "./case";
import { describeCase } from "./case";
import {
  MANIFESTS,
  namespaceOf,
  templateWithTls,
  workloadsOf,
} from "./workloadVariants";
import type { ManifestObject } from "./workloads";
import {
  deploy,
  inOrder,
  manifestText,
  objectPath,
  objectsIn,
  readManifest,
  withoutRecords,
} from "./workloads";

/** What our managers are called. */
const OURS = "mqtt-pki/";

/** An object of a manifest, and where it is. */
interface Deployed {
  readonly manifest: string;
  readonly path: string;
  readonly object: ManifestObject;
}

describeCase(
  "workload patches",
  "every official manifest gets TLS, keeps all else, and is given back as it was",
  async (run) => {
    const before = await deployAll(run);
    const stack = await run.stack({
      namespace: namespaceOf(run.namespace, ThingsBoardManifest.Tbmq),
    });
    stack.set({ workloads: workloadsOf(run.namespace) });

    await stack.must("preview");
    expect(await readAll(run, before)).toEqual(before);
    await stack.must("up");
    const patched = await readAll(run, before);
    for (const [index, { manifest, object }] of patched.entries()) {
      const old = before[index]?.object;
      expect(foreignFields(object)).toEqual(foreignFields(old));
      if (old?.spec.template !== undefined) {
        expect([manifest, inOrder(object.spec)]).toEqual([
          manifest,
          inOrder({
            ...old.spec,
            template: templateWithTls(manifest, old.spec),
          }),
        ]);
      }
    }
    expect(portsOfServices(patched)).toEqual([
      "minikube 1883,8883",
      "openshift 1883,8883",
      "tbmq 1883,8083,8883",
    ]);

    // Twice, and nothing is left to do, neither for the program nor for the cluster.
    await stack.settled();
    await stack.must("up");
    expect(await readAll(run, before)).toEqual(patched);
    // Nor does whoever applies the manifest again take anything away.
    for (const { path, object } of before) {
      await run.cluster.apply(path, "kubectl", withoutRecords(object));
    }
    await stack.settled();

    // A renewed certificate replaces the pods of a version that does not reload.
    stack.set({ checksum: "second" });
    const deeds = await stack.must("up");
    expect(deeds).toEqual(
      MANIFESTS.filter(
        (manifest) => manifest !== ThingsBoardManifest.MicroservicesNode,
      )
        .map((manifest) => `update ${manifest}`)
        .sort(),
    );
    await stack.must("refresh");
    await stack.settled();

    await stack.must("destroy");
    for (const [index, { manifest, object }] of (
      await readAll(run, before)
    ).entries()) {
      expect([manifest, JSON.stringify(object.spec)]).toEqual([
        manifest,
        JSON.stringify(before[index]?.object.spec),
      ]);
      expect(
        object.metadata.managedFields.filter(({ manager }) =>
          manager.startsWith(OURS),
        ),
      ).toEqual([]);
    }
    return `${MANIFESTS.length} manifests, ${before.length} objects: no change by the second up, all of it given back byte for byte`;
  },
  { program: "workloadProgram" },
);

async function deployAll(run: CaseRun): Promise<Deployed[]> {
  const places: Omit<Deployed, "object">[] = [];
  for (const manifest of MANIFESTS) {
    const namespace = namespaceOf(run.namespace, manifest);
    const objects = objectsIn(manifestText(manifest));
    await deploy(run.cluster, namespace, objects);
    places.push(
      ...objects.map((object) => ({
        manifest,
        path: objectPath(namespace, object),
      })),
    );
  }
  return readAll(run, places);
}

function readAll(
  { cluster }: CaseRun,
  places: readonly Omit<Deployed, "object">[],
): Promise<Deployed[]> {
  return Promise.all(
    places.map(async ({ manifest, path }) => ({
      manifest,
      path,
      object: await readManifest(cluster, path),
    })),
  );
}

/** What others own of an object, and since when. */
function foreignFields(object: ManifestObject | undefined): unknown {
  return object?.metadata.managedFields.filter(
    ({ manager }) => !manager.startsWith(OURS),
  );
}

function portsOfServices(deployed: readonly Deployed[]): string[] {
  return deployed
    .filter(({ object }) => object.kind === "Service")
    .map(({ manifest, object }) => {
      const ports = object.spec.ports as readonly { readonly port: number }[];
      return `${manifest} ${ports
        .map(({ port }) => port)
        .sort()
        .join(",")}`;
    });
}
