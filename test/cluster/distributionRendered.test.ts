import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { bundled } from "../e2e/conformance/engines";
import { digest } from "../support/rendered";
import { DistributionStack } from "./distribution/stack";

jest.setTimeout(300_000);

let stack: DistributionStack;
let said: string;
let folder: string;

beforeAll(async () => {
  stack = await DistributionStack.open(bundled, {
    target: "render",
    namespace: "mqtt",
  });
  stack.want({
    namespaces: ["gateway"],
    clusterTrustBundle: { name: "roots", signerName: "example.com/mqtt" },
    restart: [{ kind: "StatefulSet", name: "broker" }],
    certManager: "intermediate",
  });
  said = await stack.said("up", "--yes", "--skip-preview");
  folder = join(stack.folder, "rendered", "dev", "1-manifest");
});

afterAll(() => {
  stack.remove();
});

interface Manifest {
  metadata: { annotations: Record<string, string> };
  data: Record<string, string>;
  spec: Record<string, unknown>;
}

function manifest(name: string): Manifest {
  return parse(readFileSync(join(folder, name), "utf8")) as Manifest;
}

test("bundles for namespaces and for the cluster, and an issuer, are YAML like all else", () => {
  const [first, second] = ["mqtt", "gateway"].map((namespace) =>
    manifest(`v1-configmap-${namespace}-mqtt-roots.yaml`),
  );
  const pem = first?.data["ca-bundle.pem"] ?? "";
  expect(second?.data).toEqual(first?.data);
  expect(first?.metadata.annotations).toMatchObject({
    "mqtt-pki/bundle-sha256": digest(pem),
    "mqtt-pki/generations": "1",
  });
  const name = readdirSync(folder).find((file) =>
    file.includes("clustertrustbundle"),
  );
  expect(manifest(name ?? "")).toMatchObject({
    metadata: { name: "example.com:mqtt:roots" },
    spec: { signerName: "example.com/mqtt", trustBundle: pem },
  });
  expect(
    manifest("cert-manager.io_v1-issuer-mqtt-cluster-ca.yaml").spec,
  ).toEqual({ ca: { secretName: "cluster-ca" } });
  expect(
    Object.keys(manifest("v1-secret-mqtt-cluster-ca.yaml").data).sort(),
  ).toEqual(["ca.crt", "tls.crt", "tls.key"]);
});

test("a workload is not patched: half of one is no manifest, and the user is told what to write into the whole one", () => {
  expect(said).toMatch(
    /server: kubernetes\.restart: YAML in a folder restarts nothing; where the manifests of StatefulSet broker come from, put mqtt-pki\/certificate-sha256 into/,
  );
  expect(said).toMatch(/roots: restart: .*put mqtt-pki\/bundle-sha256 into/);
  expect(existsSync(folder)).toBe(true);
  expect(readdirSync(folder).join()).not.toMatch(/statefulset/i);
});

test("nothing can be read where nothing is", async () => {
  expect(await stack.want({ read: "made" }).refusal()).toMatch(
    /made: provider: renders YAML, and there is no cluster to read from/,
  );
});
