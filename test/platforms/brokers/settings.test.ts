import { spawnSync } from "node:child_process";
import {
  BROKER_GENERATORS,
  nextUpdateOf,
  settingsProblems,
  subjectText,
} from "../../../platforms/brokers";
import type { BrokerSettings } from "../../../platforms/brokers";
import { issuerHash } from "../../../platforms/brokers/issuerHash";
import { filterProblem } from "../../../platforms/brokers/topics";
import { bytesOf } from "../../../platforms/brokers/pem";
import { describeWith, findProgram } from "../../support/command";
import { required } from "../../support/rendered";
import { emptyList, issuerName, listOf } from "./revocationList";
import { settings } from "./someSettings";

const generator = (kind: string) => required(BROKER_GENERATORS, kind);

test("nothing is wrong with the least that each broker asks for", () => {
  for (const one of Object.values(BROKER_GENERATORS)) {
    const identity = one.identities[0] ?? "";
    expect(settingsProblems(one, settings({ identity }))).toEqual([]);
  }
});

test("all mistakes are told at once, each with its property and what to write", () => {
  const wrong = settings({
    port: 0,
    address: "localhost",
    identity: "Fingerprint",
    crlPem: "no list",
    paths: { ...settings().paths, server: "tls", data: "/a/../b" },
    devices: [
      { id: "a b", subject: "CN=a b" },
      { id: "c", subject: "" },
      { id: "c", subject: "CN=c" },
    ],
  });
  const problems = settingsProblems(generator("Mosquitto"), wrong);
  expect(problems.map((text) => text.split(":")[0])).toEqual([
    "paths.server",
    "paths.data",
    "port",
    "address",
    "identity",
    "devices[0].id",
    "devices[1].subject",
    "devices[2].id",
    "crlPem",
  ]);
  problems.forEach((text) => {
    expect(text).toMatch(/; |, such as/);
  });
});

test.each([
  ["NATS", { devices: [] }, /^devices: is missing; .*every device is a user/],
  ["NATS", { crlPem: emptyList("CA") }, /^crlPem: is nothing that NATS/],
  ["NATS", { requireCertificate: false }, /^requireCertificate: false/],
  ["RabbitMQ", { requireCertificate: false }, /^requireCertificate: false/],
  ["Mosquitto", { requireCertificate: false }, /ask nobody for a certificate/],
  [
    "Mosquitto",
    { identity: "None", requireCertificate: false },
    /lets in anyone/,
  ],
  ["Mosquitto", { identity: "None", topics: ["#"] }, /^topics: cannot be/],
  ["Mosquitto", { topics: [] }, /^topics: is empty/],
  [
    "Mosquitto",
    {
      crlPem: "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    },
    /^crlPem: its block 1 is no X\.509 revocation list/,
  ],
])("%s refuses %j", (kind, change, message) => {
  const problems = settingsProblems(generator(kind), settings(change));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(message);
});

test.each(["Mosquitto", "NATS", "RabbitMQ", "Artemis", "EMQX", "VerneMQ"])(
  "%s refuses a device whose topics another one would reach",
  (kind) => {
    const devices = ["a/b/c", "a", "ab"].map((id) => ({
      id,
      subject: `CN=${id}`,
    }));
    const problems = (change: Partial<BrokerSettings>) =>
      settingsProblems(generator(kind), settings({ devices, ...change }));
    expect(problems({})).toEqual([
      'devices[0].id: "a/b/c" lies below "a", which would reach its topics; give one of them another id, or topics without {device}.',
    ]);
    expect(problems({ topics: ["#"] })).toEqual([]);
  },
);

test.each(["1.2.3", "abc", "999.1.1.1", "fe80::1%eth0", "0.0.0.0\nuser root"])(
  "%j is no address to listen at",
  (address) => {
    expect(
      settingsProblems(generator("Mosquitto"), settings({ address })),
    ).toEqual([expect.stringMatching(/^address: .* is no IP address/)]);
  },
);

test("a hundred thousand devices are compared in no time", () => {
  const devices = Array.from({ length: 100_000 }, (_, index) => ({
    id: `sensor-${index % 99_999}`,
    subject: "CN=x",
  }));
  const started = performance.now();
  expect(settingsProblems(generator("NATS"), settings({ devices }))).toEqual([
    'devices[99999].id: "sensor-0" stands in devices[0] already; take one out.',
  ]);
  expect(performance.now() - started).toBeLessThan(5000);
});

test.each([
  ["devices/{device}/#", true],
  ["#", true],
  ["+/{device}", true],
  ["devices/{device}-x", false],
  ["devices/{name}", false],
  ["devices/#/x", false],
  ["devices/a+", false],
  ["$SYS/#", false],
  // Wildcards of NATS and RabbitMQ, and a variable of mosquitto and VerneMQ.
  ["devices/>", false],
  ["devices/*/x", false],
  ["devices/%c", false],
  ["a b", false],
  ["", false],
])("topic filter %j", (filter, right) => {
  expect(filterProblem(filter) === undefined).toBe(right);
});

test("a subject is written as RFC 4514 has it", () => {
  expect(
    subjectText("sensor-1", {
      country: "DE",
      organizations: ['Example, "Inc."'],
      organizationalUnits: ["#1", " a "],
      serialNumber: "4711",
    }),
  ).toBe(
    String.raw`CN=sensor-1,SERIALNUMBER=4711,OU=\#1,OU=\ a\ ,O=Example\, \"Inc.\",C=DE`,
  );
});

test("of several lists, the one that ends first says when", () => {
  const early = new Date("2027-01-01T00:00:00Z");
  const late = new Date("2028-01-01T00:00:00Z");
  const name = issuerName("CA");
  expect(nextUpdateOf(listOf(name, late) + listOf(name, early))).toEqual(early);
  expect(nextUpdateOf(listOf(name))).toBeUndefined();
});

describeWith(
  { name: "openssl", path: findProgram("openssl") },
  "apt-get install openssl",
  "the hash of an issuer",
  (openssl) => {
    test.each([
      ["one name", listOf(issuerName("Device CA"))],
      ["two", listOf(issuerName("Device CA", "Example"))],
      [
        "PrintableString",
        listOf(issuerName("CA", "Example", "printableString")),
      ],
      [
        "capitals and spaces",
        listOf(issuerName("  Device   CA ", "ÄÖ Example")),
      ],
    ])("is that of OpenSSL: %s", (_, pem) => {
      const { stdout } = spawnSync(openssl, ["crl", "-hash", "-noout"], {
        input: pem,
        encoding: "utf8",
      });
      expect(issuerHash(bytesOf(pem))).toBe(stdout.trim());
    });
  },
);
