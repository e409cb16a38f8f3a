import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  ThingsBoardMqtt,
  ThingsBoardWorkload,
} from "../../../../components";
import { SETTINGS_KEY } from "../program/settings";
import { mqttSettings, workloadSettingsSchema } from "./settings";

// TLS for workloads that are there already. Without a version, what they are given is made up: nothing runs on the clusters of these tests.

const [project = "", key = ""] = SETTINGS_KEY.split(":");
const settings = workloadSettingsSchema.parse(
  new pulumi.Config(project).requireObject(key),
);
const { workloads, version, mountPath, checksum, providerPatch } = settings;
const [first] = workloads;

const target = KubernetesTarget.fromConfig("kubernetes", {
  ...(first !== undefined && { namespace: first.namespace }),
  namespaces: [...new Set(workloads.map(({ namespace }) => namespace))],
  workloads: settings.accessed,
});

function thingsBoard(version: string): ThingsBoardMqtt {
  const { namespace, provider } = target;
  const root = new RootCA(
    "root",
    { subject: { commonName: "Root CA" } },
    { protect: false },
  );
  const server = new ServerCertificate("server", {
    issuer: root,
    subject: { commonName: "mqtt.example.com" },
    dnsNames: settings.dnsNames,
    kubernetes: {
      namespace,
      secretName: "broker-tls",
      aliases: true,
      provider,
    },
  });
  return new ThingsBoardMqtt("thingsboard", {
    server,
    namespace,
    version,
    connectivity: { host: "mqtt.example.com" },
    provider,
  });
}

const made = version === undefined ? undefined : thingsBoard(version);

for (const { name, tbmq, ...args } of workloads) {
  new ThingsBoardWorkload(name, {
    ...args,
    mqtt: made ?? mqttSettings(tbmq, mountPath, checksum),
    provider: target.provider,
  });
}

if (providerPatch !== "") {
  new kubernetes.apps.v1.StatefulSetPatch(
    "provider-patch",
    {
      metadata: {
        name: "tb-mqtt-transport",
        namespace: providerPatch,
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: "server",
                env: [{ name: "MQTT_TIMEOUT", value: "10000" }],
              },
            ],
          },
        },
      },
    },
    { provider: target.provider },
  );
}
