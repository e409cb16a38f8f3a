import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KeyArgs, RenewalArgs, SubjectArgs } from "../resources";
import { Certificate } from "../resources";
import type { Issuer } from "./issuer";
import { signerOf } from "./issuer";
import { completeKey, makeKeyAndRequest } from "./keyAndRequest";
import { LABELS, checkedName, secretData } from "./kubernetes";

/** Where the Secret of a server goes. */
export interface ServerSecretArgs {
  namespace: pulumi.Input<string>;
  /** Name of the Secret. It is updated in place, so give the provider `enableSecretMutable`. */
  secretName: pulumi.Input<string>;
  /** Also under `server.pem` and `mqttserver_key.pem`, the names in ThingsBoard's manifests. Default false. */
  aliases?: pulumi.Input<boolean>;
  /** The provider that renders the Secret or deploys it. Default: the ambient one. */
  provider?: kubernetes.Provider;
}

/** Arguments of {@link ServerCertificate}. */
export interface ServerCertificateArgs {
  /** A `RootCA`, an `IntermediateCA`, or the outputs of a CA made elsewhere. */
  issuer: Issuer;
  /** The common name joins the DNS names where it is a host name. */
  subject: pulumi.Input<SubjectArgs>;
  /** Host names under which devices reach the broker; load balancers included. */
  dnsNames?: pulumi.Input<pulumi.Input<string>[]>;
  ipAddresses?: pulumi.Input<pulumi.Input<string>[]>;
  uris?: pulumi.Input<pulumi.Input<string>[]>;
  /** Default: ECDSA on P-256. RSA 2048 for old clients. */
  key?: pulumi.Input<KeyArgs>;
  /** Days. Default 365. */
  validityDays?: pulumi.Input<number>;
  renewal?: pulumi.Input<RenewalArgs>;
  /** Cut the validity at the issuer's end instead of refusing it. Default false. */
  truncate?: pulumi.Input<boolean>;
  /** Where to put the Secret; left out, none is made. */
  kubernetes?: ServerSecretArgs;
}

/**
 * The certificate of a broker, and the Kubernetes Secret the broker loads:
 * type `kubernetes.io/tls` with `tls.crt` (leaf, then intermediates),
 * `tls.key` (PKCS#8) and `ca.crt` (the roots), in one object so that a
 * certificate and its key change at the same moment.
 *
 * @example
 * ```ts
 * const server = new ServerCertificate("mqtt", {
 *   issuer: serverCA,
 *   subject: { commonName: "mqtt.example.com" },
 *   kubernetes: { namespace: "thingsboard", secretName: "tb-mqtts", provider },
 * });
 * ```
 */
export class ServerCertificate extends pulumi.ComponentResource {
  /** The certificate alone, PEM. */
  readonly certificatePem: pulumi.Output<string>;
  /** Leaf first, then intermediates, without the root: what a broker sends. PEM. */
  readonly chainPem: pulumi.Output<string>;
  /** PKCS#8 PEM, unencrypted, secret. */
  readonly privateKeyPem: pulumi.Output<string>;
  /** The roots by which devices recognize the broker. PEM. */
  readonly trustAnchorsPem: pulumi.Output<string>;
  /** Name of the Secret; empty where none is made. */
  readonly secretName: pulumi.Output<string>;
  /** UTC, such as `2027-11-20T21:46:40Z`. */
  readonly notAfter: pulumi.Output<string>;
  /** From this moment on an update renews it. UTC. */
  readonly renewAt: pulumi.Output<string>;

  constructor(
    name: string,
    args: ServerCertificateArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:ServerCertificate", name, {}, opts);
    const child = { parent: this };
    const { issuer, subject, renewal, truncate } = args;
    const key = completeKey(args.key);

    const { privateKeyPem, requestPem } = makeKeyAndRequest(
      name,
      subject,
      key,
      child,
    );
    const certificate = new Certificate(
      `${name}-certificate`,
      {
        profile: "server",
        subject,
        key,
        requestPem,
        signer: signerOf(issuer),
        validityDays: args.validityDays ?? 365,
        dnsNames: args.dnsNames ?? [],
        ipAddresses: args.ipAddresses ?? [],
        uris: args.uris ?? [],
        ...(renewal !== undefined && { renewal }),
        ...(truncate !== undefined && { truncate }),
      },
      child,
    );

    this.certificatePem = certificate.certificatePem;
    this.chainPem = pulumi.concat(certificate.certificatePem, issuer.chainPem);
    this.privateKeyPem = pulumi.secret(privateKeyPem);
    this.trustAnchorsPem = pulumi.output(issuer.trustAnchorsPem);
    this.notAfter = certificate.notAfter;
    this.renewAt = certificate.renewAt;
    this.secretName =
      args.kubernetes === undefined
        ? pulumi.output("")
        : createSecret(this, name, certificate, issuer, args.kubernetes);
    this.registerOutputs({
      certificatePem: this.certificatePem,
      chainPem: this.chainPem,
      trustAnchorsPem: this.trustAnchorsPem,
      secretName: this.secretName,
      notAfter: this.notAfter,
      renewAt: this.renewAt,
    });
  }
}

function createSecret(
  parent: ServerCertificate,
  name: string,
  certificate: Certificate,
  issuer: Issuer,
  args: ServerSecretArgs,
): pulumi.Output<string> {
  const object = checkedName(args.namespace, args.secretName, {
    component: name,
    namespace: "kubernetes.namespace",
    name: "kubernetes.secretName",
  });
  const secret = new kubernetes.core.v1.Secret(
    `${name}-secret`,
    {
      metadata: {
        ...object,
        labels: LABELS,
        annotations: {
          "mqtt-pki/fingerprint-sha256": certificate.fingerprintSha256,
          "mqtt-pki/serial-number": certificate.serialNumber,
          "mqtt-pki/not-after": certificate.notAfter,
          ...(issuer.activeGeneration !== undefined && {
            "mqtt-pki/issuer-generation": issuer.activeGeneration,
          }),
        },
      },
      type: "kubernetes.io/tls",
      data: pulumi
        .all([
          parent.chainPem,
          parent.privateKeyPem,
          parent.trustAnchorsPem,
          args.aliases ?? false,
        ])
        .apply(([chain, key, anchors, aliases]) =>
          secretData({
            "tls.crt": chain,
            "tls.key": key,
            "ca.crt": anchors,
            ...(aliases && { "server.pem": chain, "mqttserver_key.pem": key }),
          }),
        ),
    },
    {
      parent,
      ...(args.provider !== undefined && { provider: args.provider }),
    },
  );
  return secret.metadata.name;
}
