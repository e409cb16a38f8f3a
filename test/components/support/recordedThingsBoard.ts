import { createHash } from "node:crypto";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ThingsBoardMqttArgs } from "../../../components";
import { ThingsBoardMqtt } from "../../../components";
import type { Party } from "../../pki/support/authority";
import { intermediate, issue, root } from "../../pki/support/authority";
import { Recorder, valueOf } from "./record";

/** A program that makes one `ThingsBoardMqtt` after another, and what it asked for. */
export class RecordedThingsBoard {
  private constructor(
    readonly recorder: Recorder,
    private readonly provider: kubernetes.Provider,
    /** The root of servers and devices. */
    readonly ca: Party,
    readonly deviceCa: Party,
    /** Of the server: leaf and CA. */
    readonly chainPem: string,
  ) {}

  static async start(): Promise<RecordedThingsBoard> {
    const recorder = await Recorder.install();
    const provider = new kubernetes.Provider("cluster", {});
    const ca = await root();
    const [serverCa, deviceCa] = await Promise.all([
      intermediate(ca, { subject: { commonName: "Server CA" } }),
      intermediate(ca, { subject: { commonName: "Device CA" } }),
    ]);
    const server = await issue(serverCa, {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
      dnsNames: ["mqtt.example.com"],
    });
    const chainPem = server.certificatePem + serverCa.certificatePem;
    return new RecordedThingsBoard(recorder, provider, ca, deviceCa, chainPem);
  }

  /** As a `ServerCertificate` hands it on. */
  broker(
    more: Partial<ThingsBoardMqttArgs["server"]> = {},
  ): ThingsBoardMqttArgs["server"] {
    return {
      secretName: "tb-mqtts",
      chainPem: this.chainPem,
      privateKeyPem: pulumi.secret("KEY"),
      trustAnchorsPem: this.ca.certificatePem,
      keyAlgorithm: "ECDSA",
      hasAliases: true,
      ...more,
    };
  }

  /** Makes one, and waits for all that it asks for. */
  async make(
    name: string,
    args: Partial<ThingsBoardMqttArgs> = {},
  ): Promise<ThingsBoardMqtt> {
    const made = new ThingsBoardMqtt(name, {
      server: this.broker(),
      namespace: "thingsboard",
      provider: this.provider,
      ...args,
    });
    await Promise.all([
      valueOf(made.configMapName),
      valueOf(made.bundleConfigMapName),
      valueOf(made.environmentSecretName),
      valueOf(made.connectivityConfigMapName),
      valueOf(made.secretName),
    ]);
    return made;
  }

  /** What a Secret holds, as text. */
  texts(name: string): Record<string, string> {
    const { data } = this.recorder.get(name).inputs as {
      data: { value: Record<string, string> };
    };
    return Object.fromEntries(
      Object.entries(data.value).map(([key, value]) => [
        key,
        Buffer.from(value, "base64").toString(),
      ]),
    );
  }

  /** The resources below a component, as `<type> <name>`. */
  below(name: string): string[] {
    return this.recorder.asked
      .filter(({ parent }) => parent === name)
      .map(({ type, name: own }) => `${type.split(":").at(-1) ?? ""} ${own}`)
      .sort();
  }
}

/** SHA-256 over a text, hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
