import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { describeWith } from "../../support/command";
import { WHOLE_PROOF } from "../../support/figures";
import { InstalledProgram } from "../../support/installedProgram";
import { ApiServer } from "../apiServer";
import { clusterBinaries, howToGetBinaries } from "../binaries";
import { pathOf, stored, textOf } from "./objects";
import { isWanted, note } from "./rows";
import type { ManifestObject } from "./workloads";
import {
  deploy,
  manifestText,
  objectPath,
  objectsIn,
  readManifest,
} from "./workloads";

const BUNDLED = "--engine=bundled";

/** In `npm run cluster` alone. */
const LONG = [
  {
    example: "thingsboard-edge",
    namespace: "thingsboard-edge",
    manifests: ["edge"],
    secret: "tb-edge-mqtts",
    service: false,
  },
  {
    example: "thingsboard-tbmq",
    namespace: "thingsboard-mqtt-broker",
    manifests: ["tbmq"],
    secret: "tbmq-mqtts",
    service: false,
  },
];

/** An example, with the manifests that are there before it. Two workloads, and a Service, are in the short form. */
const EXAMPLES = [
  {
    example: "thingsboard-aws",
    namespace: "thingsboard",
    manifests: ["aws-microservices", "microservices-node"],
    secret: "tb-mqtts",
    service: false,
  },
  {
    example: "thingsboard-minikube",
    namespace: "thingsboard-minikube",
    manifests: ["minikube"],
    secret: "tb-mqtts",
    service: true,
  },
  ...(WHOLE_PROOF ? LONG : []),
];

const binaries = clusterBinaries();

describeWith(
  { name: "a Kubernetes API for tests", path: binaries?.apiServer },
  howToGetBinaries(),
  "the examples of ThingsBoard on a cluster",
  () => {
    if (!isWanted("bundled")) {
      test.todo("with the bundled engine alone");
      return;
    }
    let cluster: ApiServer;
    let programs: readonly InstalledProgram[] = [];

    beforeAll(async () => {
      if (binaries === undefined) {
        throw new Error("there are no programs to start");
      }
      cluster = await ApiServer.start(binaries, {});
      programs = await InstalledProgram.installAll(
        EXAMPLES.map(({ example }) => example),
      );
    }, 300_000);

    afterAll(async () => {
      for (const program of programs) {
        program.remove();
      }
      await cluster.stop();
    });

    test.each(EXAMPLES.map((example, index) => ({ ...example, index })))(
      "$example patches what is there, once, and gives it back",
      async ({ example, namespace, manifests, secret, service, index }) => {
        const program = programs[index];
        if (program === undefined) {
          throw new Error("it is not installed");
        }
        const path = join(program.folder, "Pulumi.dev.yaml");
        const { config } = parse(readFileSync(path, "utf8")) as {
          config: Record<string, string>;
        };
        const configure = (more: Readonly<Record<string, unknown>>): void => {
          Object.assign(config, more);
          writeFileSync(path, stringify({ config }));
        };
        configure({
          "mqtt-pki:target": "cluster",
          "mqtt-pki:kubeconfig": cluster.kubeconfig,
          "mqtt-pki:namespace": namespace,
        });
        const objects: ManifestObject[] = [];
        for (const [place, manifest] of manifests.entries()) {
          const found = objectsIn(manifestText(manifest));
          await deploy(cluster, namespace, found, place === 0);
          objects.push(...found);
        }
        const specs = (): Promise<ManifestObject["spec"][]> =>
          Promise.all(
            objects.map(async (object) => {
              const { spec } = await readManifest(
                cluster,
                objectPath(namespace, object),
              );
              return spec;
            }),
          );
        const before = await specs();

        await program.command("up", BUNDLED);
        const patched = await specs();
        const changed = objects.filter(
          (_object, place) =>
            JSON.stringify(patched[place]) !== JSON.stringify(before[place]),
        );
        expect(changed.map(({ kind }) => kind).sort()).toEqual([
          ...(service ? ["Service"] : []),
          ...manifests.map(() => "StatefulSet"),
        ]);
        const files = await stored(
          cluster,
          pathOf(namespace, "secrets", secret),
        );
        expect(textOf(files, "server.pem")).toMatch(/BEGIN CERTIFICATE/);
        expect(JSON.stringify(patched)).toContain(`"secretName":"${secret}"`);

        await program.command("up", "--expect-no-changes", BUNDLED);
        expect(await specs()).toEqual(patched);

        const [project = ""] = Object.keys(config)
          .filter((key) => key.endsWith(":host"))
          .map((key) => key.replace(/:host$/, ""));
        configure({ [`${project}:protect`]: false });
        await program.command("up", BUNDLED);
        await program.command("destroy", BUNDLED);
        expect(JSON.stringify(await specs())).not.toContain("mqtt-pki");
        const { status } = await cluster.call(
          "GET",
          pathOf(namespace, "secrets", secret),
        );
        expect(status).toBe(404);
        note({
          case: `example ${example}`,
          engine: "bundled",
          verdict: "passed",
          figure: `${changed.length} objects patched, and given back`,
        });
      },
      300_000,
    );
  },
);
