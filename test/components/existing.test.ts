import * as pulumi from "@pulumi/pulumi";
import { IntermediateCA, RootCA, ServerCertificate } from "../../components";
import { Recorder, valueOf } from "./support/record";

const ROOT = { certificatePem: "root", privateKeyPem: "root key" };
const CA = {
  certificatePem: "ca",
  privateKeyPem: pulumi.secret("ca key"),
  passphrase: pulumi.output("passphrase"),
};

let recorder: Recorder;

beforeAll(async () => {
  recorder = await Recorder.install();
  const root = new RootCA("root", { existing: ROOT });
  const ca = new IntermediateCA("ca", { issuer: root, existing: CA });
  const server = new ServerCertificate("server", {
    issuer: ca,
    subject: { commonName: "mqtt.example.com" },
  });
  await Promise.all([
    valueOf(server.chainPem),
    valueOf(ca.activeGeneration),
    valueOf(root.activeGeneration),
  ]);
});

test("an adopted CA has no key, no request and no certificate of its own", () => {
  expect(
    recorder.tree().filter((line) => / (root|ca)(-\w+)? </.test(line)),
  ).toEqual([
    "CertificateAuthority ca-authority < ca",
    "CertificateAuthority root-authority < root",
    "ExistingAuthority ca-existing < ca",
    "ExistingAuthority root-existing < root",
    expect.stringMatching(/^IntermediateCA ca </) as string,
    expect.stringMatching(/^RootCA root </) as string,
  ]);
});

test("key and passphrase go to the plugin as secrets, with the issuer of an intermediate", () => {
  const secret = (value: string): object => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
  });
  expect(recorder.get("root-existing").inputs).toEqual({
    existing: { certificatePem: "root", privateKeyPem: secret("root key") },
  });
  expect(recorder.get("ca-existing").inputs).toEqual({
    existing: {
      certificatePem: "ca",
      privateKeyPem: secret("ca key"),
      passphrase: secret("passphrase"),
    },
    issuer: {
      certificatePem: "root-existing.certificatePem",
      chainPem: "",
      trustAnchorsPem: "root-existing.certificatePem",
    },
  });
});

test("what it signs hangs below its certificate, and knows what that says", () => {
  expect(recorder.get("server-certificate").inputs).toMatchObject({
    signer: {
      certificatePem: "ca-existing.certificatePem",
      chainPem: "ca-existing.certificatePem",
      trustAnchorsPem: "root-existing.certificatePem",
      authorities: ["ca-existing.authority", "root-existing.authority"],
    },
  });
});

test("an order beside existing, and neither of them, are refused by name", () => {
  expect(
    () =>
      new RootCA("both", {
        existing: ROOT,
        subject: { commonName: "Root" },
        validityDays: 10,
      }),
  ).toThrow(
    /^both: subject: stands in existing.certificatePem already.*\nboth: validityDays: /,
  );
  expect(() => new RootCA("neither", {})).toThrow(
    /^neither: subject: is missing; .* existing\.$/,
  );
});
