import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { splitPem } from "../support/certificates";
import { describeWith, findProgram, runCommand } from "../support/command";
import { Fleet } from "../support/fleet";
import { readObject, required } from "../support/rendered";
import type { Reason } from "./certificates/reasons";
import { REASONS } from "./certificates/reasons";
import { STACKS } from "./stacks/all";
import type { Handshake, Judge, Stack } from "./stacks/stack";

const NAMES = [
  "my-iot-cloud.com",
  "mqtt.my-iot-cloud.com",
  "my-iot-cloud.net",
  "mqtt.my-iot-cloud.net",
];
const DAY = 86_400_000;

const fleet = new Fleet();
/** The same configuration and so the same names, other keys, and leaves that ended a month ago under CAs that have not. */
const oldFleet = new Fleet();

beforeAll(async () => {
  oldFleet.configure("mqtt-pki:allowClockOverride", true);
  await fleet.up();
  await oldFleet.up({ now: new Date(Date.now() - 400 * DAY) });
  [fleet, oldFleet].forEach(writeFiles);
});

afterAll(() => {
  fleet.remove();
  oldFleet.remove();
});

/** The parts of the rendered Secret as files, which is how a broker and a device have them. */
function writeFiles(of: Fleet): void {
  const { data } = readObject(
    of.rendered("1-manifest", "v1-secret-thingsboard-tb-mqtts.yaml"),
  );
  for (const name of ["tls.crt", "tls.key", "ca.crt"]) {
    writeFileSync(of.path(name), required(data, name), { mode: 0o600 });
  }
  const [leaf = "", intermediate = "", root = ""] = splitPem(deviceChain(of));
  writeFileSync(of.path("device-chain.pem"), leaf + intermediate);
  writeFileSync(of.path("device-root.pem"), root);
}

function deviceChain(of: Fleet): string {
  const { data } = readObject(
    of.rendered("1-manifest", "v1-secret-thingsboard-devices-demo-0.yaml"),
  );
  return required(data, "valve-cologne-01.chain.pem");
}

function serverOf(of: Fleet): Handshake["peer"] {
  return { chain: of.path("tls.crt"), key: of.path("tls.key") };
}

function deviceOf(of: Fleet): Handshake["peer"] {
  return {
    chain: of.path("device-chain.pem"),
    key: of.rendered("devices", "valve-cologne-01", "key.pem"),
  };
}

/** A client looks at the broker. */
function serverCase(of: Fleet, change: Partial<Handshake> = {}): Handshake {
  return {
    role: "client",
    host: "mqtt.my-iot-cloud.com",
    roots: of.path("ca.crt"),
    peer: serverOf(of),
    ...change,
  };
}

/** The broker looks at a device. */
function deviceCase(of: Fleet, change: Partial<Handshake> = {}): Handshake {
  return {
    role: "server",
    host: "mqtt.my-iot-cloud.com",
    roots: of.path("device-root.pem"),
    peer: deviceOf(of),
    own: serverOf(fleet),
    ...change,
  };
}

/** What must be refused, and why. */
const REFUSED: readonly [string, Reason, () => Handshake][] = [
  [
    "another host name",
    "host",
    () => serverCase(fleet, { host: "mqtt.my-iot-cloud.org" }),
  ],
  [
    "a name below one of the broker's",
    "host",
    () => serverCase(fleet, { host: "eu.mqtt.my-iot-cloud.com" }),
  ],
  [
    "a server under another root of the same name",
    "otherKey",
    () => serverCase(fleet, { roots: oldFleet.path("ca.crt") }),
  ],
  [
    "a server under the device root",
    "unknownIssuer",
    () => serverCase(fleet, { roots: fleet.path("device-root.pem") }),
  ],
  [
    "a device under another root of the same name",
    "otherKey",
    () => deviceCase(fleet, { roots: oldFleet.path("device-root.pem") }),
  ],
  ["an expired server", "expired", () => serverCase(oldFleet)],
  ["an expired device", "expired", () => deviceCase(oldFleet)],
  [
    "a device as a server",
    // A device's certificate has no host name, which some stacks look at first.
    "purpose",
    () =>
      serverCase(fleet, {
        peer: deviceOf(fleet),
        roots: fleet.path("device-root.pem"),
      }),
  ],
  [
    "a server as a device",
    "purpose",
    () =>
      deviceCase(fleet, { peer: serverOf(fleet), roots: fleet.path("ca.crt") }),
  ],
];

