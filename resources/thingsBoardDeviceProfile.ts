import * as pulumi from "@pulumi/pulumi";
import type { ThingsBoardServerArgs } from "./thingsBoardServer";
import { secretServer } from "./thingsBoardServer";

/** How the devices of a profile send, for {@link ThingsBoardDeviceProfileArgs.transportType}. */
export const ThingsBoardTransport = {
  /** MQTT, HTTP and CoAP with ThingsBoard's own topics and paths. */
  Default: "DEFAULT",
  /** MQTT with topics of the profile's own. */
  Mqtt: "MQTT",
} as const;

/** Arguments of {@link ThingsBoardDeviceProfile}. */
export interface ThingsBoardDeviceProfileArgs {
  /** Left out, nobody is asked: the output `profileJson` is for the page or the REST API. */
  server?: pulumi.Input<ThingsBoardServerArgs>;
  /** Unique in the tenant. Default `mqtt-x509`. */
  profileName?: pulumi.Input<string>;
  /** Of the intermediate that issues for the devices, or of the root: one certificate, PEM. Devices must send it in their chain. */
  certificatePem: pulumi.Input<string>;
  /** A pattern of Java's; its first group within the common name is the device's name. Default `(.*)`. */
  commonNamePattern?: pulumi.Input<string>;
  /** Make a device of whoever shows a chain and is none yet. Default true. */
  allowCreateNewDevices?: pulumi.Input<boolean>;
  /** One of {@link ThingsBoardTransport}. Default `DEFAULT`. */
  transportType?: pulumi.Input<string>;
  /** Left out, it stays what it is in ThingsBoard. */
  description?: pulumi.Input<string>;
  /** Take a profile of that name over, where there is one. Default false: refused. */
  adoptExisting?: pulumi.Input<boolean>;
  /** Leave the profile in ThingsBoard when this resource is deleted. Default false: it is deleted, and where devices are in it, that is refused. */
  keepOnDelete?: pulumi.Input<boolean>;
}

/**
 * A device profile of ThingsBoard that makes devices of those who show a chain
 * with its certificate (X.509 certificate chain, ThingsBoard 3.5 and later,
 * over MQTT).
 *
 * A change is made in place, so that its devices go on: the profile is read
 * and sent back whole, with its version, and what is not said here (rule
 * chain, queue, alarms) stays. What somebody else changed is found by a
 * refresh. Import it by its id, with `THINGSBOARD_URL` and
 * `THINGSBOARD_API_KEY` in the environment.
 *
 * Refused in the preview: a text that is not one CA's certificate, a public
 * root, a pattern without a group or one that Java would not read, credentials
 * that are missing or do not count, a name or a certificate that is another
 * profile's. A ThingsBoard that cannot be reached yet is a warning there.
 *
 * Source: ThingsBoard's `POST /api/deviceProfile` and its user guide "X.509
 * certificate chain".
 *
 * @example
 * ```ts
 * new ThingsBoardDeviceProfile("gateways", {
 *   server: { url: "https://thingsboard.example.com", apiKey: config.requireSecret("thingsBoardApiKey") },
 *   certificatePem: deviceCA.certificatePem,
 * });
 * ```
 */
export class ThingsBoardDeviceProfile extends pulumi.CustomResource {
  declare readonly profileName: pulumi.Output<string>;
  /** Empty where there is no server. */
  declare readonly profileId: pulumi.Output<string>;
  /** Body of `POST /api/deviceProfile` for a new profile, JSON. */
  declare readonly profileJson: pulumi.Output<string>;
  /** By what ThingsBoard looks the certificate up: SHA3-256 over its base64, lowercase hex. */
  declare readonly provisionDeviceKey: pulumi.Output<string>;

  constructor(
    name: string,
    args: ThingsBoardDeviceProfileArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    const { server } = args;
    super(
      "mqtt-pki:index:ThingsBoardDeviceProfile",
      name,
      {
        ...args,
        ...(server !== undefined && { server: secretServer(server) }),
        profileName: args.profileName ?? "mqtt-x509",
        profileId: undefined,
        profileJson: undefined,
        provisionDeviceKey: undefined,
      },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["server"] }),
    );
  }
}
