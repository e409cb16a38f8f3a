import type * as pulumi from "@pulumi/pulumi";
import type { BundleTrustArgs } from "../resources";
import { BundlePublication } from "../resources";

/** A trust bundle, with what is known of how far it has got. */
export interface TrustSource {
  /** PEM. */
  trustAnchorsPem: pulumi.Input<string>;
  /** Left out where another program made the root; then its ledger alone counts the soak time. */
  trust?: BundleTrustArgs;
}

/** Remembers since when a rendered or deployed object has held each generation of a bundle; see {@link BundlePublication}. */
export function rememberPublication(
  object: pulumi.Resource,
  name: string,
  place: pulumi.Input<string>,
  { trustAnchorsPem, trust }: TrustSource,
  parent: pulumi.Resource,
): void {
  if (trust !== undefined) {
    new BundlePublication(
      name,
      { place, trustAnchorsPem, ...trust },
      { parent, dependsOn: [object] },
    );
  }
}
