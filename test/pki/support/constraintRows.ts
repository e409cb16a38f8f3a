import type { AlternativeNames } from "../../../pki/alternativeNames";
import type { NameConstraints } from "../../../pki/nameConstraints";

/** Names under constraints, and whether a CA with them may issue for those names. */
export interface ConstraintRow {
  readonly rule: string;
  readonly constraints: NameConstraints;
  readonly names: AlternativeNames;
  readonly allowed: boolean;
}

export const EXAMPLE: NameConstraints = { permittedDnsNames: ["example.com"] };
const NET: NameConstraints = { permittedIpRanges: ["192.0.2.0/25"] };

/** What OpenSSL decides on real certificates; the code must decide the same. */
export const CONSTRAINT_ROWS: readonly ConstraintRow[] = [
  row("the permitted name itself", EXAMPLE, dns("example.com"), true),
  row("a name below it", EXAMPLE, dns("a.b.example.com"), true),
  row("a name below it in capitals", EXAMPLE, dns("MQTT.EXAMPLE.COM"), true),
  row("a wildcard below it", EXAMPLE, dns("*.example.com"), true),
  row("a name that only ends alike", EXAMPLE, dns("badexample.com"), false),
  row("the name above it", EXAMPLE, dns("com.example"), false),
  row("one of two names outside", EXAMPLE, dns("example.com", "a.net"), false),
  row(
    "an address where only DNS is constrained",
    EXAMPLE,
    ip("192.0.2.1"),
    true,
  ),
  row(
    "the second of two permitted names",
    { permittedDnsNames: ["example.com", "example.net"] },
    dns("mqtt.example.net"),
    true,
  ),
  row(
    "a name excluded below the permitted one",
    { ...EXAMPLE, excludedDnsNames: ["lab.example.com"] },
    dns("x.lab.example.com"),
    false,
  ),
  row(
    "a name beside the excluded one",
    { ...EXAMPLE, excludedDnsNames: ["lab.example.com"] },
    dns("prod.example.com"),
    true,
  ),
  row(
    "any name where only another one is excluded",
    { excludedDnsNames: ["example.com"] },
    dns("example.net"),
    true,
  ),
  row("an address within the range", NET, ip("192.0.2.127"), true),
  row("the first address of the range", NET, ip("192.0.2.0"), true),
  row("an address one beyond the range", NET, ip("192.0.2.128"), false),
  row(
    "IPv6 where only an IPv4 range is permitted",
    NET,
    ip("2001:db8::1"),
    false,
  ),
  row(
    "a DNS name where only addresses are constrained",
    NET,
    dns("a.net"),
    true,
  ),
  row(
    "every address of IPv4",
    { permittedIpRanges: ["0.0.0.0/0"] },
    ip("203.0.113.9"),
    true,
  ),
  row(
    "one address alone",
    { permittedIpRanges: ["192.0.2.7/32"] },
    ip("192.0.2.7"),
    true,
  ),
  row(
    "the neighbour of one address alone",
    { permittedIpRanges: ["192.0.2.7/32"] },
    ip("192.0.2.6"),
    false,
  ),
  row(
    "an IPv6 address within the range",
    { permittedIpRanges: ["2001:db8:8000::/33"] },
    ip("2001:db8:ffff::1"),
    true,
  ),
  row(
    "an IPv6 address beyond the range",
    { permittedIpRanges: ["2001:db8:8000::/33"] },
    ip("2001:db8:7fff::1"),
    false,
  ),
  row(
    "an address in an excluded range",
    { excludedIpRanges: ["10.0.0.0/8"] },
    ip("10.1.2.3"),
    false,
  ),
  row(
    "an address beside an excluded range",
    { excludedIpRanges: ["10.0.0.0/8"] },
    ip("11.0.0.1"),
    true,
  ),
  row(
    "IPv6 where an IPv4 range is excluded",
    { excludedIpRanges: ["10.0.0.0/8"] },
    ip("2001:db8::1"),
    true,
  ),
  row(
    "an IPv4 address written as IPv6 within its range",
    { permittedIpRanges: ["::ffff:192.0.2.0/120"] },
    ip("::ffff:192.0.2.9"),
    true,
  ),
  row(
    "an IPv4 address written as IPv6 beyond its range",
    { permittedIpRanges: ["::ffff:192.0.2.0/120"] },
    ip("::ffff:192.0.3.9"),
    false,
  ),
  row(
    "an IPv4 address written as IPv6 where only its IPv4 range is permitted",
    { permittedIpRanges: ["192.0.2.0/24"] },
    ip("::ffff:192.0.2.9"),
    false,
  ),
  row(
    "an IPv4 address written as IPv6 where only its IPv4 range is excluded",
    { excludedIpRanges: ["192.0.2.0/24"] },
    ip("::ffff:192.0.2.9"),
    true,
  ),
  row(
    "a range whose address has host bits set",
    { permittedIpRanges: ["192.0.2.99/24"] },
    ip("192.0.2.1"),
    true,
  ),
];

function row(
  rule: string,
  constraints: NameConstraints,
  names: AlternativeNames,
  allowed: boolean,
): ConstraintRow {
  return { rule, constraints, names, allowed };
}

function dns(...dnsNames: readonly string[]): AlternativeNames {
  return { dnsNames };
}

function ip(...ipAddresses: readonly string[]): AlternativeNames {
  return { ipAddresses };
}
