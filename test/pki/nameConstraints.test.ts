import { SocketAddress } from "node:net";
import fc from "fast-check";
import type { NameConstraints } from "../../pki/nameConstraints";
import {
  checkNameConstraints,
  encodeNameConstraints,
  readNameConstraints,
  violations,
} from "../../pki/nameConstraints";
import { root } from "./support/authority";
import { CONSTRAINT_ROWS, EXAMPLE } from "./support/constraintRows";

describe("a name is allowed exactly where the constraints allow it", () => {
  test.each(CONSTRAINT_ROWS)("$rule", ({ constraints, names, allowed }) => {
    expect(checkNameConstraints(constraints)).toEqual([]);
    expect(violations(names, constraints).length === 0).toBe(allowed);
  });

  test("each name outside is named at its place, with what would be allowed", () => {
    expect(
      violations(
        { dnsNames: ["example.com", "a.net"], ipAddresses: ["192.0.2.200"] },
        { ...EXAMPLE, permittedIpRanges: ["192.0.2.0/25"] },
      ),
    ).toEqual([
      {
        path: "dnsNames[1]",
        message:
          '"a.net" is outside the issuer\'s name constraints; it may issue for example.com and names below.',
      },
      {
        path: "ipAddresses[0]",
        message:
          '"192.0.2.200" is outside the issuer\'s name constraints; it may issue for 192.0.2.0/25.',
      },
    ]);
  });
});

describe("address ranges", () => {
  const kinds = [
    { kind: "IPv4", address: fc.ipV4(), bits: 32 },
    { kind: "IPv6", address: fc.ipV6(), bits: 128 },
  ];

  test.each(kinds)(
    "an address of $kind is within a range exactly where its first bits are the range's",
    ({ address, bits }) => {
      fc.assert(
        fc.property(
          address,
          address,
          fc.integer({ min: 0, max: bits }),
          fc.boolean(),
          (base, other, length, near) => {
            // Two random addresses share hardly a bit, so every second one differs in the last group only.
            const asked = near ? withLastGroup(base, other) : other;
            const range = `${base}/${length}`;
            fc.pre(
              checkNameConstraints({ permittedIpRanges: [range] }).length === 0,
            );
            const rest = BigInt(bits - length);
            const inside = toNumber(base) >> rest === toNumber(asked) >> rest;
            const names = { ipAddresses: [asked] };
            expect(
              violations(names, { permittedIpRanges: [range] }).length === 0,
            ).toBe(inside);
            expect(
              violations(names, { excludedIpRanges: [range] }).length === 0,
            ).toBe(!inside);
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});

describe("the extension", () => {
  test("reads back as it was written", async () => {
    const constraints: NameConstraints = {
      permittedDnsNames: ["example.com"],
      excludedDnsNames: ["lab.example.com"],
      permittedIpRanges: ["192.0.2.0/24", "2001:db8::/32"],
      excludedIpRanges: ["192.0.2.128/25"],
      critical: true,
    };
    const { signer } = await root({ nameConstraints: constraints });
    expect(readNameConstraints(signer.certificate)).toEqual(constraints);
  });

  test("is not critical unless asked, since Mbed TLS refuses every critical one", () => {
    expect(encodeNameConstraints(EXAMPLE).critical).toBe(false);
    expect(encodeNameConstraints({ ...EXAMPLE, critical: true }).critical).toBe(
      true,
    );
  });

  test("is not there where nothing is constrained", async () => {
    expect(readNameConstraints((await root()).signer.certificate)).toBe(
      undefined,
    );
  });
});

describe("refusals", () => {
  test.each([
    ["nothing", {}, "", /constrains nothing/],
    ["empty lists", { permittedDnsNames: [] }, "", /constrains nothing/],
    [
      "a wildcard",
      { permittedDnsNames: ["*.example.com"] },
      "permittedDnsNames[0]",
      /so write "example\.com"/,
    ],
    [
      "no host name",
      { excludedDnsNames: ["a", "b_c"] },
      "excludedDnsNames[1]",
      /is no host name/,
    ],
    [
      "an address among the names",
      { permittedDnsNames: ["192.0.2.1"] },
      "permittedDnsNames[0]",
      /is an IP address/,
    ],
    [
      "an address without its length",
      { permittedIpRanges: ["192.0.2.0"] },
      "permittedIpRanges[0]",
      /is no address range/,
    ],
    [
      "a length of 33 bits",
      { permittedIpRanges: ["192.0.2.0/33"] },
      "permittedIpRanges[0]",
      /is no address range/,
    ],
    [
      "a length of 129 bits",
      { excludedIpRanges: ["2001:db8::/129"] },
      "excludedIpRanges[0]",
      /is no address range/,
    ],
    [
      "a netmask",
      { permittedIpRanges: ["192.0.2.0/255.255.255.0"] },
      "permittedIpRanges[0]",
      /is no address range/,
    ],
    [
      "two lengths",
      { permittedIpRanges: ["192.0.2.0/24/1"] },
      "permittedIpRanges[0]",
      /is no address range/,
    ],
    [
      "a zone",
      { permittedIpRanges: ["fe80::%eth0/10"] },
      "permittedIpRanges[0]",
      /is no address range/,
    ],
    [
      "a name among the ranges",
      { permittedIpRanges: ["example.com"] },
      "permittedIpRanges[0]",
      /is no address range/,
    ],
  ])("%s", (_rule, constraints, path, message) => {
    expect(checkNameConstraints(constraints)).toEqual([
      { path, message: expect.stringMatching(message) as string },
    ]);
  });
});

function withLastGroup(base: string, other: string): string {
  return base.includes(".") && !base.includes(":")
    ? [...base.split(".").slice(0, 3), other.split(".").at(-1)].join(".")
    : groups(base)
        .with(7, groups(other)[7] ?? "0")
        .join(":");
}

/** The eight groups of an IPv6 address. */
function groups(address: string): string[] {
  const hex = toNumber(address).toString(16).padStart(32, "0");
  return hex.match(/.{4}/g) ?? [];
}

/** An address as the number its bits make. */
function toNumber(address: string): bigint {
  if (!address.includes(":")) {
    return address
      .split(".")
      .reduce((number, octet) => (number << 8n) | BigInt(octet), 0n);
  }
  const text = new SocketAddress({ address, family: "ipv6" }).address;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = (high = "0", low = "0"): string =>
    ((Number(high) << 8) | Number(low)).toString(16);
  const plain =
    dotted === null
      ? text
      : `${dotted[1] ?? ""}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`;
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from(
    { length: 8 - left.length - right.length },
    () => "0",
  );
  return [...left, ...zeros, ...right].reduce(
    (number, group) => (number << 16n) | BigInt(`0x${group}`),
    0n,
  );
}
