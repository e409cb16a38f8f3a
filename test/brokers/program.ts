import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as x509 from "@peculiar/x509";
import {
  BrokerConfiguration,
  DeviceCertificateBatch,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  TrustedBy,
} from "../../components";
import type { BrokersSetting } from "./stack";

// One fleet, and the configuration of every broker for it.

const config = new pulumi.Config("mqtt-pki-demo");
const settings = config.requireObject<BrokersSetting>("brokers");
const { namespace, provider, renderDirectory } =
  KubernetesTarget.fromConfig("kubernetes");

const ORGANIZATION = "Example";
const subject = (commonName: string) => ({
  organization: ORGANIZATION,
  commonName,
});
const unprotected = { protect: false };

const serverRoot = new RootCA(
  "server-root",
  { subject: subject("Server Root CA") },
  unprotected,
);
const server = new ServerCertificate("server", {
  issuer: new IntermediateCA(
    "server-ca",
    { issuer: serverRoot, subject: subject("Server CA") },
    unprotected,
  ),
  subject: { commonName: "mqtt.example.com" },
  dnsNames: [...settings.serverNames],
  kubernetes: { namespace, secretName: "server", provider },
});

const deviceRoot = (name: string, commonName: string) =>
  new RootCA(
    name,
    { subject: subject(commonName), trustedBy: TrustedBy.Brokers },
    unprotected,
  );
const root = deviceRoot("device-root", "Device Root CA");
const nextRoot = deviceRoot("next-device-root", "Next Device Root CA");
/** Of the same name, and of another key. */
const foreignRoot = deviceRoot("foreign-root", "Device Root CA");
const deviceCA = new IntermediateCA(
  "device-ca",
  { issuer: root, subject: subject("Device CA") },
  unprotected,
);

/** Below the root that brokers trust, and without a revocation list. */
const unlistedCA = new IntermediateCA(
  "unlisted-ca",
  {
    issuer: root,
    subject: subject("Unlisted CA"),
  },
  unprotected,
);

/** A server's certificate under the name of a device, of the CA of devices: only its purpose is wrong. */
const impostor = new ServerCertificate("impostor", {
  issuer: deviceCA,
  subject: subject(settings.devices[0] ?? ""),
  dnsNames: ["localhost"],
});

const batch = (
  name: string,
  issuer: RootCA | IntermediateCA,
  ids: readonly string[],
) =>
  new DeviceCertificateBatch(name, {
    issuer,
    devices: ids.map((id) => ({ id })),
    profile: { subject: { organization: ORGANIZATION } },
    output: { directory: `${renderDirectory}/${name}` },
  });
const devices = batch("devices", deviceCA, settings.devices);
batch("next-devices", nextRoot, settings.devices);
batch("foreign-devices", foreignRoot, settings.devices);
batch("unlisted-devices", unlistedCA, settings.devices);

/** A revocation list for each CA whose devices the broker is to take: without one, some take none of them. */
const crlPem = pulumi
  .all(
    [
      deviceCA,
      // Java looks up every certificate of a chain, the others that of the device.
      root,
      ...(settings.trust === "first" ? [] : [nextRoot]),
    ].map(({ certificatePem, signer }) =>
      pulumi.all([
        certificatePem,
        signer.privateKeyPem,
        devices.outputDirectory,
        devices.digest,
      ]),
    ),
  )
  .apply(async (authorities) => {
    const lists = await Promise.all(
      authorities.map(([certificate, key, folder], index) =>
        revocationList(
          certificate,
          key,
          // All that is revoked here is of the first one.
          index > 0
            ? []
            : settings.revoked.map((id) => `${folder}/${id}/cert.pem`),
        ),
      ),
    );
    return lists.join("");
  });

const roots = { first: [root], both: [root, nextRoot], next: [nextRoot] };
const trustAnchorsPem = pulumi.concat(
  ...roots[settings.trust].map((one) => one.trustAnchorsPem),
);

/** What each broker's pod is made of. */
export const brokers = Object.fromEntries(
  settings.brokers.map(({ name, kind, root: folder, ...setting }) => {
    const { port, revocation, stores, identity, topics, trustBundle } = setting;
    const id = name.toLowerCase().replaceAll(" ", "-");
    const broker = new BrokerConfiguration(id, {
      broker: kind,
      server,
      ...(trustBundle === undefined
        ? { deviceAuthority: { trustAnchorsPem } }
        : { trustBundle: { configMapName: trustBundle, bundleSha256: "" } }),
      port,
      identity,
      ...(topics !== undefined && { topics: [...topics] }),
      address: "127.0.0.1",
      devices: settings.devices
        .filter((id) => id !== settings.stranger)
        .map((id) => ({ id })),
      deviceSubject: { organization: ORGANIZATION },
      ...(revocation && { crlPem }),
      ...(stores && { storePassword: config.requireSecret("storePassword") }),
      paths: {
        server: `${folder}/mqtt/server`,
        trust: `${folder}/mqtt/device-roots`,
        crl: `${folder}/mqtt/crl`,
        configuration: `${folder}/mqtt/configuration`,
        secret: `${folder}/mqtt/secret`,
        data: `${folder}/data`,
      },
      kubernetes: { namespace, provider },
    });
    return [
      name,
      {
        volumes: broker.volumes,
        volumeMounts: broker.volumeMounts,
        env: broker.env,
        args: broker.args,
        podAnnotations: broker.podAnnotations,
        reload: broker.reload,
      },
    ];
  }),
);

export const impostorChain = impostor.chainPem;
export const impostorKey = impostor.privateKeyPem;

/** What devices know the brokers by. */
export const serverAnchors = serverRoot.trustAnchorsPem;

/** A revocation list as another tool would make it: this package does not yet. */
async function revocationList(
  certificate: string,
  key: string,
  revoked: readonly string[],
): Promise<string> {
  x509.cryptoProvider.set(webcrypto);
  const issuer = new x509.X509Certificate(certificate);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const signingKey = await webcrypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(key),
    algorithm,
    false,
    ["sign"],
  );
  const now = Date.now();
  const crl = await x509.X509CrlGenerator.create({
    // As it is encoded there: not every reader compares names by their meaning.
    issuer: issuer.subjectName,
    thisUpdate: new Date(now - 60_000),
    nextUpdate: new Date(now + 86_400_000),
    entries: revoked.filter(existsSync).map((file) => ({
      serialNumber: new x509.X509Certificate(readFileSync(file)).serialNumber,
      revocationDate: new Date(now - 120_000),
      reason: x509.X509CrlReason.keyCompromise,
    })),
    extensions: [await x509.AuthorityKeyIdentifierExtension.create(issuer)],
    signingAlgorithm: algorithm,
    signingKey,
  });
  // Its own label is one that OpenSSL does not know.
  return `${crl.toString("pem").replace(/(BEGIN|END) CRL/g, "$1 X509 CRL")}\n`;
}
