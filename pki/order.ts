import { isIP } from "node:net";
import {
  checkAlternativeNames,
  hostNameProblem,
  isEmpty,
  withCommonName,
} from "./alternativeNames";
import type { AlternativeNames } from "./alternativeNames";
import { idProblem } from "./batch/deviceId";
import type { Extensions } from "./extensions";
import { checkExtensions } from "./extensions";
import type { KeySpec } from "./key";
import { checkKeySpec } from "./key";
import { checkExtendedKeyUsage, checkKeyUsage } from "./keyUsage";
import type { ConstrainedNames, NameConstraints } from "./nameConstraints";
import { checkNameConstraints } from "./nameConstraints";
import type { Problem } from "./problem";
import { below, quote } from "./problem";
import type { Profile } from "./profile";
import { PROFILES } from "./profile";
import type { Subject } from "./subject";
import { checkSubject } from "./subject";
import type { Renewal, ValidityOrder } from "./validity";
import { checkRenewal, checkValidity } from "./validity";

/** All that is asked of the authority for one certificate, before any key exists. */
export interface CertificateOrder extends AlternativeNames, ValidityOrder {
  /** Name of the profile, one of the keys of {@link PROFILES}. */
  readonly profile: string;
  readonly subject: Subject;
  readonly key: KeySpec;
  /** Path length constraint of a CA: how many CAs may follow below it. 0 is written. */
  readonly pathLength?: number;
  readonly nameConstraints?: NameConstraints;
  readonly renewal?: Renewal;
  /** Cut the validity at the issuer's end instead of refusing it. Default false. */
  readonly truncate?: boolean;
  /** What it carries beyond its profile. */
  readonly extensions?: Extensions;
}

/** The profile an order names; `undefined` for an unknown one, which {@link checkOrder} reports. */
export function profileOf(order: CertificateOrder): Profile | undefined {
  return Object.hasOwn(PROFILES, order.profile)
    ? PROFILES[order.profile]
    : undefined;
}

/** The alternative names the certificate gets: those asked for, with a server's CN among them. */
export function alternativeNamesOf(order: CertificateOrder): AlternativeNames {
  const names: AlternativeNames = {
    dnsNames: order.dnsNames ?? [],
    ipAddresses: order.ipAddresses ?? [],
    uris: order.uris ?? [],
    emailAddresses: order.emailAddresses ?? [],
    otherNames: order.otherNames ?? [],
    ...(order.hardwareModuleName && {
      hardwareModuleName: order.hardwareModuleName,
    }),
  };
  return profileOf(order)?.alternativeNames === "required"
    ? withCommonName(names, order.subject.commonName)
    : names;
}

/** What name constraints above hold the certificate to. */
export function constrainedNamesOf(order: CertificateOrder): ConstrainedNames {
  if (profileOf(order)?.ca === true) {
    return {};
  }
  const { dnsNames = [], ipAddresses = [] } = order;
  const all = alternativeNamesOf(order);
  return {
    dnsNames,
    ipAddresses,
    commonName: order.subject.commonName,
    commonNameRepeated:
      all.dnsNames?.length !== dnsNames.length ||
      all.ipAddresses?.length !== ipAddresses.length,
    otherKinds: !isEmpty({ ...all, dnsNames: [], ipAddresses: [] }),
  };
}

/** Every mistake that shows without knowing the issuer; empty where the order is good. */
export function checkOrder(order: CertificateOrder): Problem[] {
  const profile = profileOf(order);
  if (profile === undefined) {
    return [
      {
        path: "profile",
        message: `${quote(order.profile)} is no known profile; write one of ${Object.keys(PROFILES).join(", ")}.`,
      },
    ];
  }
  return [
    ...below("subject", checkSubject(order.subject)),
    ...checkDeviceName(order, profile),
    ...below("key", checkKeySpec(order.key)),
    ...checkKeyAllowed(order, profile),
    ...checkValidity(order),
    ...below("renewal", checkRenewal(order.renewal ?? {}, order)),
    ...checkAlternativeNames(order),
    ...checkAlternativeNamesAllowed(order, profile),
    ...checkCaMembers(order, profile),
    ...below("extensions", checkExtensionsOf(order, profile)),
  ];
}

function checkExtensionsOf(
  { extensions = {}, key }: CertificateOrder,
  profile: Profile,
): Problem[] {
  const { keyUsage, extendedKeyUsage } = extensions;
  return [
    ...(keyUsage === undefined ? [] : checkKeyUsage(keyUsage, profile, key)),
    ...(extendedKeyUsage === undefined
      ? []
      : checkExtendedKeyUsage(extendedKeyUsage, profile)),
    ...checkExtensions(extensions),
  ];
}

/** A device's common name is its MQTT client id. */
function checkDeviceName(order: CertificateOrder, profile: Profile): Problem[] {
  const { commonName } = order.subject;
  const message =
    profile.namesDevice && checkSubject(order.subject).length === 0
      ? idProblem(commonName)
      : undefined;
  return message === undefined ? [] : [{ path: "subject.commonName", message }];
}

function checkKeyAllowed(order: CertificateOrder, profile: Profile): Problem[] {
  const { algorithm } = order.key;
  return ["ECDSA", "RSA", "ED25519"].includes(algorithm) &&
    !profile.keyAlgorithms.includes(algorithm)
    ? [
        {
          path: "key.algorithm",
          message: `${quote(algorithm)} is not for profile "${profile.name}"; write one of ${profile.keyAlgorithms.join(", ")}.`,
        },
      ]
    : [];
}

function checkAlternativeNamesAllowed(
  order: CertificateOrder,
  profile: Profile,
): Problem[] {
  if (profile.alternativeNames === "forbidden" && !isEmpty(order)) {
    return [
      {
        path: "dnsNames",
        message: `a CA has no alternative names; leave them out of profile "${profile.name}".`,
      },
    ];
  }
  if (
    profile.alternativeNames !== "required" ||
    !isEmpty(alternativeNamesOf(order))
  ) {
    return [];
  }
  const commonName = order.subject.commonName as string | undefined;
  const reason =
    commonName === undefined || isIP(commonName) !== 0
      ? ""
      : (hostNameProblem(commonName) ?? "");
  return [
    {
      path: "dnsNames",
      message:
        `a server certificate needs at least one host name or address, since clients read nothing else (RFC 6125). ${reason}`.trim(),
    },
  ];
}

function checkCaMembers(order: CertificateOrder, profile: Profile): Problem[] {
  const problems: Problem[] = [];
  const { pathLength, nameConstraints } = order;
  if (!profile.ca) {
    if (pathLength !== undefined) {
      problems.push({
        path: "pathLength",
        message: `${quote(pathLength)} says nothing about a certificate that is no CA; leave it out.`,
      });
    }
    if (nameConstraints !== undefined) {
      problems.push({
        path: "nameConstraints",
        message: "stand in CA certificates only; leave them out.",
      });
    }
    return problems;
  }
  if (
    pathLength !== undefined &&
    (!Number.isInteger(pathLength) || pathLength < 0 || pathLength > 10)
  ) {
    problems.push({
      path: "pathLength",
      message: `${quote(pathLength)} is no path length constraint; write how many CAs may follow below this one, 0 to 10.`,
    });
  }
  if (nameConstraints !== undefined) {
    problems.push(
      ...below("nameConstraints", checkNameConstraints(nameConstraints)),
    );
  }
  return problems;
}
