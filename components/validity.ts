import type * as pulumi from "@pulumi/pulumi";
import type { ValidityArgs } from "../resources";

/** How long a certificate is asked to be valid, as the arguments of every component say it. */
export interface Lifetime {
  readonly validityDays?: pulumi.Input<number>;
  readonly validity?: pulumi.Input<ValidityArgs>;
}

/** What the user wrote, both where both are there so that the check can refuse it; the default where neither is. */
export function lifetimeOf(
  { validityDays, validity }: Lifetime,
  otherwise: Lifetime,
): Lifetime {
  return validityDays === undefined && validity === undefined
    ? otherwise
    : {
        ...(validityDays !== undefined && { validityDays }),
        ...(validity !== undefined && { validity }),
      };
}
