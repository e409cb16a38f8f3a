import { X509Certificate, randomUUID } from "node:crypto";
import { rootCertificates } from "node:tls";
import { z } from "zod";
import { credentialsId, splitPem } from "../certificates";

const profileSchema = z.looseObject({
  id: z.looseObject({ id: z.string() }).nullish(),
  name: z.string().nullish(),
  version: z.number().nullish(),
  transportType: z.string().nullish(),
  provisionType: z.string().nullish(),
  provisionDeviceKey: z.string().nullish(),
  profileData: z
    .looseObject({
      provisionConfiguration: z
        .looseObject({
          type: z.string(),
          provisionDeviceSecret: z.string().nullish(),
          certificateRegExPattern: z.string().nullish(),
          allowCreateNewDevicesByX509Certificate: z.boolean().nullish(),
        })
        .nullish(),
    })
    .nullish(),
});
/** A device profile as it is posted. */
export type PostedProfile = z.infer<typeof profileSchema>;

/** A device profile that is kept. */
export type StoredProfile = PostedProfile & {
  readonly id: { readonly id: string };
  readonly name: string;
  readonly version: number;
};

/** A device that is kept. */
export interface StoredDevice {
  readonly id: string;
  readonly tenant: string;
  name: string;
  /** The name of its profile. */
  type: string;
  profileId: string;
  credentialsType: string;
  credentialsId: string;
  credentialsValue: string;
  /** How often it was written. */
  saved: number;
}

/** The tenant of those who do not say. */
export const TENANT = "tenant";

/** What ThingsBoard refuses, as its REST API tells. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errorCode = 31,
  ) {
    super(message);
  }
}

/** Profiles, devices and credentials of all tenants; ids and certificates are unique over them. */
export class ThingsBoardStore {
  private readonly profiles = new Map<
    string,
    { readonly tenant: string; profile: StoredProfile }
  >();
  private readonly devices = new Map<string, StoredDevice>();
  private readonly byName = new Map<string, StoredDevice>();
  private readonly byCredentials = new Map<string, StoredDevice>();

