import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  TargetKind,
  ThingsBoardMqtt,
  TrustBundle,
  TrustedBy,
} from "./components";
import { readSettings } from "./settings";

const settings = readSettings(new pulumi.Config());

// Which cluster, or the folder of YAML: `mqtt-pki:*` in the stack's configuration.
const target = KubernetesTarget.fromConfig("kubernetes");
const { namespace, provider, renderDirectory } = target;

/** A fleet in the field loses its CAs by no mistake; a demo may be destroyed. */
const authority = { protect: settings.protect ?? true };

const serverRoot = new RootCA("server-root", settings.serverRoot, authority);
const serverCA = new IntermediateCA(
  "server-ca",
  { issuer: serverRoot, ...settings.serverCA },
  authority,
);
const { secretName, ...serverSettings } = settings.server;
const server = new ServerCertificate("server", {
  issuer: serverCA,
  ...serverSettings,
  kubernetes: { namespace, secretName, aliases: true, provider },
});

const deviceRoot = new RootCA(
  "device-root",
  { ...settings.deviceRoot, trustedBy: TrustedBy.Brokers },
  authority,
);
const deviceCA = new IntermediateCA(
  "device-ca",
  { issuer: deviceRoot, ...settings.deviceCA },
  authority,
);
const batch = settings.devices;
const devices = new DeviceCertificateBatch(`devices-${batch.name}`, {
  issuer: deviceCA,
  manifest: batch.manifest,
  profile: batch,
  ...(batch.includeRoot !== undefined && { includeRoot: batch.includeRoot }),
  ...(batch.reissue !== undefined && { reissue: batch.reissue }),
  output: {
    directory: `${renderDirectory}/devices`,
    ...(batch.secretName !== undefined && {
      kubernetes: {
        namespace,
        secretName: batch.secretName,
        shards: batch.shards ?? 1,
        provider,
      },
    }),
  },
});

const thingsBoard = new ThingsBoardMqtt("thingsboard", {
  server,
  namespace,
  deviceAuthority: deviceRoot,
  provider,
  ...settings.thingsBoard,
});

const deviceRoots = new TrustBundle("device-roots", {
  authority: deviceRoot,
  namespace,
  configMapName: "mqtt-device-ca-bundle",
  provider,
});

/** Where an object is: the file of its YAML, or its place in the cluster. */
const rendered = (kind: string, name: pulumi.Input<string>) =>
  target.kind === TargetKind.Cluster
    ? pulumi.interpolate`${kind}/${name} in ${namespace}`
    : pulumi.interpolate`${renderDirectory}/1-manifest/v1-${kind}-${namespace}-${name}.yaml`;

/** What the update made, for whom, and until when; `npm run up` prints it as a table. */
export const whatGoesWhere = [
  {
    file: rendered("secret", server.secretName),
    purpose: "broker certificate, chain and key",
    goesTo: "the broker",
    secret: true,
    expires: server.notAfter,
  },
  {
    file: rendered("configmap", thingsBoard.configMapName),
    purpose: "MQTT_SSL_* variables",
    goesTo: "ThingsBoard, by envFrom",
    secret: false,
    expires: "",
  },
  {
    file: rendered("configmap", thingsBoard.bundleConfigMapName),
    purpose: "server root (ca-bundle.pem)",
    goesTo: "device firmware",
    secret: false,
    expires: serverRoot.notAfter,
  },
  {
    file: rendered("configmap", deviceRoots.configMapName),
    purpose: "device root (ca-bundle.pem)",
    goesTo: "a broker that verifies devices by a CA file",
    secret: false,
    expires: deviceRoot.notAfter,
  },
  ...(batch.secretName === undefined
    ? []
    : [
        {
          file: rendered(
            "secret",
            devices.secretNames.apply(([first]) => first ?? ""),
          ),
          purpose: "device chains and keys",
          goesTo: "a device simulator",
          secret: true,
          expires: devices.expiresFirst,
        },
      ]),
  {
    file: pulumi.interpolate`${devices.outputDirectory}/<id>/{cert,chain,key}.pem`,
    purpose: pulumi.interpolate`certificate, chain and key of ${devices.count} devices`,
    goesTo: "each device",
    secret: true,
    expires: devices.expiresFirst,
  },
  {
    file: pulumi.interpolate`${devices.outputDirectory}/inventory.csv`,
    purpose: "record of all device certificates",
    goesTo: "you: keep it with the state",
    secret: false,
    expires: "",
  },
];

/** The root every device must trust, PEM. */
export const serverTrustAnchors = serverRoot.trustAnchorsPem;
/** The root the broker or platform must trust for devices, PEM: upload it to Cumulocity, or see deviceProfile. */
export const deviceTrustAnchors = deviceRoot.trustAnchorsPem;
/** Body for ThingsBoard's `POST /api/deviceProfile`. */
export const deviceProfile = thingsBoard.deviceProfile;
/** When the next update has something to renew in the server's chain. */
export const serverRenewAt = server.renewAt;
