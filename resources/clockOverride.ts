import * as pulumi from "@pulumi/pulumi";

/**
 * Whether this stack may sign with `MQTT_PKI_NOW` as its clock:
 * `mqtt-pki:allowClockOverride` in its configuration, for test stacks only.
 */
export function allowClockOverride(): { allowClockOverride?: boolean } {
  const allowed = new pulumi.Config("mqtt-pki").getBoolean(
    "allowClockOverride",
  );
  return allowed === true ? { allowClockOverride: true } : {};
}