  profilesOf(tenant: string): StoredProfile[] {
    return [...this.profiles.values()]
      .filter((entry) => entry.tenant === tenant)
      .map(({ profile }) => profile)
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  profile(tenant: string, id: string): StoredProfile | undefined {
    const entry = this.profiles.get(id);
    return entry?.tenant === tenant ? entry.profile : undefined;
  }

  /** The profile, of whatever tenant, to which a certificate leads. */
  profileByKey(
    key: string,
  ): { readonly tenant: string; readonly profile: StoredProfile } | undefined {
    return [...this.profiles.values()].find(
      ({ profile }) => profile.provisionDeviceKey === key,
    );
  }

  /**
   * `POST /api/deviceProfile`
   *
   * @throws Refusal
   */
  saveProfile(tenant: string, body: unknown): StoredProfile {
    const posted = profileSchema.parse(body);
    const id = posted.id?.id;
    const old = id === undefined ? undefined : this.profile(tenant, id);
    if (id !== undefined && old === undefined) {
      throw new Refusal(404, "Requested item wasn't found!", 32);
    }
    const { name } = posted;
    if (name === undefined || name === null || name === "") {
      throw new Refusal(400, "Device profile name should be specified!");
    }
    const formatted = format(posted);
    this.refuseProfile(tenant, formatted, old);
    if (
      old !== undefined &&
      posted.version !== undefined &&
      posted.version !== null &&
      posted.version !== old.version
    ) {
      throw new Refusal(
        409,
        "DEVICE_PROFILE was already changed by someone else",
        35,
      );
    }
    const profile: StoredProfile = {
      ...formatted,
      id: { entityType: "DEVICE_PROFILE", id: id ?? randomUUID() },
      tenantId: { entityType: "TENANT", id: tenant },
      name,
      default: formatted.default === true,
      version: (old?.version ?? 0) + 1,
    };
    this.profiles.set(profile.id.id, { tenant, profile });
    for (const device of this.devices.values()) {
      if (device.profileId === profile.id.id) {
        device.type = name;
      }
    }
    return profile;
  }

  /**
   * `DELETE /api/deviceProfile/{id}`
   *
   * @throws Refusal
   */
  deleteProfile(tenant: string, id: string): void {
    const profile = this.profile(tenant, id);
    if (profile === undefined) {
      throw new Refusal(404, "Requested item wasn't found!", 32);
    }
    if (profile.default === true) {
      throw new Refusal(
        400,
        "Deletion of Default Device Profile is prohibited!",
      );
    }
    if (this.devicesOf(tenant).some((device) => device.profileId === id)) {
      throw new Refusal(
        400,
        "The device profile referenced by the devices cannot be deleted!",
      );
    }
    this.profiles.delete(id);
  }

  /** Of a tenant, by name. */
  devicesOf(tenant: string): StoredDevice[] {
    return [...this.devices.values()]
      .filter((device) => device.tenant === tenant)
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  device(tenant: string, id: string): StoredDevice | undefined {
    const device = this.devices.get(id);
    return device?.tenant === tenant ? device : undefined;
  }

  deviceByName(tenant: string, name: string): StoredDevice | undefined {
    return this.byName.get(`${tenant}/${name}`);
  }

  deviceByCredentials(id: string): StoredDevice | undefined {
    return this.byCredentials.get(id);
  }

  /**
   * Makes a device, or writes the one of this name, with a certificate as
   * credentials.
   *
   * @param certificate base64, or PEM
   * @throws Refusal where the certificate is another device's
   */
  saveDevice(
    tenant: string,
    name: string,
    profile: StoredProfile,
    certificate: string,
  ): { readonly device: StoredDevice; readonly isNew: boolean } {
    const value = stripped(certificate);
    const id = credentialsId(value);
    const old = this.deviceByName(tenant, name);
    const owner = this.deviceByCredentials(id);
    if (owner !== undefined && owner !== old) {
      throw new Refusal(400, "Specified credentials are already registered!");
    }
    this.byCredentials.delete(old?.credentialsId ?? "");
    const device: StoredDevice = Object.assign(
      old ?? { id: randomUUID(), tenant, saved: 0 },
      {
        name,
        type: profile.name,
        profileId: profile.id.id,
        credentialsType: "X509_CERTIFICATE",
        credentialsId: id,
        credentialsValue: value,
      },
    );
    device.saved += 1;
    this.devices.set(device.id, device);
    this.byName.set(`${tenant}/${name}`, device);
    this.byCredentials.set(id, device);
    return { device, isNew: old === undefined };
  }

  deleteDevice(tenant: string, id: string): boolean {
    const device = this.device(tenant, id);
    if (device === undefined) {
      return false;
    }
    this.byName.delete(`${tenant}/${device.name}`);
    this.byCredentials.delete(device.credentialsId);
    return this.devices.delete(id);
  }

  private refuseProfile(
    tenant: string,
    posted: PostedProfile,
    old: StoredProfile | undefined,
  ): void {
    const name = posted.name ?? "";
    const key = posted.provisionDeviceKey ?? "";
    const isOther = (profile: StoredProfile): boolean =>
      profile.id.id !== old?.id.id;
    if (
      this.profilesOf(tenant).some(
        (profile) => isOther(profile) && profile.name === name,
      )
    ) {
      throw new Refusal(400, "Device profile with such name already exists!");
    }
    const owner = key === "" ? undefined : this.profileByKey(key);
    if (owner !== undefined && isOther(owner.profile)) {
      throw new Refusal(
        400,
        posted.provisionType === "X509_CERTIFICATE_CHAIN"
          ? "Device profile with such certificate already exists!"
          : "Device profile with such provision device key already exists!",
      );
    }
    if (WELL_KNOWN.has(key)) {
      throw new Refusal(
        400,
        "Device profile certificate cannot be well known root CA!",
      );
    }
    const inUse =
      old !== undefined &&
      this.devicesOf(tenant).some(({ profileId }) => profileId === old.id.id);
    if (inUse && posted.transportType !== old.transportType) {
      throw new Refusal(
        400,
        "Can't change device profile transport type because devices referenced it!",
      );
    }
  }
}

const WELL_KNOWN = new Set(rootCertificates.map(credentialsId));

/** What the server makes of the certificate it is sent: base64 on one line, and the id that it is looked up by. */
function format(posted: PostedProfile): PostedProfile {
  const configuration = posted.profileData?.provisionConfiguration;
  const secret = configuration?.provisionDeviceSecret;
  if (
    configuration?.type !== "X509_CERTIFICATE_CHAIN" ||
    secret === undefined ||
    secret === null
  ) {
    return posted;
  }
  const chain = splitPem(secret);
  // Of a chain, the first certificate counts.
  const first = chain[0] ?? secret;
  return {
    ...posted,
    provisionDeviceKey: credentialsId(stripped(first)),
    profileData: {
      ...posted.profileData,
      provisionConfiguration: {
        ...configuration,
        provisionDeviceSecret:
          chain.length > 1 ? secret.replace(/\r?\n/g, "") : stripped(secret),
      },
    },
  };
}

/** Only the markers and line breaks go; any other text would stay and change the id. */
function stripped(pem: string): string {
  return pem
    .replace(/-----(BEGIN|END) CERTIFICATE-----/g, "")
    .replace(/[\r\n]/g, "");
}

/**
 * The first common name of a certificate as BouncyCastle escapes it. OpenSSL,
 * whose text this is, escapes the same but for `=`.
 */
export function commonNameOf(leaf: X509Certificate): string | undefined {
  return /^CN=(.+)$/m.exec(leaf.subject)?.[1]?.replace(/=/g, "\\=");
}
