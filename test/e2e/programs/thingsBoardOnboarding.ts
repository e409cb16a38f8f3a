import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  RootCA,
  ServerCertificate,
  ThingsBoardOnboarding,
} from "../../../components";

// Devices below a CA, those of one batch imported into ThingsBoard, those of another left to make themselves.

interface Settings {
  readonly url?: string;
  readonly caPem?: string;
  readonly pattern?: string;
  readonly ids?: string[];
  readonly deviceCaDays?: number;
  readonly deleteDevices?: boolean;
  readonly directory?: string;
}

const config = new pulumi.Config();
const settings = config.getObject<Settings>("thingsBoard") ?? {};
const apiKey = config.getSecret("apiKey");

// Tests destroy it.
const open = { protect: false };

const serverRoot = new RootCA(
  "server-root",
  { subject: { commonName: "Server Root CA" } },
  open,
);
const server = new ServerCertificate("server", {
  issuer: serverRoot,
  subject: { commonName: "localhost" },
  dnsNames: ["localhost"],
});
const deviceRoot = new RootCA(
  "device-root",
  { subject: { commonName: "Device Root CA" } },
  open,
);
const deviceCA = new IntermediateCA(
  "device-ca",
  {
    issuer: deviceRoot,
    subject: { commonName: "Device CA" },
    validityDays: settings.deviceCaDays ?? 1825,
  },
  open,
);
const batch = new DeviceCertificateBatch("imported", {
  issuer: deviceCA,
  devices: (settings.ids ?? ["pump-1", "pump-2"]).map((id) => ({ id })),
  output: { directory: "out/imported" },
});
new DeviceCertificateBatch("later", {
  issuer: deviceCA,
  devices: ["valve-1", "valve-2"].map((id) => ({ id })),
  output: { directory: "out/later" },
});
const onboarding = new ThingsBoardOnboarding("pumps", {
  ...(settings.url !== undefined && {
    server: {
      url: settings.url,
      ...(apiKey !== undefined && { apiKey }),
      ...(settings.caPem !== undefined && { caPem: settings.caPem }),
    },
  }),
  authority: deviceCA,
  profile: {
    profileName: "pumps",
    ...(settings.pattern !== undefined && {
      commonNamePattern: settings.pattern,
    }),
  },
  batch,
  devices: { deleteDevices: settings.deleteDevices ?? false },
  ...(settings.directory !== undefined && { directory: settings.directory }),
});

export const chainPem = server.chainPem;
export const privateKeyPem = server.privateKeyPem;
export const serverRootPem = serverRoot.trustAnchorsPem;
export const { profileId, profileJson, provisionDeviceKey, deviceCount } =
  onboarding;
