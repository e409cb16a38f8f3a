import type * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  ThingsBoardManifest,
  ThingsBoardMqtt,
  ThingsBoardOnboarding,
  ThingsBoardWorkload,
  TrustBundle,
} from "../../components";
import { mqttSettings } from "../cluster/cases/workloadProgram/settings";
import { Recorder, valueOf } from "./support/record";

const SUBJECT = { commonName: "it.example.com" };

/** Each component, made with options of the caller's. */
const MAKERS: readonly [
  string,
  (
    name: string,
    opts: pulumi.ComponentResourceOptions,
  ) => pulumi.Output<unknown>,
][] = [
  [
    "RootCA",
    (name, opts) => new RootCA(name, { subject: SUBJECT }, opts).certificatePem,
  ],
  [
    "IntermediateCA",
    (name, opts) =>
      new IntermediateCA(name, { issuer: ISSUER, subject: SUBJECT }, opts)
        .certificatePem,
  ],
  [
    "ServerCertificate",
    (name, opts) =>
      new ServerCertificate(
        name,
        {
          issuer: ISSUER,
          subject: SUBJECT,
          kubernetes: { namespace: "a", secretName: "b" },
        },
        opts,
      ).secretName,
  ],
  [
    "DeviceCertificateBatch",
    (name, opts) =>
      new DeviceCertificateBatch(
        name,
        {
          issuer: ISSUER,
          devices: [{ id: "a" }],
          output: {
            directory: "out",
            kubernetes: { namespace: "a", secretName: "b" },
          },
        },
        opts,
      ).secretNames,
  ],
  [
    "ThingsBoardMqtt",
    (name, opts) =>
      new ThingsBoardMqtt(
        name,
        {
          server: { secretName: "tb-mqtts", trustAnchorsPem: "PEM" },
          namespace: "a",
        },
        opts,
      ).bundleConfigMapName,
  ],
  [
    "ThingsBoardOnboarding",
    (name, opts) =>
      new ThingsBoardOnboarding(
        name,
        {
          authority: { certificatePem: "PEM" },
          batch: { outputDirectory: "out", digest: "abc" },
          directory: "plan",
        },
        opts,
      ).directory,
  ],
  [
    "ThingsBoardWorkload",
    (name, opts) =>
      new ThingsBoardWorkload(
        name,
        {
          mqtt: mqttSettings(false, "/ssl-config", "first"),
          manifest: ThingsBoardManifest.Minikube,
          namespace: "a",
          provider: new KubernetesTarget(`of-${name}`, { namespace: "a" })
            .provider,
        },
        opts,
      ).kustomizeDirectory,
  ],
  [
    "TrustBundle",
    (name, opts) =>
      new TrustBundle(
        name,
        {
          authority: { trustAnchorsPem: "PEM" },
          namespace: "a",
          configMapName: "b",
        },
        opts,
      ).configMapName,
  ],
];

/** An issuer that another program made: outputs, no component. */
const ISSUER = {
  certificatePem: "CERTIFICATE",
  chainPem: "CHAIN",
  trustAnchorsPem: "ROOT",
  signer: { privateKeyPem: "KEY" },
};

jest.setTimeout(20_000);

let recorder: Recorder;

beforeAll(async () => {
  recorder = await Recorder.install();
});

test.each(MAKERS)("%s: protect reaches every child", async (type, make) => {
  const name = `protected-${type.toLowerCase()}`;
  await valueOf(make(name, { protect: true }));
  const own = ownOf(name);
  expect(own.length).toBeGreaterThan(1);
  expect(own.filter(({ protect }) => !protect)).toEqual([]);
});

test.each(MAKERS)(
  "%s: what signs is protected, and nothing else, unless asked",
  async (type, make) => {
    const signs = ["RootCA", "IntermediateCA"].includes(type);
    const name = `plain-${type.toLowerCase()}`;
    await valueOf(make(name, {}));
    const [, ...children] = ownOf(name);
    expect(children.filter(({ protect }) => protect !== signs)).toEqual([]);
  },
);

test.each(MAKERS)("%s: nothing is where asked", async (type, make) => {
  const name = `open-${type.toLowerCase()}`;
  await valueOf(make(name, { protect: false }));
  expect(ownOf(name).filter(({ protect }) => protect)).toEqual([]);
});

test.each(MAKERS)("%s: an alias is handed on", async (type, make) => {
  const name = `renamed-${type.toLowerCase()}`;
  await valueOf(make(name, { aliases: [{ name: "former" }] }));
  // Those of its children follow from it, in the engine.
  expect(recorder.get(name, `mqtt-pki:index:${type}`).aliases).toBe(1);
});

test.each(MAKERS)(
  "%s: it may stand below another component",
  async (type, make) => {
    const parent = new RootCA(`above-${type.toLowerCase()}`, {
      subject: SUBJECT,
    });
    const name = `below-${type.toLowerCase()}`;
    await valueOf(make(name, { parent }));
    expect(recorder.get(name, `mqtt-pki:index:${type}`).parent).toBe(
      `above-${type.toLowerCase()}`,
    );
  },
);

test("an issuer may be outputs of another program instead of a component", async () => {
  const name = "foreign";
  await valueOf(
    new IntermediateCA(name, { issuer: ISSUER, subject: SUBJECT })
      .activeGeneration,
  );
  expect(recorder.get(`${name}-certificate`).inputs.signer).toMatchObject({
    certificatePem: "CERTIFICATE",
    chainPem: "CHAIN",
    trustAnchorsPem: "ROOT",
    authorities: [],
  });
  expect(recorder.get(`${name}-authority`).inputs).toMatchObject({
    issuerChainPem: "CHAIN",
    rootTrustAnchorsPem: "ROOT",
  });
});

function ownOf(name: string): Recorder["asked"] {
  return recorder.asked.filter(
    (asked) => asked.name === name || asked.parent === name,
  );
}
