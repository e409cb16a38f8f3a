import { sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  checkAgainstCertificate,
  readAuthorityKeyIdentifier,
  readIssuer,
  readPathLength,
  readSubjectKeyIdentifier,
} from "../../pki/authority";
import { parseManifest } from "../../pki/batch/manifest";
import { isDer } from "../../pki/der";
import { generateKey, publicKeyDer } from "../../pki/key";
import { readNameConstraints } from "../../pki/nameConstraints";
import { decodePem, encodePem, splitCertificates } from "../../pki/pem";
import { InputError } from "../../pki/problem";
import { leftOutOf, readRequest } from "../../pki/request";
import { formatSubject, readSubject } from "../../pki/subject";
import { parseDate } from "../../pki/validity";
import { subtle, x509 } from "../../pki/webcrypto";
import {
  DEFAULT_NOW,
  intermediate,
  issue,
  order,
  root,
} from "./support/authority";
import { readDer } from "./support/der";
import { Random, lengthOf, mutateBytes, mutateDer } from "./support/mutate";

/** How many inputs in all; a few thousand in a usual run. */
const MUTATIONS = Number(process.env.MQTT_PKI_MUTATIONS ?? 4000);
const SEED = Number(process.env.MQTT_PKI_SEED ?? 20_261_120);

const MEBIBYTE = 1 << 20;
const MAXIMUM_GROWTH = 64 * MEBIBYTE;
/** No reader needs a hundredth of it; a busy machine may. */
const HANG_MILLISECONDS = 5000;

/** A reader, and inputs it takes, whose mutations it must survive. */
interface Target {
  readonly name: string;
  /** Of a hundred inputs, how many are for this one: the slower a reader, the fewer. */
  readonly share: number;
  /** Its signature is over every octet: what is taken was hardly changed, and it may be none. */
  readonly guarded?: true;
  readonly mutate: (random: Random) => Buffer;
  /** Reads, and uses what was read the way the product does. Says whether it was taken. */
  readonly read: (input: Buffer) => unknown;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function occupied(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Tally {
  taken: number;
  refused: number;
  slowest: number;
  /** The most that was allocated between two inputs, in bytes. */
  greediest: number;
}

/** Runs mutated inputs through a reader; fails on the first that is not refused by an {@link InputError}, and shows it. */
async function torment(
  target: Target,
  count: number,
  random: Random,
): Promise<Tally> {
  const tally: Tally = { taken: 0, refused: 0, slowest: 0, greediest: 0 };
  for (let done = 0; done < count; done += 1) {
    const input = target.mutate(random);
    const before = occupied();
    const began = performance.now();
    try {
      await target.read(input);
      tally.taken += 1;
    } catch (error) {
      if (!(error instanceof InputError)) {
        throw new Error(
          `${target.name}, input ${done} of seed ${SEED}, ${input.toString("base64")}: ${String(error)}`,
          { cause: error },
        );
      }
      tally.refused += 1;
    }
    tally.slowest = Math.max(tally.slowest, performance.now() - began);
    tally.greediest = Math.max(tally.greediest, occupied() - before);
  }
  return tally;
}

const NAMES = new x509.SubjectAlternativeNameExtension([
  { type: "dns", value: "mqtt.example.com" },
  { type: "ip", value: "2001:db8::7" },
  { type: "url", value: "urn:x:1" },
  { type: "email", value: "a@example.com" },
  { type: "upn", value: "u@example.com" },
]);

async function makeRequest(): Promise<{ der: Buffer; key: KeyObject }> {
  const key = generateKey({ algorithm: "ECDSA", ecdsaCurve: "P256" });
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  const spki = publicKeyDer(key);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "C=DE, O=My IoT Cloud, OU=One, OU=Two, CN=mqtt.example.com",
    keys: {
      privateKey: await subtle.importKey("pkcs8", pkcs8, algorithm, true, [
        "sign",
      ]),
      publicKey: await subtle.importKey("spki", spki, algorithm, true, [
        "verify",
      ]),
    },
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      NAMES,
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ],
  });
  return { der: Buffer.from(request.rawData), key };
}

