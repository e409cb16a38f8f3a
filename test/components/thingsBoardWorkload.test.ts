import * as kubernetes from "@pulumi/kubernetes";
import { parse } from "yaml";
import type { ThingsBoardWorkloadArgs } from "../../components";
import {
  KeyFileAccess,
  KubernetesTarget,
  ThingsBoardManifest,
  ThingsBoardWorkload,
  patchedTemplate,
} from "../../components";
import { placeProblems } from "../../components/thingsBoardWorkloadChoice";
import { mqttSettings } from "../cluster/cases/workloadProgram/settings";
import { Recorder, valueOf } from "./support/record";

jest.setTimeout(20_000);

let recorder: Recorder;

beforeEach(async () => {
  recorder = await Recorder.install();
});

// What a test asked for is not to be the next one's.
afterEach(() => settled());

const MQTT = mqttSettings(false, "/ssl-config", "first");

function workload(args: Partial<ThingsBoardWorkloadArgs>): ThingsBoardWorkload {
  return new ThingsBoardWorkload("transport", {
    mqtt: MQTT,
    namespace: "thingsboard",
    ...args,
  });
}

/** Registrations come after what they depend on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200));
}

describe("on a cluster", () => {
  const target = () =>
    new KubernetesTarget("prod", {
      target: "cluster",
      kubeconfig: "prod.kubeconfig",
      context: "berlin",
      namespace: "thingsboard",
    });

  test("the workload and the Service are patched in a name of the component's own", async () => {
    const made = workload({
      manifest: ThingsBoardManifest.Minikube,
      provider: target().provider,
    });
    expect(await valueOf(made.kustomizeDirectory)).toBe("");
    await settled();
    const place = {
      kubeconfig: "prod.kubeconfig",
      context: "berlin",
      cluster: "prod",
      namespace: "thingsboard",
      name: "tb-mqtt-transport",
      fieldManager: "mqtt-pki/fleet/test/transport",
      takeOver: false,
    };
    expect(
      recorder.get("transport", "mqtt-pki:index:WorkloadPatch"),
    ).toMatchObject({
      parent: "transport",
      inputs: {
        ...place,
        kind: "StatefulSet",
        literals: { MQTT_SSL_PEM_CERT: "/ssl-config/server.pem" },
        fields: {
          spec: {
            template: {
              metadata: {
                annotations: {
                  "mqtt-pki/certificate-sha256": "first",
                  "mqtt-pki/configuration-sha256": "first",
                },
              },
              spec: {
                volumes: [{ secret: { secretName: "broker-tls" } }],
                containers: [{ name: "server" }],
              },
            },
          },
        },
      },
    });
    expect(recorder.get("transport-service").inputs).toMatchObject({
      ...place,
      kind: "Service",
      fields: { spec: { ports: [{ name: "mqtts", port: 8883 }] } },
    });
    expect(
      recorder.asked.some(({ type }) => type.includes("ConfigurationFiles")),
    ).toBe(false);
  });

  test("a Service can be left alone, or be another one; a workload of one's own has no manifest", async () => {
    const { provider } = target();
    workload({ manifest: ThingsBoardManifest.Minikube, service: "", provider });
    new ThingsBoardWorkload("own", {
      mqtt: MQTT,
      namespace: "thingsboard",
      workload: { kind: "Deployment", name: "broker", container: "main" },
      service: "broker",
      provider,
    });
    await settled();
    const patches = recorder.asked
      .filter(({ type }) => type.endsWith("WorkloadPatch"))
      .map(
        ({ name, inputs }) =>
          `${name}: ${String(inputs.kind)} ${String(inputs.name)}`,
      )
      .sort();
    expect(patches).toEqual([
      "own-service: Service broker",
      "own: Deployment broker",
      "transport: StatefulSet tb-mqtt-transport",
    ]);
  });

  test("a provider of no target says to nobody where its cluster is", () => {
    expect(() =>
      workload({
        manifest: ThingsBoardManifest.Minikube,
        provider: new kubernetes.Provider("own", {}),
      }),
    ).toThrow(/^transport: provider: is of no KubernetesTarget.*leave it out/);
  });
});

test("pods have what is in their own namespace only", () => {
  expect(placeProblems("mqtt", "mqtt")).toEqual([]);
  expect(placeProblems("elsewhere", "mqtt")[0]).toMatch(
    /^namespace: "elsewhere" has no Secret of mqtt, whose objects are in "mqtt"/,
  );
  expect(placeProblems("", "")[0]).toMatch(/^namespace: is missing/);
  expect(placeProblems("No", "No")[0]).toMatch(
    /^namespace: "No" is no name of a namespace/,
  );
});

describe("rendered", () => {
  const target = () =>
    new KubernetesTarget("files", {
      namespace: "thingsboard",
      renderDirectory: "rendered/dev",
    });

  test("an overlay in the folder of the target", async () => {
    const made = workload({
      manifest: ThingsBoardManifest.AwsMonolith,
      base: "../thingsboard-ce-k8s/aws/monolith",
      provider: target().provider,
    });
    expect(await valueOf(made.kustomizeDirectory)).toBe(
      "rendered/dev/kustomize/transport",
    );
    await settled();
    const { inputs } = recorder.get("transport-overlay");
    expect(inputs.directory).toBe("rendered/dev/kustomize/transport");
    const files = inputs.files as Record<string, string>;
    expect(Object.keys(files).sort()).toEqual([
      "README.md",
      "kustomization.yaml",
      "statefulset-tb-node.yaml",
    ]);
    expect(parse(files["kustomization.yaml"] ?? "")).toMatchObject({
      resources: ["../../../../../thingsboard-ce-k8s/aws/monolith"],
    });
    expect(
      recorder.asked.some(({ type }) => type.endsWith("WorkloadPatch")),
    ).toBe(false);
  });

  test("the Helm chart takes values, and no patch", async () => {
    const made = workload({
      manifest: ThingsBoardManifest.Helm,
      provider: target().provider,
    });
    expect(parse(await valueOf(made.helmValues))).toEqual({
      mqtt: { ssl: { enabled: true, secret: "broker-tls" } },
    });
    expect(await valueOf(made.patch)).toBe("");
    await settled();
    expect(recorder.get("transport-values").inputs).toMatchObject({
      directory: "rendered/dev/helm/transport",
      files: { "values.yaml": await valueOf(made.helmValues) },
    });
  });

  test("a program that makes the workload itself lays the patch over its template", async () => {
    const made = workload({
      manifest: ThingsBoardManifest.AwsMicroservices,
      provider: target().provider,
    });
    const template = {
      spec: { containers: [{ name: "server", image: "thingsboard" }] },
    };
    const patched = patchedTemplate(template, await valueOf(made.patch));
    expect(patched).toMatchObject({
      metadata: { annotations: { "mqtt-pki/certificate-sha256": "first" } },
      spec: {
        volumes: [{ name: "mqtt-pki-mqtts" }],
        containers: [
          { image: "thingsboard", ports: [{ containerPort: 8883 }] },
        ],
      },
    });
  });
});

test("mistakes are refused all at once", () => {
  expect(() =>
    workload({
      workload: { kind: "Pod", name: "A" },
      role: "broker",
      keyFileAccess: "root",
      service: "Ä",
      base: "",
    }),
  ).toThrow(
    /^transport: workload\.container: is missing; write it, or say which manifest it is\.\ntransport: workload\.kind: "Pod" .* write one of Deployment, StatefulSet, DaemonSet\.\ntransport: workload\.name: "A" .*\ntransport: service: "Ä" .*\ntransport: role: "broker" .* mqtt-transport, .*\ntransport: keyFileAccess: "root" .* everyone, group\.\ntransport: base: "" is no folder/,
  );
  expect(() => workload({ manifest: "aws" })).toThrow(
    /^transport: manifest: "aws" is none of ThingsBoard's; write one of aws-microservices, .*, or leave it out and say kind, name and container/,
  );
  expect(() =>
    workload({
      manifest: ThingsBoardManifest.Helm,
      keyFileAccess: KeyFileAccess.Group,
      service: "broker",
    }),
  ).toThrow(
    /^transport: service: has no meaning for the Helm chart.*\ntransport: keyFileAccess: has no meaning/,
  );
});
