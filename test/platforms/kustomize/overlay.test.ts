import { parse } from "yaml";
import {
  basePath,
  kustomization,
  patchFile,
  patchText,
} from "../../../platforms/kustomize/overlay";
import {
  helmValues,
  overlayReadme,
  strategicPodPatch,
} from "../../../platforms/thingsBoard/workloadOverlay";
import { podPatch } from "../../../platforms/thingsBoard/workloadPatch";
import {
  ThingsBoardManifest,
  shapeOf,
} from "../../../platforms/thingsBoard/workloadShape";
import { mqttSettings } from "../../cluster/cases/workloadProgram/settings";

const FOLDER = "rendered/dev/kustomize/transport";

test.each([
  ["manifests/aws", "../../../../manifests/aws"],
  ["./manifests/aws/", "../../../../manifests/aws"],
  ["rendered/dev/kustomize/node", "../node"],
  ["../k8s/aws", "../../../../../k8s/aws"],
  ["/srv/k8s", "/srv/k8s"],
  ["https://github.com/a/b//c?ref=v1", "https://github.com/a/b//c?ref=v1"],
  ["github.com/a/b/c?ref=v1", "github.com/a/b/c?ref=v1"],
  ["git@github.com:a/b.git", "git@github.com:a/b.git"],
])("the base %s stands as %s in the overlay's folder", (base, path) => {
  expect(basePath(base, FOLDER)).toBe(path);
});

const WORKLOAD = {
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  name: "tb.node",
};
const SERVICE = { group: "", version: "v1", kind: "Service", name: "tb" };

test("an overlay has its base, and a patch for each object; without a base it is a component", () => {
  const targets = [WORKLOAD, SERVICE];
  expect(parse(kustomization({ base: "../base", targets }))).toEqual({
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: ["../base"],
    patches: [
      {
        path: "statefulset-tb.node.yaml",
        target: {
          group: "apps",
          version: "v1",
          kind: "StatefulSet",
          name: "tb\\.node",
        },
      },
      {
        path: "service-tb.yaml",
        target: { version: "v1", kind: "Service", name: "tb" },
      },
    ],
  });
  const component = parse(kustomization({ targets })) as object;
  expect(component).toMatchObject({ kind: "Component" });
  expect(component).not.toHaveProperty("resources");
});

test("a patch says which object it is of, and where it stands", () => {
  expect([WORKLOAD, SERVICE].map(patchFile)).toEqual([
    "statefulset-tb.node.yaml",
    "service-tb.yaml",
  ]);
  expect(parse(patchText(SERVICE, { spec: { ports: [] } }))).toEqual({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "tb" },
    spec: { ports: [] },
  });
  expect(parse(patchText(WORKLOAD, {}))).toMatchObject({
    apiVersion: "apps/v1",
  });
});

test("a strategic merge takes texts of variables away, and the manifest's own block for TLS", () => {
  const shape = shapeOf(ThingsBoardManifest.AzureMicroservices);
  if (shape === undefined) {
    throw new Error("there is no such manifest");
  }
  const merge = (mountPath: string) =>
    strategicPodPatch(
      podPatch(mqttSettings(false, mountPath, "a"), shape),
      shape.leftovers,
    );
  expect(merge("/ssl-config")).toMatchObject({
    volumes: [
      { name: "tb-mqtts-config", $patch: "delete" },
      { name: "mqtt-pki-mqtts" },
    ],
    containers: [
      {
        env: expect.arrayContaining([
          { name: "MQTT_SSL_KEY_STORE", $patch: "delete" },
          {
            name: "MQTT_SSL_ENABLED",
            value: null,
            valueFrom: {
              configMapKeyRef: {
                name: "broker-tls-env",
                key: "MQTT_SSL_ENABLED",
              },
            },
          },
        ]) as unknown,
        volumeMounts: [{ mountPath: "/ssl-config", name: "mqtt-pki-mqtts" }],
      },
    ],
  });
  // A mount of a volume that goes, goes with it.
  expect(merge("/mqtt-tls")).toMatchObject({
    containers: [
      {
        volumeMounts: [
          { mountPath: "/ssl-config", $patch: "delete" },
          { mountPath: "/mqtt-tls" },
        ],
      },
    ],
  });
});

test("two lines say how to use it", () => {
  const readme = overlayReadme(FOLDER, "StatefulSet tb-node", "manifests/aws");
  expect(readme.trim().split("\n")).toHaveLength(2);
  expect(readme).toContain(`kubectl apply -k ${FOLDER}`);
  expect(overlayReadme("my files/x", "StatefulSet node", "base")).toContain(
    "kubectl apply -k 'my files/x'",
  );
  expect(readme).toContain("manifests/aws");
  const component = overlayReadme(FOLDER, "StatefulSet tb-node", undefined);
  expect(component.trim().split("\n")).toHaveLength(2);
  expect(component).toContain("components:");
});

test("the chart's values", () => {
  expect(parse(helmValues("broker-tls"))).toEqual({
    mqtt: { ssl: { enabled: true, secret: "broker-tls" } },
  });
});
