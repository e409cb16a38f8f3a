import { BlockList, isIP, isIPv4 } from "node:net";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  NameConstraints as NameConstraintsSyntax,
} from "@peculiar/asn1-x509";
import { canonicalAddress, hostNameProblem } from "./alternativeNames";
import type { Problem } from "./problem";
import { quote } from "./problem";
import { x509 } from "./webcrypto";

/**
 * The names a CA may issue for (RFC 5280 §4.2.1.10). A DNS constraint stands
 * for the name and everything below it.
 */
export interface NameConstraints {
  /** DNS names below which certificates may be issued. */
  readonly permittedDnsNames?: readonly string[];
  /** DNS names below which none may be issued. */
  readonly excludedDnsNames?: readonly string[];
  /** Address ranges, such as `192.0.2.0/24`, in which certificates may be issued. */
  readonly permittedIpRanges?: readonly string[];
  /** Address ranges in which none may be issued. */
  readonly excludedIpRanges?: readonly string[];
  /**
   * Whether a client that cannot read the extension must refuse the CA.
   * Default false: Mbed TLS refuses every critical one (Mbed-TLS/mbedtls#8759),
   * all other stacks obey it either way.
   */
  readonly critical?: boolean;
}

const OID = "2.5.29.30";
const DNS_LISTS = ["permittedDnsNames", "excludedDnsNames"] as const;
const IP_LISTS = ["permittedIpRanges", "excludedIpRanges"] as const;

/** Every mistake in the constraints; empty where they are good. */
export function checkNameConstraints(constraints: NameConstraints): Problem[] {
  const problems: Problem[] = [];
  for (const list of DNS_LISTS) {
    for (const [index, name] of (constraints[list] ?? []).entries()) {
      const message = name.startsWith("*")
        ? `${quote(name)} has a wildcard; a constraint stands for all names below it, so write ${quote(name.replace(/^\*\./, ""))}.`
        : hostNameProblem(name);
      if (message !== undefined) {
        problems.push({ path: `${list}[${index}]`, message });
      }
    }
  }
  for (const list of IP_LISTS) {
    for (const [index, range] of (constraints[list] ?? []).entries()) {
      if (parseRange(range) === undefined) {
        problems.push({
          path: `${list}[${index}]`,
          message: `${quote(range)} is no address range; write "192.0.2.0/24" or "2001:db8::/32".`,
        });
      }
    }
  }
  if ([...DNS_LISTS, ...IP_LISTS].every((list) => !constraints[list]?.length)) {
    problems.push({
      path: "",
      message:
        "constrains nothing; name at least one DNS name or address range, or leave it out.",
    });
  }
  return problems;
}

interface Range {
  readonly address: string;
  readonly bits: number;
  readonly family: "ipv4" | "ipv6";
}

function parseRange(text: string): Range | undefined {
  const [address = "", bitsText = "", ...rest] = text.split("/");
  const version = isIP(address);
  const bits = Number(bitsText);
  const valid =
    version !== 0 &&
    !address.includes("%") &&
    rest.length === 0 &&
    /^\d{1,3}$/.test(bitsText) &&
    bits <= (version === 4 ? 32 : 128);
  return valid
    ? { address, bits, family: version === 4 ? "ipv4" : "ipv6" }
    : undefined;
}

/** What of a certificate name constraints are about. */
export interface ConstrainedNames {
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly commonName?: string;
  /** Whether the common name is repeated among the alternative names. Default false. */
  readonly commonNameRepeated?: boolean;
  /** Whether there are alternative names of kinds that are not constrained. Default false. */
  readonly otherKinds?: boolean;
}

interface NameAt {
  readonly name: string;
  readonly path: string;
}

const LOOKS_LIKE_HOST = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/;

/**
 * The names that a CA with these constraints may not put into a certificate:
 * one problem a name, on the name's own property path. Where there is no DNS
 * name, OpenSSL (and so mosquitto) holds a common name with a dot to them;
 * where there is no alternative name at all, Java and wolfSSL hold every common
 * name to the permitted ones. So do we.
 */
export function violations(
  names: ConstrainedNames,
  constraints: NameConstraints,
): Problem[] {
  const problems: Problem[] = [];
  const { commonName = "", commonNameRepeated = false } = names;
  const path = "subject.commonName";
  const at = (list: string, values: readonly string[] = []): NameAt[] =>
    values.map((name, index) => ({ name, path: `${list}[${index}]` }));
  const dnsNames = at("dnsNames", names.dnsNames);
  const ipAddresses = at("ipAddresses", names.ipAddresses);
  const isAlone =
    dnsNames.length + ipAddresses.length === 0 && names.otherKinds !== true;
  const permitsSome = (constraints.permittedDnsNames ?? []).length > 0;
  if (isIP(commonName) !== 0) {
    ipAddresses.push(
      ...(commonNameRepeated ? [{ name: commonName, path }] : []),
    );
  } else if (
    commonNameRepeated ||
    (dnsNames.length === 0 && LOOKS_LIKE_HOST.test(commonName))
  ) {
    dnsNames.push({ name: commonName, path });
  } else if (isAlone && commonName !== "" && permitsSome) {
    problems.push({
      path,
      message: `${quote(commonName)} would be all the names there are, and Java and wolfSSL take it for a DNS name, outside the issuer's name constraints; add a DNS name below ${(constraints.permittedDnsNames ?? []).join(" or ")}, or issue it from a CA without them.`,
    });
  }
  for (const { name, path } of dnsNames) {
    const message = dnsViolation(name, constraints);
    problems.push(...(message === undefined ? [] : [{ path, message }]));
  }
  for (const { name, path } of ipAddresses) {
    const message = ipViolation(name, constraints);
    problems.push(...(message === undefined ? [] : [{ path, message }]));
  }
  return problems;
}

