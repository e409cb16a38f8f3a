import type { Recorder } from "./support/record";
import { recordFleet } from "./support/recordedFleet";
import { secret } from "../provider/support/wire";

const P256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };

jest.setTimeout(20_000);

let recorder: Recorder;

beforeAll(async () => {
  ({ recorder } = await recordFleet());
});

test("every resource is below its component, under the component's name", () => {
  expect(recorder.tree()).toEqual(
    [
      "kubernetes cluster < ",
      "RootCA root < ",
      "PrivateKey root-key < root",
      "CertRequest root-request < root",
      "Certificate root-certificate < root",
      "CertificateAuthority root-authority < root",
      "IntermediateCA ca < ",
      "PrivateKey ca-key < ca",
      "CertRequest ca-request < ca",
      "Certificate ca-certificate < ca",
      "CertificateAuthority ca-authority < ca",
      "ServerCertificate server < ",
      "PrivateKey server-key < server",
      "CertRequest server-request < server",
      "Certificate server-certificate < server",
      "Secret server-secret < server",
      "BundlePublication server-publication < server",
      "DeviceCertificateBatch devices < ",
      "DeviceBatch devices < devices",
      "Secret devices-secret-0 < devices",
      "Secret devices-secret-1 < devices",
      "ThingsBoardMqtt thingsboard < ",
      "ConfigMap thingsboard-env < thingsboard",
      "ConfigMap thingsboard-ca-bundle < thingsboard",
      "BundlePublication thingsboard-ca-bundle-publication < thingsboard",
    ].sort(),
  );
});

test("the types are those that state and other languages know", () => {
  const ours = recorder.asked
    .map(({ type }) => type)
    .filter((type) => type.startsWith("mqtt-pki:"));
  expect([...new Set(ours)].sort()).toEqual([
    "mqtt-pki:index:BundlePublication",
    "mqtt-pki:index:Certificate",
    "mqtt-pki:index:CertificateAuthority",
    "mqtt-pki:index:DeviceBatch",
    "mqtt-pki:index:DeviceCertificateBatch",
    "mqtt-pki:index:IntermediateCA",
    "mqtt-pki:index:RootCA",
    "mqtt-pki:index:ServerCertificate",
    "mqtt-pki:index:ThingsBoardMqtt",
  ]);
});

describe("keys and requests", () => {
  test("keys are P-256 where nothing else is said, never the P-224 of tls.PrivateKey", () => {
    for (const name of ["root-key", "ca-key"]) {
      expect(recorder.get(name).inputs).toEqual(P256);
    }
    expect(recorder.get("server-key").inputs).toEqual({
      algorithm: "RSA",
      rsaBits: 2048,
    });
    expect(
      recorder.get("devices", "mqtt-pki:index:DeviceBatch").inputs.key,
    ).toEqual(P256);
  });

  test("a request holds key and subject only: a new host name changes neither", () => {
    const { inputs } = recorder.get("server-request");
    expect(Object.keys(inputs).sort()).toEqual(["privateKeyPem", "subject"]);
    expect(inputs.subject).toEqual({ commonName: "mqtt.example.com" });
  });
});

describe("certificates", () => {
  test("a root signs itself, with its key in PKCS#8 and as a secret", () => {
    expect(recorder.get("root-certificate").inputs).toEqual({
      profile: "root",
      subject: { commonName: "Root" },
      key: P256,
      requestPem: "root-request.certRequestPem",
      validityDays: 3650,
      signer: { privateKeyPem: secret("root-key.privateKeyPemPkcs8") },
    });
  });

  test("an intermediate is signed by its issuer, for 1825 days, with path length 0", () => {
    expect(recorder.get("ca-certificate").inputs).toEqual({
      profile: "intermediate",
      subject: { commonName: "CA" },
      key: P256,
      requestPem: "ca-request.certRequestPem",
      validityDays: 1825,
      pathLength: 0,
      nameConstraints: { permittedDnsNames: ["example.com"] },
      signer: {
        privateKeyPem: secret("root-key.privateKeyPemPkcs8"),
        certificatePem: "root-certificate.certificatePem",
        chainPem: "",
        trustAnchorsPem: "root-certificate.certificatePem",
        authorities: [{ subject: { commonName: "Root" }, validityDays: 3650 }],
        generations: [generation("root")],
      },
    });
  });

  test("a server knows all CAs above it, nearest first, with their limits", () => {
    const { inputs } = recorder.get("server-certificate");
    expect(inputs).toMatchObject({
      profile: "server",
      key: { algorithm: "RSA", rsaBits: 2048 },
      validityDays: 365,
      dnsNames: ["broker.example.com"],
      ipAddresses: ["192.0.2.7"],
      uris: [],
      signer: {
        privateKeyPem: secret("ca-key.privateKeyPemPkcs8"),
        certificatePem: "ca-certificate.certificatePem",
        chainPem: "ca-certificate.certificatePem",
        trustAnchorsPem: "root-certificate.certificatePem",
        generations: [generation("ca"), generation("root")],
        authorities: [
          {
            subject: { commonName: "CA" },
            validityDays: 1825,
            pathLength: 0,
            nameConstraints: { permittedDnsNames: ["example.com"] },
          },
          { subject: { commonName: "Root" }, validityDays: 3650 },
        ],
      },
    });
  });

  test("ledgers hold one active generation; an intermediate's has chain and anchors of its issuer", () => {
    const generations = (name: string): object => ({
      "1": {
        state: "active",
        certificatePem: `${name}-certificate.certificatePem`,
      },
    });
    expect(recorder.get("root-authority").inputs).toEqual({
      kind: "serverRoot",
      generations: generations("root"),
    });
    expect(recorder.get("ca-authority").inputs).toEqual({
      kind: "intermediate",
      generations: generations("ca"),
      issuerChainPem: "",
      rootTrustAnchorsPem: "root-certificate.certificatePem",
    });
  });
});

/** The one generation of a CA whose code names none, as what is below sees it. */
function generation(authority: string): object {
  return {
    authority,
    id: "1",
    state: "active",
    certificatePem: `${authority}-certificate.certificatePem`,
  };
}
