import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { encodePem, splitCertificates } from "../../pki/pem";
import type { Problem } from "../../pki/problem";
import { InputError, quote } from "../../pki/problem";
import type { DeviceProfile } from "./api/models";
import { checkNamePattern } from "./namePattern";

/** How the devices of a profile send, for {@link DeviceProfileOrder.transportType}. */
export const ThingsBoardTransport = {
  /** MQTT, HTTP and CoAP with ThingsBoard's own topics and paths. */
  Default: "DEFAULT",
  /** MQTT with topics of the profile's own. */
  Mqtt: "MQTT",
} as const;

/** A device profile that makes devices of those who show a certificate chain. */
export interface DeviceProfileOrder {
  readonly profileName: string;
  /** Of the intermediate or the root: any certificate of the chain that a device shows. PEM. */
  readonly certificatePem: string;
  /** Default `(.*)`. */
  readonly commonNamePattern?: string;
  /** Default true. */
  readonly allowCreateNewDevices?: boolean;
  /** One of {@link ThingsBoardTransport}. Default `DEFAULT`. */
  readonly transportType?: string;
  /** Left as it is where left out. */
  readonly description?: string;
}

/** What a profile is, of what an order can say. */
export type ProfileView = Required<Omit<DeviceProfileOrder, "description">> & {
  readonly description: string;
};

/** What a profile is called where nobody says. */
export const DEFAULT_PROFILE_NAME = "mqtt-x509";
const PROVISION_TYPE = "X509_CERTIFICATE_CHAIN";
const LONGEST_NAME = 255;

/**
 * Body for `POST /api/deviceProfile` of a new profile.
 *
 * @see https://thingsboard.io/docs/user-guide/device-provisioning/
 */
export function deviceProfileBody(order: DeviceProfileOrder): object {
  const transportType = order.transportType ?? ThingsBoardTransport.Default;
  return {
    name: order.profileName,
    type: "DEFAULT",
    transportType,
    provisionType: PROVISION_TYPE,
    ...(order.description !== undefined && { description: order.description }),
    profileData: {
      configuration: { type: "DEFAULT" },
      transportConfiguration: { type: transportType },
      provisionConfiguration: provisionConfiguration(order),
    },
  };
}

/**
 * The same as JSON text, for the REST API and for people.
 *
 * @example
 * ```ts
 * deviceProfileText({ profileName: "mqtt-x509", certificatePem });
 * ```
 */
export function deviceProfileText(order: DeviceProfileOrder): string {
  return JSON.stringify(deviceProfileBody(order));
}

function provisionConfiguration(order: DeviceProfileOrder): object {
  return {
    type: PROVISION_TYPE,
    provisionDeviceSecret: order.certificatePem,
    certificateRegExPattern: order.commonNamePattern ?? "(.*)",
    allowCreateNewDevicesByX509Certificate: order.allowCreateNewDevices ?? true,
  };
}

/** The order, complete, its certificate in the form in which profiles are compared. */
export function viewOfOrder(order: DeviceProfileOrder): ProfileView {
  return {
    profileName: order.profileName,
    certificatePem: normalized(order.certificatePem),
    commonNamePattern: order.commonNamePattern ?? "(.*)",
    allowCreateNewDevices: order.allowCreateNewDevices ?? true,
    transportType: order.transportType ?? ThingsBoardTransport.Default,
    description: order.description ?? "",
  };
}

/** What a profile of ThingsBoard's is; with an empty certificate where it provisions in another way, or not at all. */
export function viewOfProfile(profile: DeviceProfile): ProfileView {
  const { provisionConfiguration: found } = profile.profileData;
  const isChain =
    profile.provisionType === PROVISION_TYPE && found?.type === PROVISION_TYPE;
  return {
    profileName: profile.name,
    certificatePem: isChain
      ? normalized(found.provisionDeviceSecret ?? "")
      : "",
    commonNamePattern: isChain ? (found.certificateRegExPattern ?? "") : "",
    allowCreateNewDevices:
      isChain && found.allowCreateNewDevicesByX509Certificate === true,
    transportType: profile.transportType,
    description: profile.description ?? "",
  };
}

/** In what a profile is not as ordered: `commonNamePattern`. A description counts where the order has one. */
export function differences(
  order: DeviceProfileOrder,
  is: ProfileView,
): (keyof ProfileView)[] {
  const wanted = viewOfOrder(order);
  return (Object.keys(wanted) as (keyof ProfileView)[]).filter(
    (name) =>
      wanted[name] !== is[name] &&
      (name !== "description" || order.description !== undefined),
  );
}

