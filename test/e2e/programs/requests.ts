import { readFileSync } from "node:fs";
import {
  DeviceCertificateBatch,
  RootCA,
  ServerCertificate,
} from "../../../components";

// A broker and devices that made their keys themselves, and gave requests only.

const root = new RootCA("root", { subject: { commonName: "Root CA" } });
const server = new ServerCertificate("server", {
  issuer: root,
  subject: { commonName: "mqtt.example.com" },
  dnsNames: ["mqtt.example.com"],
  requestPem: readFileSync("server.csr", "utf8"),
});
const devices = new DeviceCertificateBatch("devices", {
  issuer: root,
  requests: "requests",
  output: { directory: "out" },
});

export const serverChain = server.chainPem;
export const anchors = root.trustAnchorsPem;
export const { count, digest } = devices;
