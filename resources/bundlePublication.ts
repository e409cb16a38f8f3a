import * as pulumi from "@pulumi/pulumi";
import { allowClockOverride } from "./clockOverride";
import type { AcknowledgementArgs, IssuerGenerationArgs } from "./types";

/** How far the bundle of a root CA has got, as the code says: `RootCA.trust`. */
export interface BundleTrustArgs {
  /** All generations of the root. */
  generations: pulumi.Input<pulumi.Input<IssuerGenerationArgs>[]>;
  /** `serverRoot` or `deviceRoot`: who is given the bundle. */
  kind?: pulumi.Input<string>;
  /** Days. Default 7 for a server root, 10 minutes for a device root. */
  minimumTrustSoakDays?: pulumi.Input<number>;
  /** SHA-256 of the bundle that is known to be everywhere. */
  confirmedBundle?: pulumi.Input<string>;
  acknowledge?: pulumi.Input<pulumi.Input<AcknowledgementArgs>[]>;
}

/** Arguments of {@link BundlePublication}. */
export interface BundlePublicationArgs extends BundleTrustArgs {
  /** The object that holds the bundle, for messages: `mqtt-ca-bundle in thingsboard`. */
  place: pulumi.Input<string>;
  /** The bundle in it. PEM. */
  trustAnchorsPem: pulumi.Input<string>;
}

/**
 * Since when an object has held each generation of a trust bundle. A CA's
 * ledger is written before the objects that carry its bundle, and an update may
 * fail between the two; this one depends on the object, and refuses in the
 * preview that a generation signs which the object has not held for the soak
 * time (I3).
 *
 * `TrustBundle`, `ThingsBoardMqtt` and the Secret of a `ServerCertificate`
 * come with one. Make one for each place of your own that hands a bundle out.
 *
 * @example
 * ```ts
 * new BundlePublication("firmware", {
 *   place: "the firmware bucket",
 *   trustAnchorsPem: root.trustAnchorsPem,
 *   ...root.trust,
 * }, { dependsOn: [bucketObject] });
 * ```
 */
export class BundlePublication extends pulumi.CustomResource {
  /** By subject key identifier, since when the object has held it. UTC, such as `2026-11-20T21:46:40Z`. */
  declare readonly published: pulumi.Output<Record<string, string>>;
  /** SHA-256 over the bundle, lowercase hex. */
  declare readonly bundleSha256: pulumi.Output<string>;

  constructor(
    name: string,
    args: BundlePublicationArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      "mqtt-pki:index:BundlePublication",
      name,
      {
        ...args,
        ...allowClockOverride(),
        published: undefined,
        bundleSha256: undefined,
        haveSigned: undefined,
        knownGenerations: undefined,
      },
      opts,
    );
  }
}
