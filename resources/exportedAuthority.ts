import * as pulumi from "@pulumi/pulumi";
import { allowClockOverride } from "./clockOverride";
import type { AcknowledgementArgs, IssuerGenerationArgs } from "./types";

/** Arguments of {@link ExportedAuthority}. */
export interface ExportedAuthorityArgs {
  /** Certificate of the generation whose key was given away, PEM. */
  certificatePem: pulumi.Input<string>;
  /** The CA up to, not including, the root. PEM. */
  chainPem: pulumi.Input<string>;
  trustAnchorsPem: pulumi.Input<string>;
  /** All generations of the CA and of those above it. */
  generations: pulumi.Input<pulumi.Input<IssuerGenerationArgs>[]>;
  acknowledge?: pulumi.Input<pulumi.Input<AcknowledgementArgs>[]>;
  /** Days for which a certificate of that signer is valid at most. */
  longestDays: pulumi.Input<number>;
}

/**
 * A CA whose key was given to another signer, such as cert-manager. What that
 * signs is not in this stack; as long as some of it may be valid, a preview
 * refuses that the CA, or one above it, leaves the trust bundle (I4).
 *
 * `CertManagerIssuer` comes with one. Make one for each signer of your own.
 */
export class ExportedAuthority extends pulumi.CustomResource {
  constructor(
    name: string,
    args: ExportedAuthorityArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mqtt-pki:index:ExportedAuthority",
      name,
      {
        ...args,
        ...allowClockOverride(),
        issuers: undefined,
        live: undefined,
        knownGenerations: undefined,
      },
      opts,
    );
  }
}