/** A request whose inner part was changed before its holder signed it. */
function signAnew(der: Buffer, key: KeyObject, random: Random): Buffer {
  const [info, algorithm] = readDer(der).children.map((part) =>
    Buffer.concat([
      Buffer.from([part.tag]),
      lengthOf(part.content.length),
      part.content,
    ]),
  );
  const changed = mutateDer(info ?? Buffer.alloc(0), random);
  const signature = sign("sha256", changed, key);
  const bits = Buffer.concat([
    Buffer.from([3]),
    lengthOf(signature.length + 1),
    Buffer.from([0]),
    signature,
  ]);
  const content = Buffer.concat([changed, algorithm ?? Buffer.alloc(0), bits]);
  return Buffer.concat([
    Buffer.from([0x30]),
    lengthOf(content.length),
    content,
  ]);
}

const REQUEST_ORDER = { subject: { commonName: "mqtt.example.com" } };

async function useRequest(input: string | Buffer): Promise<void> {
  const request = await readRequest(input, "requestPem");
  leftOutOf(request, REQUEST_ORDER);
  formatSubject(request.subject);
}

/** Reads a CA, and all that is asked of one before it signs. */
function useIssuer(input: Buffer, label: string): void {
  const pem = label === "" ? input.toString("latin1") : encodePem(label, input);
  const issuer = readIssuer(pem, "signer.certificatePem");
  readNameConstraints(issuer);
  readPathLength(issuer);
  readSubjectKeyIdentifier(issuer);
  readAuthorityKeyIdentifier(pem);
  formatSubject(readSubject(issuer.subjectName));
  checkAgainstCertificate(order(), issuer, DEFAULT_NOW);
}

const MANIFEST = `id,dnsNames,uris,serialNumber,validityDays
thermometer-1,t1.example;t2.example,urn:x:1,"TH ""1""",90
"pump/2",,,,\r
`;
const DATES = ["2026-12-01T00:00:00Z", "99991231235959Z", "20261201000000Z"];

async function targets(): Promise<Target[]> {
  const { der: request, key } = await makeRequest();
  const authority = await root();
  const ca = await intermediate(authority, {
    subject: {
      country: "DE",
      organizations: ["One", "Two"],
      commonName: "CA",
      emailAddress: "a@example.com",
    },
    nameConstraints: {
      permittedDnsNames: ["example.com"],
      excludedIpRanges: ["192.0.2.0/24", "2001:db8::/32"],
    },
    extensions: {
      crlDistributionPoints: ["http://pki.example.com/ca.crl"],
      policies: [{ oid: "2.23.140.1.2.1" }],
    },
  });
  const leaf = await issue(ca);
  const issuers = [authority, ca].map(({ certificatePem }) =>
    decodePem("CERTIFICATE", certificatePem, ""),
  );
  const pems = Buffer.from(ca.certificatePem + leaf.certificatePem);
  const text = (bytes: Buffer): string => bytes.toString("latin1");
  return [
    {
      name: "readRequest, octets",
      share: 10,
      guarded: true,
      mutate: (random) => mutateBytes(request, random),
      read: useRequest,
    },
    {
      name: "readRequest, values",
      share: 3,
      mutate: (random) => mutateDer(request, random),
      read: useRequest,
    },
    {
      name: "readRequest, signed after the change",
      share: 3,
      mutate: (random) => signAnew(request, key, random),
      read: useRequest,
    },
    {
      name: "readRequest, PEM",
      share: 15,
      guarded: true,
      mutate: (random) =>
        mutateBytes(
          Buffer.from(encodePem("CERTIFICATE REQUEST", request)),
          random,
        ),
      read: (input) => useRequest(text(input)),
    },
    {
      name: "readIssuer, octets",
      share: 9,
      mutate: (random) => mutateBytes(random.oneOf(issuers), random),
      read: (input) => {
        useIssuer(input, "CERTIFICATE");
      },
    },
    {
      name: "readIssuer, readNameConstraints, readSubject, values",
      share: 3,
      mutate: (random) => mutateDer(random.oneOf(issuers), random),
      read: (input) => {
        useIssuer(input, "CERTIFICATE");
      },
    },
    {
      name: "splitCertificates",
      share: 15,
      mutate: (random) => mutateBytes(pems, random),
      read: (input) => splitCertificates(text(input)),
    },
    {
      name: "isDer",
      share: 12,
      mutate: (random) => mutateDer(random.oneOf(issuers), random),
      read: isDer,
    },
    {
      name: "parseManifest",
      share: 15,
      mutate: (random) => mutateBytes(Buffer.from(MANIFEST), random),
      read: (input) => parseManifest(input.toString("utf8"), "m.csv"),
    },
    {
      name: "parseDate",
      share: 15,
      mutate: (random) => mutateBytes(Buffer.from(random.oneOf(DATES)), random),
      read: (input) => parseDate(input.toString("utf8")),
    },
  ];
}

