import * as kubernetes from "@pulumi/kubernetes";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  RootCA,
  ServerCertificate,
  ThingsBoardMqtt,
} from "../../../components";
import { root as deviceRoot } from "../../pki/support/authority";
import { Recorder, valueOf } from "./record";

/** A fleet with every component, and what its program asked for. */
export interface RecordedFleet {
  readonly recorder: Recorder;
  readonly server: ServerCertificate;
  readonly devices: DeviceCertificateBatch;
  readonly thingsBoard: ThingsBoardMqtt;
  /** Of the CA that the device profile is for. */
  readonly deviceRootPem: string;
}

/** Runs the program of that fleet. */
export async function recordFleet(): Promise<RecordedFleet> {
  const recorder = await Recorder.install();
  const { certificatePem: deviceRootPem } = await deviceRoot();
  const provider = new kubernetes.Provider("cluster", {});
  const root = new RootCA("root", { subject: { commonName: "Root" } });
  const ca = new IntermediateCA("ca", {
    issuer: root,
    subject: { commonName: "CA" },
    nameConstraints: { permittedDnsNames: ["example.com"] },
  });
  const server = new ServerCertificate("server", {
    issuer: ca,
    subject: { commonName: "mqtt.example.com" },
    dnsNames: ["broker.example.com"],
    ipAddresses: ["192.0.2.7"],
    key: { algorithm: "RSA" },
    kubernetes: {
      namespace: "thingsboard",
      secretName: "tb-mqtts",
      aliases: true,
      provider,
    },
  });
  const devices = new DeviceCertificateBatch("devices", {
    issuer: ca,
    manifest: "fleet.csv",
    profile: { subject: { organization: "IoT" }, validityDays: 90 },
    includeRoot: true,
    reissue: "once",
    output: {
      directory: "out",
      kubernetes: {
        namespace: "thingsboard",
        secretName: "devices",
        shards: 2,
        provider,
      },
    },
  });
  const thingsBoard = new ThingsBoardMqtt("thingsboard", {
    server,
    namespace: "thingsboard",
    // What is recorded is no certificate, which this one is looked at for.
    deviceAuthority: { certificatePem: deviceRootPem },
    provider,
  });
  await Promise.all([
    valueOf(server.secretName),
    valueOf(devices.secretNames),
    valueOf(thingsBoard.configMapName),
    valueOf(thingsBoard.bundleConfigMapName),
    valueOf(ca.activeGeneration),
  ]);
  return { recorder, server, devices, thingsBoard, deviceRootPem };
}
