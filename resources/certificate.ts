import * as pulumi from "@pulumi/pulumi";
import { allowClockOverride } from "./clockOverride";
import type {
  ExtensionsArgs,
  HardwareModuleNameArgs,
  KeyArgs,
  NameConstraintsArgs,
  OtherNameArgs,
  RenewalArgs,
  SignerArgs,
  SubjectArgs,
  ValidityArgs,
} from "./types";

/** Arguments of {@link Certificate}. */
export interface CertificateArgs {
  /** `root`, `intermediate`, `server`, `device` or `initialDeviceIdentity`: what the certificate may do. */
  profile: pulumi.Input<string>;
  subject: pulumi.Input<SubjectArgs>;
  /** The kind of key the request holds. */
  key: pulumi.Input<KeyArgs>;
  /** PKCS#10 request in PEM; its key is taken and its signature verified. */
  requestPem: pulumi.Input<string>;
  /** The key that `requestPem` is for, in PEM: lets a preview see that a CA whose request is made anew keeps its key. */
  publicKeyPem?: pulumi.Input<string>;
  /** Who signs. For profile `root`: the private key of the request. */
  signer: SignerArgs;
  /** Days from now, 1 to 36500; or `validity`. */
  validityDays?: pulumi.Input<number>;
  /** Dates in the place of days. */
  validity?: pulumi.Input<ValidityArgs>;
  /** How many CAs may follow below; CA profiles only. */
  pathLength?: pulumi.Input<number>;
  nameConstraints?: pulumi.Input<NameConstraintsArgs>;
  dnsNames?: pulumi.Input<pulumi.Input<string>[]>;
  ipAddresses?: pulumi.Input<pulumi.Input<string>[]>;
  uris?: pulumi.Input<pulumi.Input<string>[]>;
  emailAddresses?: pulumi.Input<pulumi.Input<string>[]>;
  otherNames?: pulumi.Input<pulumi.Input<OtherNameArgs>[]>;
  hardwareModuleName?: pulumi.Input<HardwareModuleNameArgs>;
  /** Take the request's alternative names as well. Default false: what is not named here is left out, with a warning. */
  namesFromRequest?: pulumi.Input<boolean>;
  extensions?: pulumi.Input<ExtensionsArgs>;
  renewal?: pulumi.Input<RenewalArgs>;
  /** Cut the validity at the issuer's end instead of refusing it. Default false. */
  truncate?: pulumi.Input<boolean>;
}

/**
 * One certificate: self-signed, or issued by a CA. Renewal is an update in
 * place, decided in the preview: same resource, same key, new serial number
 * and dates.
 */
export class Certificate extends pulumi.CustomResource {
  /** The certificate alone, PEM. */
  declare readonly certificatePem: pulumi.Output<string>;
  /** Lowercase hex. */
  declare readonly serialNumber: pulumi.Output<string>;
  /** UTC, such as `2026-11-20T21:46:40Z`. */
  declare readonly notBefore: pulumi.Output<string>;
  declare readonly notAfter: pulumi.Output<string>;
  /** From this moment on an update renews it. UTC. */
  declare readonly renewAt: pulumi.Output<string>;
  /** SHA-256 over the DER, lowercase hex. */
  declare readonly fingerprintSha256: pulumi.Output<string>;
  /** Lowercase hex (RFC 5280 §4.2.1.2, method 1). */
  declare readonly subjectKeyIdentifier: pulumi.Output<string>;
  /** What the request asked for and the certificate does not have, for people. */
  declare readonly leftOut: pulumi.Output<string[]>;

  constructor(
    name: string,
    args: CertificateArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mqtt-pki:index:Certificate",
      name,
      {
        ...args,
        signer: {
          ...args.signer,
          privateKeyPem: pulumi.secret(args.signer.privateKeyPem),
        },
        ...allowClockOverride(),
        certificatePem: undefined,
        serialNumber: undefined,
        notBefore: undefined,
        notAfter: undefined,
        renewAt: undefined,
        fingerprintSha256: undefined,
        subjectKeyIdentifier: undefined,
        leftOut: undefined,
      },
      opts,
    );
  }
}
