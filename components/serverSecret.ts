import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Certificate } from "../resources";
import {
  EncryptedKeyForm,
  EncryptedPrivateKey,
  KeyAlgorithm,
} from "../resources";
import { CERTIFICATE_SHA256, bundleDigest } from "./annotations";
import { LABELS, checkedName, secretData } from "./kubernetes";
import { warnOfOtherOwners } from "./objectOwner";
import type { TrustSource } from "./publication";
import { rememberPublication } from "./publication";
import { acceptedByThingsBoard } from "./thingsBoardFiles";
import type { RestartArgs } from "./workloadRestart";
import { restartWorkloads } from "./workloadRestart";

/** Where the Secret of a server goes. */
export interface ServerSecretArgs {
  namespace: pulumi.Input<string>;
  /** Name of the Secret. It is updated in place, so give the provider `enableSecretMutable`. */
  secretName: pulumi.Input<string>;
  /** Also under `server.pem` and `mqttserver_key.pem`, the names in ThingsBoard's manifests. Default false. */
  aliases?: pulumi.Input<boolean>;
  /**
   * Encrypt the key, `tls.key` and its alias alike, in the traditional form
   * (`Proc-Type: 4,ENCRYPTED`), which ThingsBoard, mosquitto and nginx read,
   * and an ingress controller does not. For ECDSA and RSA keys; 6 to 512
   * printable ASCII characters, better 16 random ones at least. Left out, the
   * key is PKCS#8, unencrypted.
   */
  keyPassphrase?: pulumi.Input<string>;
  /**
   * Workloads of that namespace whose pods are replaced exactly when the
   * certificate changed, or a CA above it; for brokers that read it only when
   * they start. Default: none.
   */
  restart?: RestartArgs[];
  /** The provider that renders the Secret or deploys it. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/** What goes into the Secret of a server, and what is said of it. */
export interface ServerSecretContent extends TrustSource {
  readonly certificate: Certificate;
  readonly chainPem: pulumi.Output<string>;
  readonly privateKeyPem: pulumi.Output<string>;
  readonly algorithm: pulumi.Output<string>;
  readonly keyPassphrase: pulumi.Output<string> | undefined;
  readonly trustAnchorsPem: pulumi.Output<string>;
  readonly activeGeneration: pulumi.Input<string> | undefined;
  /** SHA-256 over the chain, lowercase hex. */
  readonly certificateSha256: pulumi.Output<string>;
}

/**
 * Makes the Secret of a server, remembers since when it has held its roots,
 * and restarts what is to be restarted when its certificate changed.
 *
 * @returns the name of the Secret
 */
export function createServerSecret(
  component: string,
  content: ServerSecretContent,
  args: ServerSecretArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const object = checkedName(args.namespace, args.secretName, {
    component,
    namespace: "kubernetes.namespace",
    name: "kubernetes.secretName",
  });
  const { certificate, activeGeneration, trustAnchorsPem } = content;
  const key = keyForSecret(component, content, parent);
  const secret = new kubernetes.core.v1.Secret(
    `${component}-secret`,
    {
      metadata: {
        ...object,
        labels: LABELS,
        annotations: {
          "mqtt-pki/fingerprint-sha256": certificate.fingerprintSha256,
          "mqtt-pki/serial-number": certificate.serialNumber,
          "mqtt-pki/not-after": certificate.notAfter,
          ...bundleDigest(trustAnchorsPem),
          ...(activeGeneration !== undefined && {
            "mqtt-pki/issuer-generation": activeGeneration,
          }),
        },
      },
      type: "kubernetes.io/tls",
      data: pulumi
        .all([
          content.chainPem,
          key,
          trustAnchorsPem,
          aliasesFor(component, content, key, args.aliases ?? false, parent),
        ])
        .apply(([chain, keyPem, anchors, aliases]) =>
          secretData({
            "tls.crt": chain,
            "tls.key": keyPem,
            "ca.crt": anchors,
            ...(aliases && {
              "server.pem": chain,
              "mqttserver_key.pem": keyPem,
            }),
          }),
        ),
    },
    {
      parent,
      ...(args.provider !== undefined && { provider: args.provider }),
    },
  );
  warnOfOtherOwners(
    args.provider,
    { apiVersion: "v1", kind: "Secret", ...object },
    parent,
  );
  rememberPublication(
    secret,
    `${component}-publication`,
    pulumi.interpolate`${object.name} in ${object.namespace}`,
    content,
    parent,
  );
  restartWorkloads(args.restart, {
    component,
    path: "kubernetes.restart",
    namespaces: [object.namespace],
    everywhere: false,
    annotation: CERTIFICATE_SHA256,
    text: content.certificateSha256,
    provider: args.provider,
    parent,
    after: [secret],
  });
  return secret.metadata.name;
}

/**
 * Whether the Secret has the names of ThingsBoard's manifests as well. Where it
 * has and ThingsBoard would not start with it, the program ends before the
 * Secret is registered: a broker that runs keeps the one that it has.
 */
function aliasesFor(
  component: string,
  { chainPem, keyPassphrase }: ServerSecretContent,
  key: pulumi.Output<string>,
  wanted: pulumi.Input<boolean>,
  parent: pulumi.Resource,
): pulumi.Output<boolean> {
  return pulumi.output(wanted).apply((aliases) =>
    aliases
      ? acceptedByThingsBoard(
          component,
          "kubernetes.aliases",
          {
            certFileText: chainPem,
            keyFileText: key,
            ...(keyPassphrase !== undefined && { keyPassword: keyPassphrase }),
          },
          parent,
        ).apply(() => true)
      : pulumi.output(false),
  );
}

/** The key as the Secret holds it, PEM. */
function keyForSecret(
  component: string,
  { privateKeyPem, keyPassphrase, algorithm }: ServerSecretContent,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  if (keyPassphrase === undefined) {
    return privateKeyPem;
  }
  const form = algorithm.apply((known) => {
    // A preview knows the algorithm, and not yet the key that the resource would refuse.
    if (known === KeyAlgorithm.Ed25519) {
      throw new pulumi.RunError(
        `${component}: kubernetes.keyPassphrase: encrypts in the traditional form, which Ed25519 keys do not have; choose an ECDSA or RSA key, or leave it out.`,
      );
    }
    return EncryptedKeyForm.Traditional;
  });
  return new EncryptedPrivateKey(
    `${component}-encrypted-key`,
    { privateKeyPem, passphrase: keyPassphrase, form },
    { parent },
  ).encryptedPrivateKeyPem;
}
