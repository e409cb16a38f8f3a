import * as kubernetes from "@pulumi/kubernetes";
import { ServerCertificate, TrustBundle } from "../../components";
import type { RestartArgs } from "../../components";
import { earliestEnd } from "../../components/annotations";
import { root } from "../pki/support/authority";
import { digest } from "../support/rendered";
import { Recorder, valueOf } from "./support/record";

jest.setTimeout(20_000);

const ROOTS = "one root\nanother root\n";
const TRUST = {
  generations: ["2027a", "2026a"].map((id) => ({
    authority: "root",
    id,
    state: "active",
    certificatePem: ROOTS,
  })),
};
const SHA = "mqtt-pki/bundle-sha256";

let recorder: Recorder;

beforeEach(async () => {
  recorder = await Recorder.install();
});

test("a bundle's digest stands on its ConfigMap, and is what restarts the pods of a broker that never rereads it", async () => {
  const bundle = new TrustBundle("device-roots", {
    authority: { trustAnchorsPem: ROOTS, trust: TRUST },
    namespace: "mosquitto",
    configMapName: "device-roots",
  });
  expect(await valueOf(bundle.podAnnotations)).toEqual({
    [SHA]: digest(ROOTS),
  });
  expect(await valueOf(bundle.bundleSha256)).toBe(digest(ROOTS));
  expect(await valueOf(bundle.configMapName)).toBe("device-roots");
  expect(recorder.get("device-roots-bundle").inputs).toMatchObject({
    metadata: {
      namespace: "mosquitto",
      name: "device-roots",
      annotations: {
        [SHA]: digest(ROOTS),
        "mqtt-pki/generations": "2026a 2027a",
      },
    },
    data: { "ca-bundle.pem": ROOTS },
  });
});

test("each further namespace has resources of its own, and the first keeps the names it always had", async () => {
  const bundle = new TrustBundle("roots", {
    authority: { trustAnchorsPem: ROOTS, trust: TRUST },
    namespace: "a",
    namespaces: ["b", "c"],
    configMapName: "mqtt-roots",
    clusterTrustBundle: { name: "mqtt", signerName: "example.com/mqtt" },
    restart: [{ kind: "StatefulSet", name: "broker", namespace: "b" }],
  });
  expect(await valueOf(bundle.clusterTrustBundleName)).toBe(
    "example.com:mqtt:mqtt",
  );
  await valueOf(bundle.configMapName);
  // The patch waits for the ConfigMaps.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(recorder.tree()).toEqual(
    [
      "TrustBundle roots < ",
      "BundlePublication roots-cluster-publication < roots",
      "BundlePublication roots-publication < roots",
      "BundlePublication roots-publication-b < roots",
      "BundlePublication roots-publication-c < roots",
      "ClusterTrustBundle roots-cluster-bundle < roots",
      "ConfigMap roots-bundle < roots",
      "ConfigMap roots-bundle-b < roots",
      "ConfigMap roots-bundle-c < roots",
      "StatefulSetPatch roots-restart-b/broker < roots",
    ].sort(),
  );
  const { inputs, retainOnDelete } = recorder.get("roots-restart-b/broker");
  expect(retainOnDelete).toBe(true);
  expect(inputs).toMatchObject({
    metadata: { namespace: "b", name: "broker" },
    spec: {
      template: { metadata: { annotations: { [SHA]: digest(ROOTS) } } },
    },
  });
});

test("the end of a bundle is that of its first root to end", async () => {
  const [long, short] = await Promise.all(
    [3650, 365].map((validityDays) => root({ validityDays })),
  );
  expect(
    earliestEnd(
      `# ours\n${long?.certificatePem ?? ""}${short?.certificatePem ?? ""}`,
    ),
  ).toBe("2027-11-20T12:00:00Z");
  expect(earliestEnd("nothing")).toBe("");
});

test("a certificate restarts a workload by the digest of what the broker loads", async () => {
  const provider = new kubernetes.Provider("cluster", {});
  const server = new ServerCertificate("server", {
    issuer: {
      certificatePem: "CA",
      chainPem: "CHAIN",
      trustAnchorsPem: ROOTS,
      signer: { privateKeyPem: "KEY" },
    },
    subject: { commonName: "mqtt.example.com" },
    kubernetes: {
      namespace: "mqtt",
      secretName: "tls",
      provider,
      restart: [
        { kind: "Deployment", name: "broker", annotation: "mqtt-pki/mqtts" },
      ],
    },
  });
  await valueOf(server.secretName);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const sha256 = digest("server-certificate.certificatePemCHAIN");
  expect(await valueOf(server.podAnnotations)).toEqual({
    "mqtt-pki/certificate-sha256": sha256,
  });
  expect(recorder.get("server-restart-broker")).toMatchObject({
    type: "kubernetes:apps/v1:DeploymentPatch",
    provider: "cluster",
    inputs: {
      metadata: { namespace: "mqtt", name: "broker" },
      spec: {
        template: { metadata: { annotations: { "mqtt-pki/mqtts": sha256 } } },
      },
    },
  });
});

describe("refused, all at once", () => {
  const bundle = (restart: RestartArgs[]) => () =>
    new TrustBundle("roots", {
      authority: { trustAnchorsPem: ROOTS },
      namespace: "a",
      configMapName: "roots",
      restart,
    });

  test("entries that restart nothing", () => {
    expect(
      bundle([
        { kind: "Pod", name: "B", namespace: "C" },
        { kind: "Deployment", name: "b", annotation: "checksum/config" },
        { kind: "Deployment", name: "b" },
      ]),
    ).toThrow(
      /^roots: restart\[0\]\.kind: "Pod" .* write one of Deployment, StatefulSet, DaemonSet\.\nroots: restart\[0\]\.name: "B" .*\nroots: restart\[0\]\.namespace: "C" .*\nroots: restart\[1\]\.annotation: "checksum\/config" .*\nroots: restart\[2\]: stands in restart\[1\] already\.$/,
    );
  });

  test("an entry of which nobody knows where it is", () => {
    expect(
      () =>
        new TrustBundle("roots", {
          authority: { trustAnchorsPem: ROOTS },
          namespaces: ["a", "b"],
          configMapName: "roots",
          restart: [{ kind: "Deployment", name: "broker" }],
        }),
    ).toThrow(
      'roots: restart[0].namespace: is missing; write the one in which "broker" is.',
    );
  });

  test("a bundle for nowhere, one without a name, a version that is none", () => {
    const authority = { trustAnchorsPem: ROOTS };
    expect(() => new TrustBundle("roots", { authority })).toThrow(
      /^roots: namespace: is missing/,
    );
    expect(
      () => new TrustBundle("roots", { authority, namespaces: ["a"] }),
    ).toThrow(/^roots: configMapName: is missing/);
    expect(
      () => new TrustBundle("roots", { authority, configMapName: "a" }),
    ).toThrow(
      /namespace: is missing[^]*configMapName: is given, and no namespace/,
    );
    expect(
      () =>
        new TrustBundle("roots", {
          authority,
          clusterTrustBundle: { name: "a", apiVersion: "v1" },
        }),
    ).toThrow(/clusterTrustBundle\.apiVersion: "v1" has no ClusterTrustBundle/);
  });
});
