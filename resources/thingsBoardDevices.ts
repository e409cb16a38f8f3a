import * as pulumi from "@pulumi/pulumi";
import type { ThingsBoardServerArgs } from "./thingsBoardServer";
import { secretServer } from "./thingsBoardServer";

/** Arguments of {@link ThingsBoardDevices}. */
export interface ThingsBoardDevicesArgs {
  /** Left out, nobody is asked, and the devices are written to `directory`. */
  server?: pulumi.Input<ThingsBoardServerArgs>;
  /** Of the batch: `batch.outputDirectory`. */
  outputDirectory: pulumi.Input<string>;
  /** Of the batch: `batch.digest`; what makes an update look. */
  digest: pulumi.Input<string>;
  /** Of the device profile; take it from a `ThingsBoardDeviceProfile`, so that it is there before. */
  profileName: pulumi.Input<string>;
  /** As in the device profile: its first group within a device's id is its name. Default `(.*)`. */
  commonNamePattern?: pulumi.Input<string>;
  /** Folder for `devices.csv`, for ThingsBoard's page, and `bulk-import.json`, for its REST API. Relative to Pulumi.yaml. */
  directory?: pulumi.Input<string>;
  /** 1 to 10,000, and never more than 16 MiB. Default 1,000. */
  devicesPerRequest?: pulumi.Input<number>;
  /** Move devices of those names that are in other profiles. Default false: refused, and nothing is imported. */
  takeOver?: pulumi.Input<boolean>;
  /** Delete in ThingsBoard what the batch has no more, and all of it with this resource. Default false: devices stay. */
  deleteDevices?: pulumi.Input<boolean>;
}

/**
 * The devices of a batch in ThingsBoard, each with its certificate as X.509
 * credentials, so that it is known before it connects for the first time and
 * needs to send no chain.
 *
 * Only devices that are new or have another certificate are sent, some hundred
 * a request; a run that was killed goes on behind its last request. The record
 * of it stands beside the batch's inventory (`thingsboard-<name>.imported`).
 * A refresh finds devices that were deleted in ThingsBoard.
 *
 * Source: ThingsBoard's `POST /api/device/bulk_import`.
 *
 * @example
 * ```ts
 * new ThingsBoardDevices("gateways", {
 *   server,
 *   outputDirectory: batch.outputDirectory,
 *   digest: batch.digest,
 *   profileName: profile.profileName,
 * });
 * ```
 */
export class ThingsBoardDevices extends pulumi.CustomResource {
  /** Active devices of the batch, all of which ThingsBoard has; 0 where there is no server. */
  declare readonly count: pulumi.Output<number>;
  /** Devices that were new in the last update. */
  declare readonly created: pulumi.Output<number>;
  /** Devices that got another certificate in the last update, or were there before. */
  declare readonly updated: pulumi.Output<number>;
  /** Devices that the batch has no more, and ThingsBoard has. */
  declare readonly left: pulumi.Output<number>;
  /** Devices that the last refresh did not find; the next update imports them. */
  declare readonly missing: pulumi.Output<number>;
  /** Names of the files in `directory`. */
  declare readonly files: pulumi.Output<string[]>;

  constructor(
    name: string,
    args: ThingsBoardDevicesArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    const { server } = args;
    super(
      "mqtt-pki:index:ThingsBoardDevices",
      name,
      {
        ...args,
        ...(server !== undefined && { server: secretServer(server) }),
        count: undefined,
        created: undefined,
        updated: undefined,
        left: undefined,
        missing: undefined,
        files: undefined,
        filesSha256: undefined,
      },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["server"] }),
    );
  }
}
