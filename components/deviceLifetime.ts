import * as pulumi from "@pulumi/pulumi";
import type { DeviceBatchArgs, DeviceRenewalArgs } from "../resources";
import type { Lifetime } from "./validity";

/** A batch's renewal has more to say than that of one certificate. */
export function renewalOf(
  renewal: pulumi.Input<DeviceRenewalArgs>,
): Pick<DeviceBatchArgs, "renewal" | "newKeyOnRenewal"> {
  const whole = pulumi.output(renewal);
  return {
    renewal: whole.apply(({ beforeDays }) =>
      beforeDays === undefined ? {} : { beforeDays },
    ),
    newKeyOnRenewal: whole.apply(({ newKey }) => newKey === true),
  };
}

/** "No well-defined expiration date", RFC 5280 §4.1.2.5. */
const NO_EXPIRATION = "99991231235959Z";

/** How long the certificates of a batch last that says nothing of it. */
export function defaultLifetime(
  name: pulumi.Input<string> | undefined,
): Lifetime {
  return name === "initialDeviceIdentity"
    ? { validity: { notAfter: NO_EXPIRATION } }
    : { validityDays: 365 };
}
