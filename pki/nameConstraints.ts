import { BlockList, isIP, isIPv4 } from "node:net";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  NameConstraints as NameConstraintsSyntax,
} from "@peculiar/asn1-x509";
import { canonicalAddress, hostNameProblem } from "./alternativeNames";
import type { AlternativeNames } from "./alternativeNames";
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

/**
 * The names that a CA with these constraints may not put into a certificate:
 * one problem a name, on the name's own property path.
 */
export function violations(
  names: AlternativeNames,
  constraints: NameConstraints,
): Problem[] {
  const problems: Problem[] = [];
  for (const [index, name] of (names.dnsNames ?? []).entries()) {
    const message = dnsViolation(name, constraints);
    if (message !== undefined) {
      problems.push({ path: `dnsNames[${index}]`, message });
    }
  }
  for (const [index, address] of (names.ipAddresses ?? []).entries()) {
    const message = ipViolation(address, constraints);
    if (message !== undefined) {
      problems.push({ path: `ipAddresses[${index}]`, message });
    }
  }
  return problems;
}

function dnsViolation(
  name: string,
  constraints: NameConstraints,
): string | undefined {
  const bare = name.toLowerCase();
  const within = (parent: string): boolean =>
    bare === parent.toLowerCase() || bare.endsWith(`.${parent.toLowerCase()}`);
  const excluded = constraints.excludedDnsNames?.find(within);
  if (excluded !== undefined) {
    return `${quote(name)} is excluded by the issuer's name constraint ${quote(excluded)}; issue it from another CA.`;
  }
  const permitted = constraints.permittedDnsNames ?? [];
  return permitted.length > 0 && !permitted.some(within)
    ? `${quote(name)} is outside the issuer's name constraints; it may issue for ${permitted.join(", ")} and names below.`
    : undefined;
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
  const parsed = AsnConvert.parse(extension.value, NameConstraintsSyntax);
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
