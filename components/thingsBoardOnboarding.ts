import * as pulumi from "@pulumi/pulumi";
import { onboardingGuide } from "../platforms/thingsBoard/onboardingGuide";
import type { ThingsBoardServerArgs } from "../resources";
import {
  ConfigurationFiles,
  ThingsBoardDeviceProfile,
  ThingsBoardDevices,
} from "../resources";
import { refuse } from "./kubernetes";

/** The CA of the devices: an `IntermediateCA`, a `RootCA`, or its output. */
export interface OnboardingAuthority {
  certificatePem: pulumi.Input<string>;
}

/** The devices: a `DeviceCertificateBatch`, or its outputs. */
export interface OnboardingBatch {
  outputDirectory: pulumi.Input<string>;
  digest: pulumi.Input<string>;
}

/** The device profile; see `ThingsBoardDeviceProfile`. */
export interface OnboardingProfileArgs {
  /** Default `mqtt-x509`. */
  profileName?: pulumi.Input<string>;
  /** Default `(.*)`. */
  commonNamePattern?: pulumi.Input<string>;
  /** Default true. */
  allowCreateNewDevices?: pulumi.Input<boolean>;
  /** Default `DEFAULT`. */
  transportType?: pulumi.Input<string>;
  /** Left out, it stays what it is in ThingsBoard. */
  description?: pulumi.Input<string>;
  /** Default false. */
  adoptExisting?: pulumi.Input<boolean>;
  /** Default false. */
  keepOnDelete?: pulumi.Input<boolean>;
}

/** How devices are imported; see `ThingsBoardDevices`. */
export interface OnboardingDevicesArgs {
  /** Default 1,000. */
  devicesPerRequest?: pulumi.Input<number>;
  /** Default false. */
  takeOver?: pulumi.Input<boolean>;
  /** Default false. */
  deleteDevices?: pulumi.Input<boolean>;
}

/** Arguments of {@link ThingsBoardOnboarding}. */
export interface ThingsBoardOnboardingArgs {
  /** Left out, nobody is asked: all that is to be done stands in `directory`. */
  server?: pulumi.Input<ThingsBoardServerArgs>;
  authority: OnboardingAuthority;
  profile?: OnboardingProfileArgs;
  /** Left out, devices make themselves, when they come for the first time. */
  batch?: OnboardingBatch;
  devices?: OnboardingDevicesArgs;
  /** Folder for `device-profile.json`, the devices and a README, relative to Pulumi.yaml. Needed without a server. */
  directory?: pulumi.Input<string>;
}

/**
 * Devices in ThingsBoard, from their CA on: the device profile that knows them
 * by their certificate chain, and the devices of a batch with their
 * certificates. With a server over its REST API, without one as files with a
 * README that says what goes where.
 *
 * @example
 * ```ts
 * new ThingsBoardOnboarding("gateways", {
 *   authority: deviceCA,
 *   batch,
 *   directory: "rendered/dev/thingsboard",
 * });
 * ```
 */
export class ThingsBoardOnboarding extends pulumi.ComponentResource {
  /** Empty where there is no server. */
  readonly profileId: pulumi.Output<string>;
  readonly profileName: pulumi.Output<string>;
  /** Body of `POST /api/deviceProfile` for a new profile, JSON. */
  readonly profileJson: pulumi.Output<string>;
  /** By what ThingsBoard looks the CA's certificate up: SHA3-256 over its base64, lowercase hex. */
  readonly provisionDeviceKey: pulumi.Output<string>;
  /** Devices that ThingsBoard has of the batch; 0 without a server or a batch. */
  readonly deviceCount: pulumi.Output<number>;
  /** Empty where no files are written. */
  readonly directory: pulumi.Output<string>;

  constructor(
    name: string,
    args: ThingsBoardOnboardingArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:ThingsBoardOnboarding", name, {}, opts);
    const { server, authority, batch, directory } = args;
    if (server === undefined && directory === undefined) {
      refuse(name, [
        'directory: is missing, and without a server the plan goes to files; write a folder such as "rendered/dev/thingsboard", or give a server.',
      ]);
    }
    const given = { ...(server !== undefined && { server }) };
    const profile = new ThingsBoardDeviceProfile(
      name,
      { ...given, ...args.profile, certificatePem: authority.certificatePem },
      { parent: this },
    );
    const { commonNamePattern } = args.profile ?? {};
    const devices =
      batch === undefined
        ? undefined
        : new ThingsBoardDevices(
            name,
            {
              ...given,
              ...args.devices,
              outputDirectory: batch.outputDirectory,
              digest: batch.digest,
              profileName: profile.profileName,
              ...(commonNamePattern !== undefined && { commonNamePattern }),
              ...(directory !== undefined && { directory }),
            },
            // Where the profile's name stays, the import still comes behind its certificate.
            { parent: this, dependsOn: [profile] },
          );
    this.profileId = profile.profileId;
    this.profileName = profile.profileName;
    this.profileJson = profile.profileJson;
    this.provisionDeviceKey = profile.provisionDeviceKey;
    this.deviceCount = devices?.count ?? pulumi.output(0);
    this.directory =
      directory === undefined
        ? pulumi.output("")
        : this.writeFiles(name, profile, devices, directory);
    this.registerOutputs({
      profileId: this.profileId,
      profileName: this.profileName,
      profileJson: this.profileJson,
      provisionDeviceKey: this.provisionDeviceKey,
      deviceCount: this.deviceCount,
      directory: this.directory,
    });
  }

  private writeFiles(
    name: string,
    profile: ThingsBoardDeviceProfile,
    devices: ThingsBoardDevices | undefined,
    directory: pulumi.Input<string>,
  ): pulumi.Output<string> {
    const guide = pulumi
      .all([
        profile.profileName,
        profile.provisionDeviceKey,
        devices?.files ?? pulumi.output([]),
      ])
      .apply(([profileName, provisionDeviceKey, files]) =>
        onboardingGuide({ profileName, provisionDeviceKey, files }),
      );
    return new ConfigurationFiles(
      name,
      {
        directory,
        files: {
          "device-profile.json": profile.profileJson.apply(
            (json) => `${json}\n`,
          ),
          "README.md": guide,
        },
      },
      { parent: this },
    ).directory;
  }
}
