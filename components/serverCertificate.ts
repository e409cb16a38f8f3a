import * as pulumi from "@pulumi/pulumi";
import type {
  BundleTrustArgs,
  ExtensionsArgs,
  KeyArgs,
  OtherNameArgs,
  RenewalArgs,
  SubjectArgs,
  ValidityArgs,
} from "../resources";
import { Certificate } from "../resources";
import { CERTIFICATE_SHA256, sha256Of } from "./annotations";
import type { Issuer } from "./issuer";
import { signerOf } from "./issuer";
import { completeKey, makeKeyAndRequest } from "./keyAndRequest";
import type { ServerSecretArgs } from "./serverSecret";
import { createServerSecret } from "./serverSecret";
import { lifetimeOf } from "./validity";

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
  emailAddresses?: pulumi.Input<pulumi.Input<string>[]>;
  otherNames?: pulumi.Input<pulumi.Input<OtherNameArgs>[]>;
  /** Default: ECDSA on P-256. RSA 2048 for old clients. */
  key?: pulumi.Input<KeyArgs>;
  /**
   * PKCS#10 request in PEM, where the key was made elsewhere and stays there;
   * `key` then says what kind it is. No Secret can be made without the key.
   */
  requestPem?: pulumi.Input<string>;
  /** Take the request's alternative names as well. Default false: what is not named here is left out, with a warning. */
  namesFromRequest?: pulumi.Input<boolean>;
  /** Days. Default 365. */
  validityDays?: pulumi.Input<number>;
  /** Dates in the place of days. */
  validity?: pulumi.Input<ValidityArgs>;
  extensions?: pulumi.Input<ExtensionsArgs>;
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
 * certificate and its key change at the same moment. With a `keyPassphrase`
 * the key in there is encrypted; the Secret keeps its type, so that it is
 * never replaced.
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
  /** PKCS#8 PEM, unencrypted, secret; empty where the key stays with the maker of the request. */
  readonly privateKeyPem: pulumi.Output<string>;
  /** The roots by which devices recognize the broker. PEM. */
  readonly trustAnchorsPem: pulumi.Output<string>;
  /** How far that bundle has got; left out where another program made the root. */
  readonly trust?: BundleTrustArgs;
  /** Name of the Secret; empty where none is made. */
  readonly secretName: pulumi.Output<string>;
  /** UTC, such as `2027-11-20T21:46:40Z`. */
  readonly notAfter: pulumi.Output<string>;
  /** What opens the key in the Secret, secret; left out where that is not encrypted. {@link ThingsBoardMqtt} takes it from here. */
  readonly keyPassphrase?: pulumi.Output<string>;
  /** One of `KeyAlgorithm`. */
  readonly keyAlgorithm: pulumi.Output<string>;
  /** Whether the Secret also has the names of ThingsBoard's manifests; left out where none is made. */
  readonly hasAliases?: pulumi.Output<boolean>;
  /** From this moment on an update renews it. UTC. */
  readonly renewAt: pulumi.Output<string>;
  /**
   * For the pod template of a broker that reads its certificate only when it
   * starts: `mqtt-pki/certificate-sha256`, SHA-256 over {@link chainPem}, which
   * changes exactly when the certificate does or a CA above it.
   */
  readonly podAnnotations: pulumi.Output<Record<string, string>>;

  constructor(
    name: string,
    args: ServerCertificateArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:ServerCertificate", name, {}, opts);
    const child = { parent: this };
    const { issuer, subject, renewal, truncate } = args;
    const { extensions, emailAddresses, otherNames } = args;
    const { namesFromRequest } = args;
    const key = completeKey(args.key);
    refuseSecretWithoutKey(name, args);

    const { privateKeyPem, requestPem } =
      args.requestPem === undefined
        ? makeKeyAndRequest(name, subject, key, child)
        : { privateKeyPem: pulumi.output(""), requestPem: args.requestPem };
    const certificate = new Certificate(
      `${name}-certificate`,
      {
        profile: "server",
        subject,
        key,
        requestPem,
        signer: signerOf(issuer),
        ...lifetimeOf(args, { validityDays: 365 }),
        dnsNames: args.dnsNames ?? [],
        ipAddresses: args.ipAddresses ?? [],
        uris: args.uris ?? [],
        ...(emailAddresses !== undefined && { emailAddresses }),
        ...(otherNames !== undefined && { otherNames }),
        ...(namesFromRequest !== undefined && { namesFromRequest }),
        ...(extensions !== undefined && { extensions }),
        ...(renewal !== undefined && { renewal }),
        ...(truncate !== undefined && { truncate }),
      },
      child,
    );

    this.keyAlgorithm = key.algorithm;
    if (args.kubernetes !== undefined) {
      this.hasAliases = pulumi.output(args.kubernetes.aliases ?? false);
    }
    this.certificatePem = certificate.certificatePem;
    this.chainPem = pulumi.concat(certificate.certificatePem, issuer.chainPem);
    this.privateKeyPem = pulumi.secret(privateKeyPem);
    this.trustAnchorsPem = pulumi.output(issuer.trustAnchorsPem);
    if (issuer.trust !== undefined) {
      this.trust = issuer.trust;
    }
    this.notAfter = certificate.notAfter;
    this.renewAt = certificate.renewAt;
    const certificateSha256 = sha256Of(this.chainPem);
    this.podAnnotations = certificateSha256.apply(
      (text): Record<string, string> => ({ [CERTIFICATE_SHA256]: text }),
    );
    const passphrase = args.kubernetes?.keyPassphrase;
    if (passphrase !== undefined) {
      this.keyPassphrase = pulumi.secret(passphrase);
    }
    this.secretName =
      args.kubernetes === undefined
        ? pulumi.output("")
        : createServerSecret(
            name,
            {
              certificate,
              chainPem: this.chainPem,
              privateKeyPem: this.privateKeyPem,
              algorithm: key.algorithm,
              keyPassphrase: this.keyPassphrase,
              trustAnchorsPem: this.trustAnchorsPem,
              ...(this.trust !== undefined && { trust: this.trust }),
              activeGeneration: issuer.activeGeneration,
              certificateSha256,
            },
            args.kubernetes,
            this,
          );
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

function refuseSecretWithoutKey(
  name: string,
  { requestPem, kubernetes: secret }: ServerCertificateArgs,
): void {
  if (requestPem !== undefined && secret !== undefined) {
    throw new pulumi.RunError(
      `${name}: kubernetes: makes a Secret with a private key, and the key of requestPem stays where it was made; leave one of the two out.`,
    );
  }
}
