import { X509Certificate } from "node:crypto";
import { SocketAddress } from "node:net";
import fc from "fast-check";
import type { AlternativeNames } from "../../pki/alternativeNames";
import {
  checkAlternativeNames,
  hostNameProblem,
  isEmpty,
  withCommonName,
} from "../../pki/alternativeNames";
import { issue } from "./support/authority";
import { child, readCertificate, readDer } from "./support/der";

const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";

/** A host name by RFC 1123 alone, told apart without the product's pattern. */
function isHostName(name: string): boolean {
  const labels = name.split(".");
  const isLabel = (label: string): boolean =>
    label.length >= 1 &&
    label.length <= 63 &&
    !label.startsWith("-") &&
    !label.endsWith("-") &&
    Array.from(label).every((character) =>
      "abcdefghijklmnopqrstuvwxyz0123456789-".includes(character.toLowerCase()),
    );
  return (
    name.length <= 253 &&
    labels.every(isLabel) &&
    Array.from(labels.at(-1) ?? "").some(
      (character) => character < "0" || character > "9",
    )
  );
}

const label = fc.stringMatching(
  /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?$/,
);
const hostName = fc
  .tuple(fc.array(label, { maxLength: 4 }), fc.stringMatching(/^[a-z]{2,12}$/))
  .map(([labels, last]) => [...labels, last].join("."));

async function namesIn(names: AlternativeNames): Promise<string[]> {
  const { certificatePem } = await issue(undefined, names);
  return (new X509Certificate(certificatePem).subjectAltName ?? "").split(", ");
}

describe("host names", () => {
  test("every name of RFC 1123 is accepted", () => {
    fc.assert(
      fc.property(hostName, (name) => {
        expect(isHostName(name)).toBe(true);
        expect(hostNameProblem(name)).toBeUndefined();
      }),
    );
  });

  test("a character that RFC 1123 does not know is refused wherever it stands", () => {
    const wrong = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 1 })
      .filter((character) => !/^[A-Za-z0-9.-]$/.test(character));
    fc.assert(
      fc.property(hostName, wrong, fc.nat(), (name, character, place) => {
        const at = place % (name.length + 1);
        const mutated = `${name.slice(0, at)}${character}${name.slice(at)}`;
        // "*." in front is a wildcard, which is a name of its own kind.
        fc.pre(!mutated.startsWith("*."));
        expect(hostNameProblem(mutated)).toContain(JSON.stringify(mutated));
      }),
    );
  });

  test("texts of the right characters are accepted exactly where RFC 1123 takes them", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9.-]{1,40}$/), (text) => {
        expect(hostNameProblem(text) === undefined).toBe(isHostName(text));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["mqtt.example.com", true],
    ["localhost", true],
    ["*.example.com", true],
    ["3com.example", true],
    ["xn--mnchen-3ya.de", true],
    ["a".repeat(63) + ".de", true],
    ["a".repeat(64) + ".de", false],
    [`${"a.".repeat(126)}d`, true],
    [`${"a.".repeat(126)}de`, false],
    ["", false],
    ["example.com.", false],
    [".example.com", false],
    ["a..b", false],
    ["*", false],
    ["*.com", false],
    ["a.*.example.com", false],
    ["m*.example.com", false],
    ["mqtt_1.example.com", false],
    ["-a.example.com", false],
    ["a-.example.com", false],
    ["mqtts://example.com", false],
    ["example.com:8883", false],
    ["example.com/", false],
    ["a b.example.com", false],
    ["münchen.de", false],
    ["192.0.2.7", false],
    ["2001:db8::7", false],
    ["1.2.3", false],
    ["example.123", false],
    ["a\u0000.example.com", false],
  ])("%p: accepted is %p", (name, accepted) => {
    expect(hostNameProblem(name) === undefined).toBe(accepted);
  });

  test.each([
    ["192.0.2.7", /is an IP address; write it under ipAddresses/],
    ["münchen.de", /is not ASCII; write "xn--mnchen-3ya\.de"/],
    ["*.com", /whole top-level domain; write "\*\.example\.com"/],
    ["1.2.3", /ends with a number/],
    ["https://a.b", /without scheme or port/],
    [`${"a.".repeat(127)}a`, /has 255 characters/],
  ])("%p is told what to write instead", (name, message) => {
    expect(hostNameProblem(name)).toMatch(message);
  });
});

