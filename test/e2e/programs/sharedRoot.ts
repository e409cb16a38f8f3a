import * as pulumi from "@pulumi/pulumi";
import {
  DeviceCertificateBatch,
  GenerationState,
  IntermediateCA,
  KubernetesTarget,
  RootCA,
  ServerCertificate,
  TrustBundle,
  TrustedBy,
} from "../../../components";
import { readSettings } from "../../../settings";

// The demo fleet with servers and devices below one root, and the way to a root of each's own.

const settings = readSettings(new pulumi.Config());
const { namespace, provider, renderDirectory } =
  KubernetesTarget.fromConfig("kubernetes");

const root = new RootCA("server-root", settings.serverRoot);
const serverCA = new IntermediateCA("server-ca", {
  issuer: root,
  ...settings.serverCA,
});
const { secretName, ...serverSettings } = settings.server;
new ServerCertificate("server", {
  issuer: serverCA,
  ...serverSettings,
  kubernetes: { namespace, secretName, provider },
});

const { generations, acknowledge } = settings.deviceRoot;

/** The shared root, as the first generation of the devices' own, until it is retired. */
const existing = {
  certificatePem: root.certificatePem,
  privateKeyPem: root.signer.privateKeyPem,
};

/**
 * What brokers know devices by: the shared root, until the configuration names
 * generations. Then it is a root with a ledger of its own, whose first
 * generation is the shared root's certificate and key, so that nothing is
 * issued anew and brokers can be led away from it by a rotation.
 *
 * docs/runbooks/shared-root.md has this statement for each step, and
 * test/e2e/rotation/sidePaths.test.ts puts them in its place.
 */
const deviceRoot =
  generations === undefined
    ? root
    : new RootCA("device-root", {
        trustedBy: TrustedBy.Brokers,
        generations: Object.fromEntries(
          Object.entries(generations).map(([id, generation]) => [
            id,
            id === "2026a" && generation.state !== GenerationState.Retired
              ? { ...generation, existing }
              : generation,
          ]),
        ),
        ...(acknowledge !== undefined && { acknowledge }),
      });

const deviceCA = new IntermediateCA("device-ca", {
  issuer: deviceRoot,
  ...settings.deviceCA,
});
const {
  name,
  secretName: _secret,
  shards: _shards,
  ...batch
} = settings.devices;
new DeviceCertificateBatch(`devices-${name}`, {
  issuer: deviceCA,
  manifest: batch.manifest,
  profile: batch,
  output: { directory: `${renderDirectory}/devices` },
});
new TrustBundle("device-roots", {
  authority: deviceRoot,
  namespace,
  configMapName: "mqtt-device-ca-bundle",
  provider,
});