function reason(stack: Stack, why: Reason): RegExp {
  const words = REASONS[stack.name];
  if (words === undefined) {
    throw new Error(`${stack.name} has no words`);
  }
  // Where name and purpose are both wrong, the one that is looked at first is told.
  const sources =
    why === "purpose" ? [words.purpose, words.host] : [words[why]];
  return new RegExp(
    `^refused: .*(?:${sources.map(({ source }) => source).join("|")})`,
  );
}

describe.each(STACKS)("$name", (stack) => {
  const present = stack.find();
  describeWith(
    { name: stack.name, path: present?.version },
    stack.howToGet,
    "on the rendered Secrets",
    () => {
      let judge: Judge | undefined;

      beforeAll(() => {
        judge = present?.start();
      });

      afterAll(() => judge?.end());

      test.each(NAMES)("takes the broker for %s", async (host) => {
        expect(await judge?.judge(serverCase(fleet, { host }))).toBe(
          "accepted",
        );
      });

      test("takes a device by the device root alone", async () => {
        expect(await judge?.judge(deviceCase(fleet))).toBe("accepted");
      });

      test.each(REFUSED)(
        "refuses %s, for its own reason",
        async (_name, why, make) => {
          expect(await judge?.judge(make())).toMatch(reason(stack, why));
        },
      );
    },
  );
});

describeWith(
  { name: "openssl", path: findProgram("openssl") },
  "apt-get install openssl",
  "OpenSSL's text of the rendered Secrets",
  (program) => {
    const text = async (pem: string): Promise<string> => {
      const result = await runCommand(
        program,
        ["x509", "-noout", "-text", "-nameopt", "RFC2253"],
        { input: pem },
      );
      expect(result.code).toBe(0);
      return result.stdout.replace(/ *\n\s+/g, "\n");
    };

    test("reads path length 0, critical, in both intermediates, and key usage for certificates and CRLs", async () => {
      const server = readObject(
        fleet.rendered("1-manifest", "v1-secret-thingsboard-tb-mqtts.yaml"),
      ).data;
      for (const chain of [required(server, "tls.crt"), deviceChain(fleet)]) {
        const said = await text(splitPem(chain)[1] ?? "");
        expect(said).toContain(
          "X509v3 Basic Constraints: critical\nCA:TRUE, pathlen:0\n",
        );
        expect(said).toContain(
          "X509v3 Key Usage: critical\nCertificate Sign, CRL Sign\n",
        );
        expect(said).not.toContain("Extended Key Usage");
      }
    });

    test("reads each leaf's purpose, names and critical extensions as its profile has them", async () => {
      const server = readObject(
        fleet.rendered("1-manifest", "v1-secret-thingsboard-tb-mqtts.yaml"),
      ).data;
      const said = await text(required(server, "tls.crt"));
      const device = await text(deviceChain(fleet));
      for (const leaf of [said, device]) {
        expect(leaf).toContain(
          "X509v3 Basic Constraints: critical\nCA:FALSE\n",
        );
        expect(leaf).toContain(
          "X509v3 Key Usage: critical\nDigital Signature\n",
        );
      }
      expect(said).toContain(
        "X509v3 Extended Key Usage:\nTLS Web Server Authentication\n",
      );
      expect(said).toContain(NAMES.map((name) => `DNS:${name}`).join(", "));
      expect(device).toContain(
        "X509v3 Extended Key Usage:\nTLS Web Client Authentication\n",
      );
    });

    test("reads key identifiers without issuer and serial, and serial numbers that are positive and of 20 octets at most", async () => {
      const server = readObject(
        fleet.rendered("1-manifest", "v1-secret-thingsboard-tb-mqtts.yaml"),
      ).data;
      const pems = [
        ...splitPem(required(server, "tls.crt")),
        ...splitPem(required(server, "ca.crt")),
        ...splitPem(deviceChain(fleet)),
      ];
      expect(pems).toHaveLength(6);
      for (const pem of pems) {
        const said = await text(pem);
        expect(said).toMatch(/X509v3 Subject Key Identifier:\n[0-9A-F:]{59}\n/);
        expect(said).toMatch(
          /X509v3 Authority Key Identifier:\n(keyid:)?[0-9A-F:]{59}\n/,
        );
        expect(said).not.toMatch(/DirName:|\nserial:/);
        // OpenSSL writes a number below zero with a sign and "(Negative)".
        expect(said).not.toContain("Negative");
        const serial = new X509Certificate(pem).serialNumber;
        expect(serial).toMatch(/^[0-9A-F]{32,40}$/);
        expect(Number.parseInt(serial.slice(0, 2), 16)).toBeLessThan(0x80);
      }
    });
  },
);
