import { issueCertificate } from "../../../pki/certificate";
import { subtle, x509 } from "../../../pki/webcrypto";
import { encodePem } from "../../../pki/pem";
import type { Party } from "../../pki/support/authority";
import { intermediate, order, root } from "../../pki/support/authority";
import { exportPkcs8, publicKeyDer } from "../../../pki/key";
import type { Properties } from "./wire";
import { secret } from "./wire";

/** A key of a test, and the request for its certificate, as `@pulumi/tls` would make them. */
export interface Requester {
  readonly privateKeyPem: string;
  readonly requestPem: string;
}

/** Makes a key on a curve and a request for it. */
export async function requester(namedCurve = "P-256"): Promise<Requester> {
  const keys = await subtle.generateKey({ name: "ECDSA", namedCurve }, true, [
    "sign",
    "verify",
  ]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=asked",
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  const pkcs8 = await subtle.exportKey("pkcs8", keys.privateKey);
  return {
    privateKeyPem: encodePem("PRIVATE KEY", Buffer.from(pkcs8)),
    requestPem: request.toString("pem"),
  };
}

/** A root and an issuing CA, as the resources below them are given them. */
export interface Hierarchy {
  readonly authority: Party;
  readonly ca: Party;
  /** The issuing CA as a signer; its key a secret, as the engine sends it. */
  readonly signer: Properties;
}

const ROOT_DAYS = 3650;
const CA_DAYS = 1825;

/** Makes both at the given moment. */
export async function hierarchy(now = new Date()): Promise<Hierarchy> {
  const authority = await root({ validityDays: ROOT_DAYS }, now);
  const ca = await intermediate(authority, { validityDays: CA_DAYS }, now);
  return { authority, ca, signer: signerOf(ca, authority) };
}

/** A CA below a root, as a signer. */
export function signerOf(ca: Party, authority: Party): Properties {
  return {
    privateKeyPem: secret(exportPkcs8(ca.key)),
    certificatePem: ca.certificatePem,
    chainPem: ca.certificatePem,
    trustAnchorsPem: authority.certificatePem,
    authorities: [
      {
        subject: { commonName: "Test Issuing CA" },
        validityDays: CA_DAYS,
        pathLength: 0,
      },
      { subject: { commonName: "Test Root CA" }, validityDays: ROOT_DAYS },
    ],
  };
}

/** The issuing CA's certificate made anew for the same key, as its renewal would. */
export async function renewedCa(
  { authority, ca }: Hierarchy,
  now = new Date(),
): Promise<string> {
  const wanted = order({
    profile: "intermediate",
    subject: { commonName: "Test Issuing CA" },
    validityDays: CA_DAYS,
  });
  const { certificatePem } = await issueCertificate(
    wanted,
    { publicKey: publicKeyDer(ca.key), key: wanted.key },
    authority.signer,
    now,
  );
  return certificatePem;
}

/** Inputs of a root. */
export function rootInputs(
  { privateKeyPem, requestPem }: Requester,
  overrides: Properties = {},
): Properties {
  return {
    profile: "root",
    subject: { organization: "My IoT Cloud", commonName: "Root" },
    key: { algorithm: "ECDSA", ecdsaCurve: "P256" },
    validityDays: ROOT_DAYS,
    requestPem,
    signer: { privateKeyPem: secret(privateKeyPem) },
    ...overrides,
  };
}

/** Inputs of a server below a CA. */
export function serverInputs(
  { requestPem }: Requester,
  signer: Properties,
  overrides: Properties = {},
): Properties {
  return {
    profile: "server",
    subject: { commonName: "mqtt.example.com" },
    key: { algorithm: "ECDSA", ecdsaCurve: "P256" },
    validityDays: 365,
    dnsNames: ["mqtt.example.com", "broker.example.com"],
    requestPem,
    signer,
    ...overrides,
  };
}

/** Inputs of a batch of devices below a CA. */
export function batchInputs(
  signer: Properties,
  outputDirectory: string,
  devices: readonly (string | Properties)[],
  overrides: Properties = {},
): Properties {
  return {
    devices: devices.map((device) =>
      typeof device === "string" ? { id: device } : device,
    ),
    key: { algorithm: "ECDSA", ecdsaCurve: "P256" },
    validityDays: 365,
    outputDirectory,
    signer,
    ...overrides,
  };
}

/** Inputs without some of their members. */
export function without(
  inputs: Properties,
  ...names: readonly string[]
): Properties {
  return Object.fromEntries(
    Object.entries(inputs).filter(([name]) => !names.includes(name)),
  );
}
