import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { splitPem } from "../support/certificates";
import { describeWith, findProgram, runCommand } from "../support/command";
import { Fleet } from "../support/fleet";
import { readObject, required } from "../support/rendered";
import type { ChainCase, Verifier } from "../support/verifiers";
import { go, java, node, openssl } from "../support/verifiers";

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

function serverCase(of: Fleet, change: Partial<ChainCase> = {}): ChainCase {
  return {
    purpose: "server",
    roots: of.path("ca.crt"),
    chain: of.path("tls.crt"),
    key: of.path("tls.key"),
    ...change,
  };
}

function deviceCase(of: Fleet, change: Partial<ChainCase> = {}): ChainCase {
  return {
    purpose: "client",
    roots: of.path("device-root.pem"),
    chain: of.path("device-chain.pem"),
    key: of.rendered("devices", "valve-cologne-01", "key.pem"),
    ...change,
  };
}

/** Why a verifier refuses, in its own words: a refusal for another reason would prove nothing. */
interface Reasons {
  readonly host: RegExp;
  readonly root: RegExp;
  readonly expired: RegExp;
  readonly purpose: RegExp;
}

function verifierTests(verifier: Verifier, reasons: Reasons): void {
  test("accepts the broker's chain for each of its names by the server root alone", async () => {
    const verdicts = await verifier(
      NAMES.map((host) => serverCase(fleet, { host })),
    );
    expect(verdicts).toEqual(NAMES.map(() => "accepted"));
  });

  test("accepts a device's chain by the device root alone", async () => {
    expect(await verifier([deviceCase(fleet)])).toEqual(["accepted"]);
  });

  test("refuses what it must, each for its own reason", async () => {
    const cases: [string, ChainCase, RegExp][] = [
      [
        "another host name",
        serverCase(fleet, { host: "mqtt.my-iot-cloud.org" }),
        reasons.host,
      ],
      [
        "a name below one of the broker's",
        serverCase(fleet, { host: "eu.mqtt.my-iot-cloud.com" }),
        reasons.host,
      ],
      [
        "a server under another root of the same name",
        serverCase(fleet, { roots: oldFleet.path("ca.crt") }),
        reasons.root,
      ],
      [
        "a server under the device root",
        serverCase(fleet, { roots: fleet.path("device-root.pem") }),
        reasons.root,
      ],
      [
        "a device under another root of the same name",
        deviceCase(fleet, { roots: oldFleet.path("device-root.pem") }),
        reasons.root,
      ],
      ["an expired server", serverCase(oldFleet), reasons.expired],
      ["an expired device", deviceCase(oldFleet), reasons.expired],
      [
        "a device as a server",
        deviceCase(fleet, { purpose: "server" }),
        reasons.purpose,
      ],
      [
        "a server as a device",
        serverCase(fleet, { purpose: "client" }),
        reasons.purpose,
      ],
    ];
    const verdicts = await verifier(cases.map(([, one]) => one));
    const answers = Object.fromEntries(
      cases.map(([name], index) => [name, verdicts[index] ?? ""]),
    );
    for (const [name, , reason] of cases) {
      expect([name, required(answers, name)]).toEqual([
        name,
        expect.stringMatching(new RegExp(`^refused: [^]*${reason.source}`)),
      ]);
    }
  });
}

describeWith(
  { name: "openssl", path: findProgram("openssl") },
  "apt-get install openssl",
  "OpenSSL with -x509_strict",
  (program) => {
    verifierTests(openssl(program), {
      host: /hostname mismatch/,
      root: /unable to get (local )?issuer certificate/,
      expired: /error 10 at 0 depth lookup: ?certificate has expired/,
      purpose:
        /error 26 at 0 depth lookup: ?(unsupported|unsuitable) certificate purpose/,
    });

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

/** Java without its compiler cannot run a source file. */
function findJava(): string | undefined {
  const path = findProgram("java");
  const modules =
    path === undefined
      ? ""
      : spawnSync(path, ["--list-modules"], { encoding: "utf8" }).stdout;
  return modules.includes("jdk.compiler@") ? path : undefined;
}

describe("Node's TLS", () => {
  verifierTests(node, {
    host: /ERR_TLS_CERT_ALTNAME_INVALID/,
    root: /(UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to get (local )?issuer certificate)/,
    expired: /(CERT_HAS_EXPIRED|certificate has expired)/,
    purpose: /(INVALID_PURPOSE|un(supported|suitable) certificate purpose)/,
  });
});

describeWith(
  { name: "java with its compiler", path: findJava() },
  "apt-get install openjdk-17-jdk-headless",
  "Java's PKIX trust manager",
  (program) => {
    verifierTests(java(program), {
      host: /No subject alternative DNS name matching/,
      root: /(Path does not chain with any of the trust anchors|unable to find valid certification path)/,
      expired: /CertificateExpiredException/,
      purpose:
        /Extended key usage does not permit use for TLS (server|client) authentication/,
    });
  },
);

describeWith(
  { name: "go", path: findProgram("go") },
  "see https://go.dev/doc/install",
  "Go's crypto/x509",
  (program) => {
    verifierTests(go(program), {
      host: /certificate is valid for .*, not /,
      root: /certificate signed by unknown authority/,
      expired: /certificate has expired/,
      purpose: /certificate specifies an incompatible key usage/,
    });
  },
);
