import * as pulumi from "@pulumi/pulumi";
import { RootCA, ServerCertificate } from "../../../components";
import type { GenerationArgs } from "../../../components";

// A CA as a program gets it that says nothing of protection; the configuration may leave it out, or let it go.

const config = new pulumi.Config("mqtt-pki-demo");
const generations =
  config.getObject<Record<string, GenerationArgs>>("generations");

if (config.getBoolean("without") !== true) {
  new ServerCertificate("server", {
    issuer: new RootCA(
      "root",
      {
        subject: { commonName: "Root CA" },
        ...(generations !== undefined && { generations }),
        acknowledge: [
          { rule: "I4", reason: "nobody has it", until: "2026-12-31" },
        ],
      },
      { ...(config.getBoolean("letGo") === true && { protect: false }) },
    ),
    subject: { commonName: "mqtt.example.com" },
  });
}
