import { isIP, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { AsnConvert, AsnUtf8StringConverter } from "@peculiar/asn1-schema";
import {
  GeneralName,
  GeneralNames,
  OtherName,
  id_ce_subjectAltName,
} from "@peculiar/asn1-x509";
import * as asn1js from "asn1js";
import { emailAddressProblem } from "./emailAddress";
import { objectIdentifierProblem } from "./objectIdentifier";
import type { Problem } from "./problem";
import { quote } from "./problem";
import { x509 } from "./webcrypto";

/** A name of a kind of its own (otherName, RFC 5280 §4.2.1.6), such as a Microsoft user principal name. */
export interface OtherNameValue {
  /** The kind, as an object identifier. */
  readonly type: string;
  /** Encoded as UTF8String. */
  readonly value: string;
}

/** What a manufacturer calls a piece of hardware (hardwareModuleName, RFC 4108 §5), as IEEE 802.1AR puts it into an IDevID. */
export interface HardwareModuleName {
  /** The manufacturer's object identifier of this kind of hardware. */
  readonly type: string;
  /** The serial number of the piece; its characters are encoded as octets. */
  readonly serialNumber: string;
}

/** The subject alternative names of a certificate (RFC 5280 §4.2.1.6). */
export interface AlternativeNames {
  /** Host names; `*` is allowed as the whole first label. */
  readonly dnsNames?: readonly string[];
  /** IPv4 and IPv6 addresses. */
  readonly ipAddresses?: readonly string[];
  /** Absolute URIs, such as a device's `urn:uuid:…`. */
  readonly uris?: readonly string[];
  /** E-mail addresses (rfc822Name). */
  readonly emailAddresses?: readonly string[];
  readonly otherNames?: readonly OtherNameValue[];
  readonly hardwareModuleName?: HardwareModuleName;
}

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Why this text is no host name, or `undefined` where it is one (RFC 1123, RFC 6125 §6.4.3). */
export function hostNameProblem(name: string): string | undefined {
  if (isIP(name) !== 0) {
    return `${quote(name)} is an IP address; write it under ipAddresses.`;
  }
  if (name.length > 253) {
    return `${quote(name)} has ${name.length} characters; a host name has 253 at most.`;
  }
  const ascii = domainToASCII(name);
  if (/[^\x20-\x7e]/.test(name) && ascii !== "") {
    return `${quote(name)} is not ASCII; write "${ascii}".`;
  }
  const labels = name.replace(/^\*\./, "").split(".");
  if (!labels.every((label) => LABEL.test(label))) {
    return `${quote(name)} is no host name; write labels of A-Z a-z 0-9 and -, joined by dots, without scheme or port.`;
  }
  if (name.startsWith("*.") && labels.length < 2) {
    return `${quote(name)} would stand for a whole top-level domain; write "*.example.com".`;
  }
  if (/^\d+$/.test(labels.at(-1) ?? "")) {
    return `${quote(name)} ends with a number, which no host name does; an IP address goes under ipAddresses.`;
  }
  return undefined;
}

/** Every mistake in the alternative names; empty where they are good. */
export function checkAlternativeNames(names: AlternativeNames): Problem[] {
  return [
    ...checkEach("dnsNames", names.dnsNames, hostNameProblem),
    ...checkEach("ipAddresses", names.ipAddresses, (address) =>
      isIP(address) === 0 || address.includes("%")
        ? `${quote(address)} is no IP address; write "192.0.2.7" or "2001:db8::7" (host names go under dnsNames).`
        : undefined,
    ),
    ...checkEach("uris", names.uris, (uri) =>
      /[^\x21-\x7e]/.test(uri) || !URL.canParse(uri)
        ? `${quote(uri)} is no absolute URI; write one with its scheme, such as "urn:uuid:…".`
        : undefined,
    ),
    ...checkEach("emailAddresses", names.emailAddresses, emailAddressProblem),
    ...(names.otherNames ?? []).flatMap(({ type, value }, index) =>
      checkTyped(`otherNames[${index}]`, type, "value", value),
    ),
    ...(names.hardwareModuleName === undefined
      ? []
      : checkTyped(
          "hardwareModuleName",
          names.hardwareModuleName.type,
          "serialNumber",
          names.hardwareModuleName.serialNumber,
        )),
  ];
}

function checkTyped(
  path: string,
  type: string,
  member: string,
  value: string,
): Problem[] {
  const message = objectIdentifierProblem(type);
  return [
    ...(message === undefined ? [] : [{ path: `${path}.type`, message }]),
    ...(value === "" || /[\p{Cc}\p{Cs}]/u.test(value)
      ? [
          {
            path: `${path}.${member}`,
            message: `${quote(value)} is empty or holds a control character; write it without.`,
          },
        ]
      : []),
  ];
}

function checkEach(
  path: string,
  values: readonly string[] | undefined,
  problemOf: (value: string) => string | undefined,
): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  for (const [index, value] of (values ?? []).entries()) {
    const here = `${path}[${index}]`;
    if (typeof value !== "string") {
      problems.push({ path: here, message: `${quote(value)} is no text.` });
      continue;
    }
    const message = problemOf(value);
    if (message !== undefined) {
      problems.push({ path: here, message });
    }
    const key = foldAlternativeName(value);
    const first = seen.get(key);
    if (first !== undefined) {
      problems.push({
        path: here,
        message: `${quote(value)} stands at ${path}[${first}] already; leave one out.`,
      });
    }
    seen.set(key, first ?? index);
  }
  return problems;
}

