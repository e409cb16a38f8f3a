import { X509Certificate } from "node:crypto";
import { credentialsId, splitPem } from "../certificates";
import type { StoredDevice, StoredProfile } from "./thingsBoardStore";
import { TENANT, ThingsBoardStore, commonNameOf } from "./thingsBoardStore";

// What ThingsBoard does with device profiles, devices and the certificates that devices show over MQTT. The same
// double is served over HTTP by thingsBoardServer.ts, and over MQTT by thingsBoardMqtt.ts.
//
// documented            paths, bodies and pages of the REST API; X-Authorization with "ApiKey" or "Bearer"; login and
//                       refresh of tokens; a device profile's certificate, pattern and allow-create; the columns of a
//                       bulk import; the limit of 16 MiB
// read in its source    the adjacent signatures, the lookup from the leaf up, the leaf's dates, the order of what happens
//                       to a known and an unknown device; one certificate a profile, unique over all tenants; names
//                       unique in a tenant; public roots refused; a profile with devices not deleted, nor its transport
//                       changed; a renamed profile renames its devices' type; POST with an old `version` is 409; the
//                       bulk import: rows one by one, found by name, moved to the profile that TYPE names, which is made
//                       (without X.509 provisioning) where it is missing, `update` counting for attributes alone, errors
//                       as "Line 2: ..." in an answer of 200; the texts of refusals and their codes
// run against its code  the credentials id: SHA3-256 over the PEM body
// inferred              JavaScript's regular expressions stand in for Java's (namePattern.test.ts runs both); a pattern
//                       that only Java reads matches nothing here; public roots are Node's, not those of a JVM; the text
//                       of 401 for an unknown API key; what is answered to a publish to another topic than telemetry
// unknown               how a real one behaves under load, its rate limits, the audit log; order of certificates on the
//                       wire, which Node's TLS hides from the MQTT front (a chain is put in order before it is seen)
//
// It has no trust store, and looks at no CA's dates, key usage or path length. Neither does this.

/** What became of a CONNECT: how the device was known, or CONNACK 5 and why. */
export type Connection =
  | {
      readonly accepted: true;
      readonly by: "credentials" | "profile" | "new";
      readonly device: StoredDevice;
    }
  | { readonly accepted: false; readonly reason: string };

const refused = (reason: string): Connection => ({ accepted: false, reason });

/** A double of ThingsBoard's devices, device profiles and their certificates. */
export class ThingsBoard {
  readonly store = new ThingsBoardStore();

  /**
   * `POST /api/deviceProfile`, to create one or to update the one of this name.
   *
   * @throws Error as the real one answers
   */
  saveProfile(body: string): void {
    const posted = JSON.parse(body) as { name: string };
    const old = this.store
      .profilesOf(TENANT)
      .find(({ name }) => name === posted.name);
    this.store.saveProfile(TENANT, {
      ...posted,
      ...(old !== undefined && { id: old.id, version: old.version }),
    });
  }

  /** The device's stored credentials; `undefined` for one that never came. */
  credentialsOf(name: string): string | undefined {
    return this.store.deviceByName(TENANT, name)?.credentialsId;
  }

  /** Forgets a device, as if it had never connected. */
  forget(name: string): void {
    const device = this.store.deviceByName(TENANT, name);
    if (device !== undefined) {
      this.store.deleteDevice(TENANT, device.id);
    }
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
    for (const id of shown.map(credentialsId)) {
      const device = this.store.deviceByCredentials(id);
      if (device !== undefined) {
        return { accepted: true, by: "credentials", device };
      }
      const found = this.store.profileByKey(id);
      if (found !== undefined) {
        return this.provision(
          found.tenant,
          found.profile,
          shown[0] ?? "",
          leaf,
        );
      }
    }
    return refused("no certificate of the chain is known");
  }

  private provision(
    tenant: string,
    profile: StoredProfile,
    own: string,
    leaf: X509Certificate,
  ): Connection {
    const configuration = profile.profileData?.provisionConfiguration;
    const pattern = configuration?.certificateRegExPattern ?? "";
    const commonName = commonNameOf(leaf) ?? "";
    const name = firstGroup(pattern, commonName);
    if (name === undefined) {
      return refused("the common name does not match the profile's pattern");
    }
    const known = this.store.deviceByName(tenant, name);
    if (known !== undefined && known.profileId !== profile.id.id) {
      return refused("a device of that name is in another profile");
    }
    if (known !== undefined && known.credentialsType !== "X509_CERTIFICATE") {
      return refused("the device has credentials of another kind");
    }
    if (
      known === undefined &&
      configuration?.allowCreateNewDevicesByX509Certificate !== true
    ) {
      return refused("the profile creates no devices");
    }
    const { device, isNew } = this.store.saveDevice(tenant, name, profile, own);
    return { accepted: true, by: isNew ? "new" : "profile", device };
  }
}

/** Java's `find()` and `group(1)`; nothing for a pattern that cannot be read. */
function firstGroup(pattern: string, text: string): string | undefined {
  try {
    return new RegExp(pattern).exec(text)?.[1];
  } catch {
    return undefined;
  }
}
