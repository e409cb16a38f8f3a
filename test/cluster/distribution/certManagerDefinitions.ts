import type { ApiServer } from "../apiServer";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const KINDS = [
  ["issuers", "Issuer", "Namespaced"],
  ["clusterissuers", "ClusterIssuer", "Cluster"],
] as const;

/** Lets a server store issuers of cert-manager, which itself does not run there; waits until it does. */
export async function makeDefinitions(cluster: ApiServer): Promise<void> {
  for (const [plural, kind, scope] of KINDS) {
    const name = `${plural}.cert-manager.io`;
    const { status } = await cluster.call("GET", `${DEFINITIONS}/${name}`);
    if (status !== 200) {
      await cluster.create(DEFINITIONS, {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name },
        spec: {
          group: "cert-manager.io",
          scope,
          names: { plural, kind, singular: kind.toLowerCase() },
          versions: [version()],
        },
      });
    }
  }
  for (;;) {
    const { status } = await cluster.call(
      "GET",
      "/apis/cert-manager.io/v1/clusterissuers",
    );
    if (status === 200) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function version() {
  const spec = {
    type: "object",
    "x-kubernetes-preserve-unknown-fields": true,
  };
  return {
    name: "v1",
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
  };
}