/** The profile as ThingsBoard has it, with what the order says: rule chain, queue, alarms, version and all else stay. */
export function mergedProfile(
  found: DeviceProfile,
  order: DeviceProfileOrder,
): DeviceProfile {
  const transportType = order.transportType ?? ThingsBoardTransport.Default;
  const { profileData } = found;
  const before = profileData.provisionConfiguration;
  return {
    ...found,
    name: order.profileName,
    provisionType: PROVISION_TYPE,
    ...(order.description !== undefined && { description: order.description }),
    ...(transportType !== found.transportType && { transportType }),
    profileData: {
      ...profileData,
      ...(transportType !== found.transportType && {
        transportConfiguration: { type: transportType },
      }),
      provisionConfiguration: {
        ...(before?.type === PROVISION_TYPE && before),
        type: PROVISION_TYPE,
        ...provisionConfiguration(order),
      },
    },
  };
}

/** ThingsBoard keeps a certificate as base64 on one line, and a chain with its markers. */
function normalized(certificate: string): string {
  const pem = certificate.includes("-----BEGIN")
    ? certificate
    : encodePem("CERTIFICATE", Buffer.from(certificate, "base64"));
  try {
    return splitCertificates(pem)[0] ?? certificate;
  } catch {
    return certificate;
  }
}

/** Every mistake in an order; empty where there is none. Asks nobody. */
export function checkDeviceProfile(order: DeviceProfileOrder): Problem[] {
  const { transportType, commonNamePattern } = order;
  const types: readonly string[] = Object.values(ThingsBoardTransport);
  return [
    ...profileNameProblems(order.profileName, "profileName"),
    ...certificateProblems(order.certificatePem),
    ...checkNamePattern(commonNamePattern ?? "(.*)").problems.map(
      (message) => ({ path: "commonNamePattern", message }),
    ),
    ...(transportType === undefined || types.includes(transportType)
      ? []
      : [
          {
            path: "transportType",
            message: `${quote(transportType)} provisions no devices by their chain; write ${types.map(quote).join(" or ")}.`,
          },
        ]),
  ];
}

/** Why a profile cannot be called so. */
export function profileNameProblems(name: string, path: string): Problem[] {
  if (name.trim() === "") {
    return [
      {
        path,
        message: `${quote(name)} is empty; write a name such as "mqtt-x509".`,
      },
    ];
  }
  return name.length > LONGEST_NAME || /[\p{Cc}]/u.test(name)
    ? [
        {
          path,
          message: `${quote(name)} is no name of a device profile; write 1 to ${LONGEST_NAME} characters without line breaks.`,
        },
      ]
    : [];
}

/** The object identifier 2.5.29.19 in DER. */
const BASIC_CONSTRAINTS = Buffer.from("0603551d13", "hex");

function certificateProblems(pem: string): Problem[] {
  const path = "certificatePem";
  const problem = (message: string): Problem[] => [{ path, message }];
  if (pem.includes("PRIVATE KEY")) {
    return problem("holds a private key; give the certificate alone.");
  }
  let blocks: string[];
  try {
    blocks = splitCertificates(pem, path);
  } catch (error) {
    if (error instanceof InputError) {
      return [...error.problems];
    }
    throw error;
  }
  if (blocks.length !== 1) {
    return problem(
      blocks.length === 0
        ? 'holds no PEM block "BEGIN CERTIFICATE"; give the text of the certificate, not a file name.'
        : `holds ${blocks.length} certificates, and ThingsBoard looks devices up by one; give that of the intermediate that issues for the devices, or of the root.`,
    );
  }
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(blocks[0] ?? "");
  } catch {
    return problem(
      "cannot be read as a certificate; take it from its source again.",
    );
  }
  // One of version 1 says nothing of being a CA. ThingsBoard does not ask, and well-known guides make intermediates so.
  if (!certificate.ca && certificate.raw.includes(BASIC_CONSTRAINTS)) {
    return problem(
      `${quote(certificate.subject)} is no CA's; give the certificate of the intermediate that issues for the devices, or of the root.`,
    );
  }
  const wellKnown = rootCertificates.some((root) =>
    new X509Certificate(root).raw.equals(certificate.raw),
  );
  return wellKnown
    ? problem(
        `${quote(certificate.subject)} is a public root, which ThingsBoard refuses: everybody can have a certificate below it. Give a CA of your own.`,
      )
    : [];
}

/** Is this certificate its own issuer? */
export function isRoot(pem: string): boolean {
  try {
    const certificate = new X509Certificate(pem);
    return certificate.checkIssued(certificate);
  } catch {
    return false;
  }
}

/** Short for people: the common name, or all of the subject. */
export function shownCertificate(pem: string): string {
  try {
    const { subject, fingerprint256, validTo } = new X509Certificate(pem);
    const name = /^CN=(.+)$/m.exec(subject)?.[1] ?? subject;
    return `${quote(name)} (SHA-256 ${fingerprint256.slice(0, 11)}…, until ${validTo})`;
  } catch {
    return "none";
  }
}