function dnsViolation(
  name: string,
  constraints: NameConstraints,
): string | undefined {
  const excluded = constraints.excludedDnsNames?.find((parent) =>
    isWithin(name, parent),
  );
  if (excluded !== undefined) {
    return `${quote(name)} is excluded by the issuer's name constraint ${quote(excluded)}; issue it from another CA.`;
  }
  const permitted = constraints.permittedDnsNames ?? [];
  return permitted.length > 0 &&
    !permitted.some((parent) => isWithin(name, parent))
    ? `${quote(name)} is outside the issuer's name constraints; it may issue for ${permitted.join(", ")} and names below.`
    : undefined;
}

/** Other tools write a leading dot for "only below", and nothing at all for every name. */
function isWithin(name: string, parent: string): boolean {
  const bare = name.toLowerCase();
  const wanted = parent.toLowerCase();
  return (
    wanted === "" ||
    bare === wanted ||
    bare.endsWith(wanted.startsWith(".") ? wanted : `.${wanted}`)
  );
}

function ipViolation(
  address: string,
  constraints: NameConstraints,
): string | undefined {
  const family = isIPv4(address) ? "ipv4" : "ipv6";
  const within = (text: string): boolean => {
    const range = parseRange(text);
    if (range?.family !== family) {
      return false;
    }
    const list = new BlockList();
    list.addSubnet(range.address, range.bits, range.family);
    return list.check(address, family);
  };
  const excluded = constraints.excludedIpRanges?.find(within);
  if (excluded !== undefined) {
    return `${quote(address)} is excluded by the issuer's name constraint ${quote(excluded)}; issue it from another CA.`;
  }
  const permitted = constraints.permittedIpRanges ?? [];
  return permitted.length > 0 && !permitted.some(within)
    ? `${quote(address)} is outside the issuer's name constraints; it may issue for ${permitted.join(", ")}.`
    : undefined;
}

/** The constraints as a certificate extension. */
export function encodeNameConstraints(
  constraints: NameConstraints,
): x509.Extension {
  const subtrees = (
    dnsNames: readonly string[] = [],
    ranges: readonly string[] = [],
  ): GeneralSubtree[] => [
    ...dnsNames.map(
      (dNSName) => new GeneralSubtree({ base: new GeneralName({ dNSName }) }),
    ),
    ...ranges.map((range) => {
      const [address = "", bits = ""] = range.split("/");
      const iPAddress = `${canonicalAddress(address)}/${bits}`;
      return new GeneralSubtree({ base: new GeneralName({ iPAddress }) });
    }),
  ];
  const permitted = subtrees(
    constraints.permittedDnsNames,
    constraints.permittedIpRanges,
  );
  const excluded = subtrees(
    constraints.excludedDnsNames,
    constraints.excludedIpRanges,
  );
  const value = new NameConstraintsSyntax();
  if (permitted.length > 0) {
    value.permittedSubtrees = new GeneralSubtrees(permitted);
  }
  if (excluded.length > 0) {
    value.excludedSubtrees = new GeneralSubtrees(excluded);
  }
  return new x509.Extension(
    OID,
    constraints.critical ?? false,
    AsnConvert.serialize(value),
  );
}

/** The constraints a CA's certificate carries, `undefined` where it has none. */
export function readNameConstraints(
  certificate: x509.X509Certificate,
): NameConstraints | undefined {
  const extension = certificate.getExtension(OID);
  if (extension === null) {
    return undefined;
  }
  const parsed = parseSyntax(extension);
  const names = (trees?: Iterable<GeneralSubtree>): string[] =>
    [...(trees ?? [])].flatMap(({ base }) => base.dNSName ?? []);
  const ranges = (trees?: Iterable<GeneralSubtree>): string[] =>
    [...(trees ?? [])].flatMap(({ base }) => base.iPAddress ?? []);
  return {
    permittedDnsNames: names(parsed.permittedSubtrees),
    excludedDnsNames: names(parsed.excludedSubtrees),
    permittedIpRanges: ranges(parsed.permittedSubtrees),
    excludedIpRanges: ranges(parsed.excludedSubtrees),
    critical: extension.critical,
  };
}

/** Whether a CA constrains names of a kind we do not check, such as directory names. */
export function hasOtherConstraints(
  certificate: x509.X509Certificate,
): boolean {
  const extension = certificate.getExtension(OID);
  if (extension === null) {
    return false;
  }
  const others = (trees?: Iterable<GeneralSubtree>): boolean =>
    [...(trees ?? [])].some(
      ({ base }) => base.dNSName === undefined && base.iPAddress === undefined,
    );
  const { permittedSubtrees, excludedSubtrees } = parseSyntax(extension);
  return others(permittedSubtrees) || others(excludedSubtrees);
}

function parseSyntax(extension: x509.Extension): NameConstraintsSyntax {
  return AsnConvert.parse(extension.value, NameConstraintsSyntax);
}
