import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { digest } from "../../support/rendered";
import type { ApiServer } from "../apiServer";
import { describeCase } from "./case";
import { CONFIG_MAPS, SECRETS, pathOf, stored, textOf } from "./objects";
import { DistributionStack } from "../distribution/stack";

/** Stands in the workload, which the server answers to a patch; no state may hold it readable. */
const THEIR_PASSWORD = "correct-horse-battery";
const BROKER = { kind: "Deployment", name: "broker" };

describeCase(
  "distribution",
  "bundles in several namespaces and for the whole cluster, and pods that restart when they must",
  async (given) => {
    const { engine, cluster, namespace } = given;
    const [second, third] = [`${namespace}-b`, `${namespace}-c`] as const;
    for (const name of [second, third]) {
      await cluster.create("/api/v1/namespaces", { metadata: { name } });
    }
    const stack = await DistributionStack.open(engine, {
      target: "cluster",
      kubeconfig: cluster.kubeconfig,
      namespace,
    });
    given.later(() => {
      stack.remove();
    });
    const clusterTrustBundle = { name: `roots-${engine.name}` };
    const restart = [BROKER];

    // All names at once.
    stack.want({ namespaces: [second, "B_", second] });
    expect(await stack.refusal()).toMatch(
      /namespaces\[1\]: "B_" is no name of a namespace[^]*namespaces\[2\]: .* is named twice/,
    );

    // A workload that is not there.
    stack.want({ restart });
    expect(await stack.refusal()).toMatch(
      new RegExp(
        `kubernetes\\.restart\\[0\\]\\.name: there is no Deployment "broker" in "${namespace}"\\. Deploy it before`,
      ),
    );

    await makeBroker(cluster, namespace);
    const first = { namespaces: [second], clusterTrustBundle, restart };
    await stack.want(first).must("up");
    await stack.must("preview", "--expect-no-changes");

    const bundle = await stored(
      cluster,
      pathOf(second, CONFIG_MAPS, "mqtt-roots"),
    );
    const pem = bundle.data["ca-bundle.pem"] ?? "";
    expect(bundle.metadata.annotations).toEqual({
      "mqtt-pki/bundle-sha256": digest(pem),
      "mqtt-pki/generations": "1",
      "mqtt-pki/not-after": new Date(new X509Certificate(pem).validTo)
        .toISOString()
        .replace(".000Z", "Z"),
    });
    const everywhere = await cluster.get(
      `/apis/certificates.k8s.io/v1beta1/clustertrustbundles/${clusterTrustBundle.name}`,
    );
    expect(everywhere).toMatchObject({
      metadata: { annotations: bundle.metadata.annotations },
      spec: { trustBundle: pem },
    });

    const before = await broker(cluster, namespace);
    const chain = await servedChain(cluster, namespace);
    expect(before.annotations).toEqual({
      "their/own": "stays",
      "mqtt-pki/certificate-sha256": digest(chain),
      "mqtt-pki/bundle-sha256": digest(pem),
    });

    expect(await stack.said("stack", "export")).not.toContain(THEIR_PASSWORD);

    // Each namespace by itself.
    const two = { ...first, namespaces: [second, third] };
    expect(await stack.want(two).must("up")).toEqual([
      `create roots-bundle-${third}`,
      `create roots-publication-${third}`,
    ]);
    const one = { ...first, namespaces: [third] };
    expect(await stack.want(one).must("up")).toEqual([
      `delete roots-bundle-${second}`,
      `delete roots-publication-${second}`,
    ]);
    expect(await broker(cluster, namespace)).toEqual(before);

    // Pods are replaced once for a new certificate, and for nothing else.
    const renamed = { ...one, host: "broker.example.com" };
    await stack.want(renamed).must("up");
    const after = await broker(cluster, namespace);
    expect(after).toEqual({
      generation: before.generation + 1,
      annotations: {
        ...before.annotations,
        "mqtt-pki/certificate-sha256": digest(
          await servedChain(cluster, namespace),
        ),
      },
    });
    await stack.want({ ...renamed, restart: [] }).must("up");
    expect(await broker(cluster, namespace)).toEqual(after);

    // What was taken out comes back without a quarrel with itself.
    const back = { ...renamed, host: "mqtt.example.com" };
    await stack.want(back).must("up");
    const last = await broker(cluster, namespace);
    expect(last.generation).toBe(after.generation + 1);

    // A bundle of a signer is another object, and the workload may be gone.
    await cluster.delete(
      `/apis/apps/v1/namespaces/${namespace}/deployments/broker`,
    );
    const signed = {
      ...clusterTrustBundle,
      signerName: `example.com/${engine.name}`,
    };
    await stack.want({ clusterTrustBundle: signed }).must("up");
    await cluster.get(
      `/apis/certificates.k8s.io/v1beta1/clustertrustbundles/example.com:${engine.name}:${clusterTrustBundle.name}`,
    );
    await stack.must("destroy");
    return "one restart for each new certificate, none for anything else";
  },
  {
    server: {
      featureGates: { ClusterTrustBundle: true },
      apis: ["certificates.k8s.io/v1beta1"],
    },
  },
);

async function makeBroker(cluster: ApiServer, namespace: string) {
  const labels = { app: "broker" };
  await cluster.apply(
    `/apis/apps/v1/namespaces/${namespace}/deployments/broker`,
    "helm",
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "broker" },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, annotations: { "their/own": "stays" } },
          spec: {
            containers: [
              {
                name: "broker",
                image: "mosquitto",
                env: [{ name: "PASSWORD", value: THEIR_PASSWORD }],
              },
            ],
          },
        },
      },
    },
  );
}

const deploymentSchema = z.object({
  metadata: z.object({ generation: z.number() }),
  spec: z.object({
    template: z.object({
      metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
    }),
  }),
});

/** What decides whether pods are replaced: each change of the workload's spec is another generation. */
async function broker(cluster: ApiServer, namespace: string) {
  const { metadata, spec } = deploymentSchema.parse(
    await cluster.get(
      `/apis/apps/v1/namespaces/${namespace}/deployments/broker`,
    ),
  );
  return {
    generation: metadata.generation,
    annotations: spec.template.metadata.annotations,
  };
}

async function servedChain(
  cluster: ApiServer,
  namespace: string,
): Promise<string> {
  const path = pathOf(namespace, SECRETS, "broker-tls");
  return textOf(await stored(cluster, path), "tls.crt");
}