describe("addresses", () => {
  test("every IPv4 address stands in the certificate as its four octets", async () => {
    await fc.assert(
      fc.asyncProperty(fc.ipV4(), async (address) => {
        expect(checkAlternativeNames({ ipAddresses: [address] })).toEqual([]);
        expect(await namesIn({ ipAddresses: [address] })).toEqual([
          `IP Address:${address}`,
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test("every IPv6 address that is accepted stands in the certificate as itself, in any of its spellings", async () => {
    await fc.assert(
      fc.asyncProperty(fc.ipV6(), async (address) => {
        fc.pre(checkAlternativeNames({ ipAddresses: [address] }).length === 0);
        const { certificatePem } = await issue(undefined, {
          ipAddresses: [address],
        });
        const extension = readCertificate(certificatePem).extensions.get(
          SUBJECT_ALTERNATIVE_NAME,
        );
        const octets = child(
          readDer(extension?.value ?? Buffer.alloc(0)),
          0,
        ).content;
        const written = octets.toString("hex").match(/.{4}/g)?.join(":") ?? "";
        expect(canonical(written)).toBe(canonical(address));
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    "::ffff:192.0.2.7",
    "64:ff9b::192.0.2.7",
    "2001:DB8::A",
    "::",
    "1:2:3:4:5:6:7:8",
  ])("%s is written as itself or refused", async (address) => {
    if (checkAlternativeNames({ ipAddresses: [address] }).length === 0) {
      const [name = ""] = await namesIn({ ipAddresses: [address] });
      expect(canonical(name.replace("IP Address:", ""))).toBe(
        canonical(address),
      );
    }
  });

  test.each([
    "mqtt.example.com",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.07",
    "192.0.2.0/24",
    "[2001:db8::7]",
    "2001:db8::7%eth0",
    "2001:db8:::7",
    "",
    " 192.0.2.7",
  ])("%p is refused", (address) => {
    expect(checkAlternativeNames({ ipAddresses: [address] })).toEqual([
      {
        path: "ipAddresses[0]",
        message: expect.stringMatching(/is no IP address; write/) as string,
      },
    ]);
  });
});

describe("URIs", () => {
  test.each([
    "urn:uuid:0b3a4d1e-95a8-4bb1-b5a5-1f6d3f3c9f10",
    "spiffe://example.com/device/1",
    "https://example.com/a?b=c#d",
  ])("%s stands in the certificate as it was written", async (uri) => {
    expect(checkAlternativeNames({ uris: [uri] })).toEqual([]);
    expect(await namesIn({ uris: [uri] })).toEqual([`URI:${uri}`]);
  });

  test.each([
    "",
    "device/1",
    "//example.com",
    "urn:uuid:ä",
    "urn: x",
    "urn:x\n",
  ])("%p is refused", (uri) => {
    expect(checkAlternativeNames({ uris: [uri] })).toEqual([
      {
        path: "uris[0]",
        message: expect.stringMatching(/is no absolute URI/) as string,
      },
    ]);
  });
});

describe("lists", () => {
  test("a name that stands there twice is refused with both places, whatever its case", () => {
    expect(
      checkAlternativeNames({
        dnsNames: ["a.example", "b.example", "A.example"],
      }),
    ).toEqual([
      {
        path: "dnsNames[2]",
        message: '"A.example" stands at dnsNames[0] already; leave one out.',
      },
    ]);
  });

  test("an address that stands there twice in two spellings is refused", () => {
    const problems = checkAlternativeNames({
      ipAddresses: ["2001:db8::7", "2001:db8:0:0::7"],
    });
    expect(problems.map(({ path }) => path)).toEqual(["ipAddresses[1]"]);
  });

  test("every mistake of every list is reported at its place", () => {
    const problems = checkAlternativeNames({
      dnsNames: ["ok.example", "bad_name"],
      ipAddresses: ["x"],
      uris: ["urn:ok", "y"],
    });
    expect(problems.map(({ path }) => path)).toEqual([
      "dnsNames[1]",
      "ipAddresses[0]",
      "uris[1]",
    ]);
  });

  test("an element that is no text is refused at its place", () => {
    const names = { dnsNames: [7] } as unknown as AlternativeNames;
    expect(checkAlternativeNames(names)).toEqual([
      { path: "dnsNames[0]", message: "7 is no text." },
    ]);
  });

  test("names are empty where no list holds any", () => {
    expect(isEmpty({})).toBe(true);
    expect(isEmpty({ dnsNames: [], ipAddresses: [], uris: [] })).toBe(true);
    expect(isEmpty({ uris: ["urn:x"] })).toBe(false);
  });
});

describe("the common name among the names", () => {
  test.each([
    ["a host name joins in front", "b.example", ["b.example", "a.example"], []],
    [
      "one that is there already does not, whatever its case",
      "A.EXAMPLE",
      ["a.example"],
      [],
    ],
    [
      "an address joins the addresses",
      "192.0.2.7",
      ["a.example"],
      ["192.0.2.7"],
    ],
    ["a name for people does not", "My Broker", ["a.example"], []],
    ["a word without a dot does not", "broker", ["a.example"], []],
    ["a wildcard does", "*.b.example", ["*.b.example", "a.example"], []],
  ])("%s", (_rule, commonName, dnsNames, ipAddresses) => {
    const names = withCommonName({ dnsNames: ["a.example"] }, commonName);
    expect(names.dnsNames).toEqual(dnsNames);
    expect(names.ipAddresses ?? []).toEqual(ipAddresses);
  });
});

/** The one spelling the operating system has for an address. */
function canonical(address: string): string {
  return new SocketAddress({ address, family: "ipv6" }).address;
}