test(`${MUTATIONS.toLocaleString("en-US")} mutated inputs crash no reader, hang none, and make none grow by more than 64 MiB`, async () => {
  const random = new Random(SEED);
  const all = await targets();
  const report = (line: string): void => {
    if (process.env.MQTT_PKI_MUTATIONS !== undefined) {
      process.stdout.write(`${line}\n`);
    }
  };
  // What is compiled and kept at the first call is no growth.
  for (const target of all) {
    await torment(target, 50, random);
  }
  const peakBefore = process.resourceUsage().maxRSS * 1024;
  for (const target of all) {
    collectGarbage();
    const before = occupied();
    const began = performance.now();
    const count = Math.ceil((MUTATIONS * target.share) / 100);
    const tally = await torment(target, count, random);
    const seconds = (performance.now() - began) / 1000;
    collectGarbage();
    const kept = occupied() - before;
    report(
      `${target.name}: ${count} in ${seconds.toFixed(1)} s, ${tally.taken} taken, slowest ${tally.slowest.toFixed(1)} ms, at most ${mebibytes(tally.greediest)} for one, ${mebibytes(kept)} kept`,
    );
    // A mutation that nothing survives looks at the first octets only.
    if (target.guarded !== true) {
      expect({ name: target.name, some: tally.taken > 0 }).toEqual({
        name: target.name,
        some: true,
      });
    }
    expect(tally.slowest).toBeLessThan(HANG_MILLISECONDS);
    expect(tally.greediest).toBeLessThan(MAXIMUM_GROWTH);
    expect(kept).toBeLessThan(MAXIMUM_GROWTH);
  }
  const peak = process.resourceUsage().maxRSS * 1024 - peakBefore;
  report(`the process as a whole grew by ${mebibytes(peak)}, garbage and all`);
}, 3_600_000);

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}

describe("inputs made to take long", () => {
  const began = (): (() => number) => {
    const start = performance.now();
    return () => performance.now() - start;
  };

  test("a file with a hundred thousand beginnings and no end", () => {
    const elapsed = began();
    const line = "-----BEGIN CERTIFICATE-----\n";
    expect(splitCertificates(line.repeat(100_000))).toEqual([]);
    expect(elapsed()).toBeLessThan(HANG_MILLISECONDS);
  });

  test("a value nested as deep as 64 KiB allow", async () => {
    const levels = 15_000;
    let size = 0;
    const headers: Buffer[] = [];
    for (let level = 0; level < levels; level += 1) {
      const header = Buffer.concat([Buffer.from([0x30]), lengthOf(size)]);
      headers.unshift(header);
      size += header.length;
    }
    const elapsed = began();
    const nested = Buffer.concat(headers);
    expect(isDer(nested)).toBe(false);
    await expect(readRequest(nested, "requestPem")).rejects.toThrow(InputError);
    expect(elapsed()).toBeLessThan(HANG_MILLISECONDS);
  });

  test("changed values are read as DER more often than not, or they would test lengths only", async () => {
    const { der } = await makeRequest();
    const random = new Random(SEED);
    const inputs = Array.from({ length: 500 }, () => mutateDer(der, random));
    expect(inputs.filter(isDer).length).toBeGreaterThan(200);
    expect(inputs.filter((input) => input.equals(der)).length).toBeLessThan(
      100,
    );
  });
});
