import * as pulumi from "@pulumi/pulumi";
import { ThingsBoardDeviceProfile } from "../../../components";

// A device profile for a certificate of the configuration's, which may be imported.

interface Settings {
  readonly url: string;
  readonly certificatePem: string;
  readonly pattern?: string;
  readonly importId?: string;
  /** Name of the resource. Default: that of the profile. */
  readonly resource?: string;
}

const config = new pulumi.Config();
const settings = config.requireObject<Settings>("thingsBoard");

export const { profileId } = new ThingsBoardDeviceProfile(
  settings.resource ?? "meters",
  {
    server: { url: settings.url, apiKey: config.requireSecret("apiKey") },
    profileName: "meters",
    certificatePem: settings.certificatePem,
    ...(settings.pattern !== undefined && {
      commonNamePattern: settings.pattern,
    }),
  },
  settings.importId === undefined ? {} : { import: settings.importId },
);
