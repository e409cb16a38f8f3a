import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { credentialsId, splitPem } from "../certificates";

// What ThingsBoard does with the certificates that a device shows over MQTT.
//
// read in its source   the adjacent signatures, the lookup from the leaf up, the leaf's dates, the order of what
//                      happens to a known and an unknown device, one certificate a profile and unique
// run against its code the credentials id: SHA3-256 over the PEM body
// inferred             JavaScript's regular expressions stand in for Java's; the patterns used here mean the same in both
//
// It has no trust store, and looks at no CA's dates, key usage or path length. Neither does this.

const profileSchema = z.object({
  name: z.string(),
  provisionType: z.literal("X509_CERTIFICATE_CHAIN"),
  profileData: z.object({
    provisionConfiguration: z.object({
      type: z.literal("X509_CERTIFICATE_CHAIN"),
      provisionDeviceSecret: z.string(),
      certificateRegExPattern: z.string(),
      allowCreateNewDevicesByX509Certificate: z.boolean(),
    }),
  }),
});

interface Profile {
  readonly provisionDeviceKey: string;
  readonly pattern: RegExp;
  readonly createsDevices: boolean;
}

interface Device {
  readonly profile: string;
  readonly credentialsId: string;
}

/** What became of a CONNECT: how the device was known, or CONNACK 5 and why. */
export type Connection =
  | { readonly accepted: true; readonly by: "credentials" | "profile" | "new" }
  | { readonly accepted: false; readonly reason: string };

const refused = (reason: string): Connection => ({ accepted: false, reason });

/** A double of ThingsBoard's devices, device profiles and their certificates. */
export class ThingsBoard {
  private readonly profiles = new Map<string, Profile>();
  private readonly devices = new Map<string, Device>();

  /**
   * `POST /api/deviceProfile`, to create one or to update the one of this name.
   *
   * @throws Error as the real one answers
   */
  saveProfile(body: string): void {
    const { name, profileData } = profileSchema.parse(JSON.parse(body));
    const wanted = profileData.provisionConfiguration;
    // Of a chain, the first certificate counts.
    const [certificate] = splitPem(wanted.provisionDeviceSecret);
    if (certificate === undefined) {
      throw new Error("Certificate is missing");
    }
    const provisionDeviceKey = credentialsId(certificate);
    for (const [other, profile] of this.profiles) {
      if (other !== name && profile.provisionDeviceKey === provisionDeviceKey) {
        throw new Error("Device profile with such certificate already exists!");
      }
    }
    this.profiles.set(name, {
      provisionDeviceKey,
      pattern: new RegExp(wanted.certificateRegExPattern),
      createsDevices: wanted.allowCreateNewDevicesByX509Certificate,
    });
  }

  /** The device's stored credentials; `undefined` for one that never came. */
  credentialsOf(name: string): string | undefined {
    return this.devices.get(name)?.credentialsId;
  }

  /** Forgets a device, as if it had never connected. */
  forget(name: string): void {
    this.devices.delete(name);
  }

  /** TLS handshake and CONNECT of a device that shows a chain, leaf first. */
  connect(chain: string, at: Date): Connection {
    const shown = splitPem(chain);
    const certificates = shown.map((pem) => new X509Certificate(pem));
    const [leaf] = certificates;
    if (leaf === undefined) {
      return refused("no certificate");
    }
    const gap = certificates.slice(1).some((issuer, index) => {
      const below = certificates[index];
      return below?.verify(issuer.publicKey) !== true;
    });
    if (gap) {
      return refused("handshake: a certificate is not signed by the next one");
    }
    if (at < new Date(leaf.validFrom) || at > new Date(leaf.validTo)) {
      return refused("the leaf's dates");
    }
    return this.lookUp(shown, leaf);
  }

  private lookUp(shown: readonly string[], leaf: X509Certificate): Connection {
    const [own = "", ...rest] = shown.map(credentialsId);
    for (const id of [own, ...rest]) {
      if ([...this.devices.values()].some((it) => it.credentialsId === id)) {
        return { accepted: true, by: "credentials" };
      }
      const profile = [...this.profiles].find(
        ([, { provisionDeviceKey }]) => provisionDeviceKey === id,
      );
      if (profile !== undefined) {
        return this.provision(profile, own, leaf);
      }
    }
    return refused("no certificate of the chain is known");
  }

  private provision(
    [profileName, profile]: [string, Profile],
    own: string,
    leaf: X509Certificate,
  ): Connection {
    const commonName = /^CN=(.+)$/m.exec(leaf.subject)?.[1] ?? "";
    const name = profile.pattern.exec(commonName)?.[1];
    if (name === undefined) {
      return refused("the common name does not match the profile's pattern");
    }
    const known = this.devices.get(name);
    if (known !== undefined && known.profile !== profileName) {
      return refused("a device of that name is in another profile");
    }
    if (known === undefined && !profile.createsDevices) {
      return refused("the profile creates no devices");
    }
    this.devices.set(name, { profile: profileName, credentialsId: own });
    return { accepted: true, by: known === undefined ? "new" : "profile" };
  }
}
