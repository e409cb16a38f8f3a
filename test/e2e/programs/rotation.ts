import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { IntermediateCA, RootCA, ServerCertificate } from "../../../components";
import type { GenerationArgs } from "../../../components";

// A broker below an intermediate below a root, whose generations the configuration moves.

type States = Record<string, string>;

const states =
  new pulumi.Config("mqtt-pki-demo").getObject<Record<string, States>>(
    "rotation",
  ) ?? {};

/** The first generation has the subject of its CA, each later one its id in its own. */
function generationsOf(
  name: string,
  commonName: string,
): { generations?: Record<string, GenerationArgs> } {
  const own = states[name];
  return own === undefined
    ? {}
    : {
        generations: Object.fromEntries(
          Object.entries(own).map(([id, state]) => [
            id,
            id === "2026a"
              ? { state }
              : { state, subject: { commonName: `${commonName} ${id}` } },
          ]),
        ),
      };
}

const provider = new kubernetes.Provider("kubernetes", {
  renderYamlToDirectory: "out",
  enableSecretMutable: true,
});
const root = new RootCA("root", {
  subject: { commonName: "Root CA" },
  ...generationsOf("root", "Root CA"),
});
const serverCA = new IntermediateCA("server-ca", {
  issuer: root,
  subject: { commonName: "Server CA" },
  ...generationsOf("server-ca", "Server CA"),
});
new ServerCertificate("server", {
  issuer: serverCA,
  subject: { commonName: "mqtt.example.com" },
  kubernetes: { namespace: "default", secretName: "broker", provider },
});
