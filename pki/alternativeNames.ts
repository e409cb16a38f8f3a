import { isIP, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import type { JsonGeneralNames } from "@peculiar/x509";
import type { Problem } from "./problem";
import { quote } from "./problem";

/** The subject alternative names of a certificate (RFC 5280 §4.2.1.6). */
export interface AlternativeNames {
  /** Host names; `*` is allowed as the whole first label. */
  readonly dnsNames?: readonly string[];
  /** IPv4 and IPv6 addresses. */
  readonly ipAddresses?: readonly string[];
  /** Absolute URIs, such as a device's `urn:uuid:…`. */
  readonly uris?: readonly string[];
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
    const key = (
      isIP(value) !== 0 && !value.includes("%")
        ? canonicalAddress(value)
        : value
    ).toLowerCase();
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

/** Are there any names at all? */
export function isEmpty(names: AlternativeNames): boolean {
  return [names.dnsNames, names.ipAddresses, names.uris].every(
    (list) => (list ?? []).length === 0,
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
    return ipAddresses.includes(commonName)
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

/** The names in the order DNS, IP, URI, as the X.509 library takes them. */
export function encodeAlternativeNames(
  names: AlternativeNames,
): JsonGeneralNames {
  return [
    ...(names.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(names.ipAddresses ?? []).map((address) => ({
      type: "ip" as const,
      value: canonicalAddress(address),
    })),
    ...(names.uris ?? []).map((value) => ({ type: "url" as const, value })),
  ];
}
