import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { ThingsBoardManifest } from "../../../platforms/thingsBoard/workloadShape";
import { clusterBinaries, howToGetBinaries } from "../binaries";
import { kustomize, kustomizeBuild } from "../kustomize";
import type { CaseRun } from "./case";
import { describeCase } from "./case";
import type { CaseStack } from "./stack";
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
} from "./workloads";

// Without a cluster there is nothing to apply, and Kustomize need not be built.
const program =
  clusterBinaries() === undefined
    ? { path: undefined, howToGet: howToGetBinaries() }
    : kustomize();

/** Manifests whose lines for MQTTS somebody has uncommented, and what they are to end as. */
const UNCOMMENTED = {
  "aws-microservices-uncommented": ThingsBoardManifest.AwsMicroservices,
  "azure-microservices-uncommented": ThingsBoardManifest.AzureMicroservices,
};

describeCase(
  "workload overlays",
  "Kustomize makes of every manifest what the patch makes of it",
  async (run) => {
    const stack = await run.stack({
      target: "render",
      namespace: "thingsboard",
      kubeconfig: undefined,
    });
    const workloads = workloadsOf("any").map((workload) => ({
      ...workload,
      namespace: "thingsboard",
    }));
    const repaired = Object.entries(UNCOMMENTED).map(([name, manifest]) => ({
      name,
      manifest,
      namespace: "thingsboard",
    }));
    stack.set({
      workloads: [...workloads, ...repaired].map((workload) => ({
        ...workload,
        base: `manifests/${workload.name}`,
      })),
    });
    for (const { name } of [...workloads, ...repaired]) {
      writeBase(stack, name);
    }
    await stack.must("up");
    await stack.settled();

    const made = new Map<string, unknown>();
    for (const manifest of MANIFESTS) {
      const applied = await applyOverlay(run, stack, manifest);
      made.set(manifest, inOrder(applied.spec));
      const plain = await deployPlain(run, manifest);
      expect([manifest, inOrder(applied.spec)]).toEqual([
        manifest,
        inOrder({
          ...plain.spec,
          template: templateWithTls(manifest, withoutTexts(plain).spec),
        }),
      ]);
    }
    for (const [name, manifest] of Object.entries(UNCOMMENTED)) {
      const applied = await applyOverlay(run, stack, name);
      expect([name, inOrder(applied.spec)]).toEqual([name, made.get(manifest)]);
    }

    const component = await withComponent(run, stack);
    expect(volumesOf(component)).toContain("mqtt-pki-mqtts");
    expect(component.spec.template?.metadata).toMatchObject({
      annotations: {
        "mqtt-pki/certificate-sha256": expect.stringMatching(
          /^[0-9a-f]{64}$/,
        ) as unknown,
      },
    });
    await stack.must("destroy");
    return `${MANIFESTS.length} overlays as by the patch, ${repaired.length} repaired, 1 component`;
  },
  {
    program: "workloadProgram",
    needs: { name: "kustomize", ...program },
  },
);

/** A folder with a manifest, as somebody has it who uses Kustomize. */
function writeBase({ folder }: CaseStack, name: string): void {
  write(join(folder, "manifests", name), {
    "manifest.yaml": manifestText(name),
    "kustomization.yaml": stringify({ resources: ["manifest.yaml"] }),
  });
}

async function applyOverlay(
  run: CaseRun,
  { folder }: CaseStack,
  name: string,
): Promise<ManifestObject> {
  const overlay = join(folder, "rendered", "dev", "kustomize", name);
  const readme = readFileSync(join(overlay, "README.md"), "utf8");
  expect(readme).toContain(`kubectl apply -k rendered/dev/kustomize/${name}`);
  const text = await kustomizeBuild(program.path ?? "", overlay);
  return deployed(run, namespaceOf(run.namespace, `${name}-overlay`), text);
}

function deployPlain(run: CaseRun, name: string): Promise<ManifestObject> {
  return deployed(run, namespaceOf(run.namespace, name), manifestText(name));
}

/** The workload of a text, once the API has it. */
async function deployed(
  { cluster }: CaseRun,
  namespace: string,
  text: string,
): Promise<ManifestObject> {
  const objects = objectsIn(text);
  const workload = objects.find(({ kind }) => kind === "StatefulSet");
  if (workload === undefined) {
    throw new Error("there is no StatefulSet");
  }
  await deploy(cluster, namespace, objects);
  return readManifest(cluster, objectPath(namespace, workload));
}

/** A manifest without texts that the overlay replaces by references. */
function withoutTexts(object: ManifestObject): ManifestObject {
  const copy = structuredClone(object);
  for (const container of copy.spec.template?.spec.containers ?? []) {
    container.env = container.env.filter(
      ({ name }) => name !== "LISTENER_SSL_BIND_PORT",
    );
  }
  return copy;
}

function volumesOf({ spec }: ManifestObject): string[] {
  const volumes = spec.template?.spec.volumes as
    readonly { readonly name: string }[] | undefined;
  return (volumes ?? []).map(({ name }) => name).sort();
}

/** Without a base it is a component, which somebody's own kustomization.yaml lists. */
async function withComponent(
  run: CaseRun,
  stack: CaseStack,
): Promise<ManifestObject> {
  // A ThingsBoardMqtt of an old version: what is in the files is known once the certificate is.
  stack.set({
    version: "4.3.1",
    workloads: [
      {
        name: "component",
        manifest: ThingsBoardManifest.Minikube,
        namespace: "thingsboard",
      },
    ],
  });
  expect(await stack.must("preview")).toContain("create component-overlay");
  await stack.must("up");
  const overlay = join(stack.folder, "rendered", "dev", "kustomize");
  const { kind } = parse(
    readFileSync(join(overlay, "component", "kustomization.yaml"), "utf8"),
  ) as { readonly kind: string };
  expect(kind).toBe("Component");
  const own = join(stack.folder, "own");
  write(own, {
    "kustomization.yaml": stringify({
      namespace: namespaceOf(run.namespace, "component"),
      resources: ["../manifests/minikube"],
      components: ["../rendered/dev/kustomize/component"],
    }),
  });
  const text = await kustomizeBuild(program.path ?? "", own);
  return deployed(run, namespaceOf(run.namespace, "component"), text);
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