/** What two spellings of the same name have in common: case does not matter, nor where an IPv6 address leaves zeros out. */
export function foldAlternativeName(name: string): string {
  return (
    isIP(name) !== 0 && !name.includes("%") ? canonicalAddress(name) : name
  ).toLowerCase();
}

/** Are there any names at all? */
export function isEmpty(names: AlternativeNames): boolean {
  return (
    names.hardwareModuleName === undefined &&
    [
      names.dnsNames,
      names.ipAddresses,
      names.uris,
      names.emailAddresses,
      names.otherNames,
    ].every((list) => (list ?? []).length === 0)
  );
}

/**
 * The names with the common name among them where that is a host name or an
 * address: clients read the SAN only (RFC 6125 §6.4.4), people the CN.
 */
export function withCommonName(
  names: AlternativeNames,
  commonName: string,
): AlternativeNames {
  const dnsNames = names.dnsNames ?? [];
  const ipAddresses = names.ipAddresses ?? [];
  if (isIP(commonName) !== 0) {
    return ipAddresses
      .map(foldAlternativeName)
      .includes(foldAlternativeName(commonName))
      ? names
      : { ...names, ipAddresses: [commonName, ...ipAddresses] };
  }
  const known = dnsNames.some(
    (name) => name.toLowerCase() === commonName.toLowerCase(),
  );
  return known ||
    !commonName.includes(".") ||
    hostNameProblem(commonName) !== undefined
    ? names
    : { ...names, dnsNames: [commonName, ...dnsNames] };
}

/** An address in the form that the X.509 library reads: IPv6 in hexadecimal groups only, and as short as it gets. */
export function canonicalAddress(address: string): string {
  return isIPv6(address)
    ? new URL(`http://[${address}]/`).hostname.slice(1, -1)
    : address;
}

/** The names as an extension, not critical since every subject of ours has a common name; in the order DNS, IP, URI, e-mail, others. */
export function encodeAlternativeNames(
  names: AlternativeNames,
): x509.Extension {
  const { hardwareModuleName } = names;
  const others = (names.otherNames ?? []).map(({ type, value }) =>
    otherName(type, AsnUtf8StringConverter.toASN(value)),
  );
  if (hardwareModuleName !== undefined) {
    others.push(
      otherName(HARDWARE_MODULE_NAME, encodeHardwareModule(hardwareModuleName)),
    );
  }
  const list = [
    ...(names.dnsNames ?? []).map((dNSName) => ({ dNSName })),
    ...(names.ipAddresses ?? []).map((address) => ({
      iPAddress: canonicalAddress(address),
    })),
    ...(names.uris ?? []).map((uri) => ({ uniformResourceIdentifier: uri })),
    ...(names.emailAddresses ?? []).map((rfc822Name) => ({ rfc822Name })),
    ...others.map((name) => ({ otherName: name })),
  ].map((name) => new GeneralName(name));
  return new x509.Extension(
    id_ce_subjectAltName,
    false,
    AsnConvert.serialize(new GeneralNames(list)),
  );
}

/** id-on-hardwareModuleName, RFC 4108 §5. */
const HARDWARE_MODULE_NAME = "1.3.6.1.5.5.7.8.4";

function otherName(typeId: string, value: asn1js.AsnType): OtherName {
  return new OtherName({ typeId, value: value.toBER() });
}

function encodeHardwareModule({
  type,
  serialNumber,
}: HardwareModuleName): asn1js.Sequence {
  return new asn1js.Sequence({
    value: [
      new asn1js.ObjectIdentifier({ value: type }),
      new asn1js.OctetString({ valueHex: Buffer.from(serialNumber) }),
    ],
  });
}

const READ_KINDS = [
  "dNSName",
  "iPAddress",
  "uniformResourceIdentifier",
  "rfc822Name",
];

/** The kinds of names that {@link readAlternativeNames} leaves out, for people: `directoryName`. */
export function otherKindsOfNames(extension: x509.Extension | null): string[] {
  if (extension === null) {
    return [];
  }
  const names = [...AsnConvert.parse(extension.value, GeneralNames)];
  return names.flatMap((name) =>
    Object.entries(name).flatMap(([kind, value]) =>
      value === undefined || READ_KINDS.includes(kind) ? [] : [kind],
    ),
  );
}

/** The names a certificate or a request carries; those of kinds we do not write are left out. */
export function readAlternativeNames(
  extension: x509.Extension | null,
): AlternativeNames {
  if (extension === null) {
    return {};
  }
  const names = [...AsnConvert.parse(extension.value, GeneralNames)];
  const of = (kind: "dNSName" | "iPAddress" | "rfc822Name"): string[] =>
    names.flatMap((name) => name[kind] ?? []);
  return {
    dnsNames: of("dNSName"),
    ipAddresses: of("iPAddress"),
    uris: names.flatMap((name) => name.uniformResourceIdentifier ?? []),
    emailAddresses: of("rfc822Name"),
  };
}
