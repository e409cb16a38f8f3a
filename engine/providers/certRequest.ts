import "reflect-metadata";

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  webcrypto,
} from "node:crypto";
import { isIP } from "node:net";

import {
  cryptoProvider,
  type JsonGeneralName,
  type JsonName,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";

import { EngineError } from "../errors";
import type {
  ChangedResource,
  CheckFailure,
  CheckResult,
  CreateResult,
  DiffResult,
  ResourceRequest,
} from "../plugins/provider";
import {
  containsUnknown,
  equal,
  isMap,
  type PropertyMap,
  type PropertyValue,
  reveal,
  revealAll,
  secret,
  UNKNOWN,
  textOf,
} from "../values";
import { ImmutableResource, UNCHANGED } from "./equivalent";
import { toPem } from "./pem";

const INPUTS = ["dnsNames", "ipAddresses", "privateKeyPem", "subject", "uris"];
const LISTS = ["dnsNames", "ipAddresses", "uris"];

/** The parts of a subject in the order a request has them; OIDs where there is no short name. */
const SUBJECT: [property: string, attribute: string][] = [
  ["country", "C"],
  ["province", "ST"],
  ["locality", "L"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["organization", "O"],
  ["organizationalUnit", "OU"],
  ["commonName", "CN"],
  ["serialNumber", "2.5.4.5"],
  ["emailAddress", "E"],
];

/** `tls.CertRequest`: a PKCS#10 request; any change makes a new one. */
export class CertRequest extends ImmutableResource {
  check(
    request: ResourceRequest & { olds: PropertyMap; news: PropertyMap },
  ): Promise<CheckResult> {
    const failures: CheckFailure[] = [];
    const news = request.news;
    for (const name of Object.keys(news)) {
      if (!INPUTS.includes(name)) {
        failures.push({
          property: name,
          reason: "the bundled engine's tls.CertRequest has no such input",
        });
      }
    }
    const pem = reveal(news.privateKeyPem);
    if (pem !== UNKNOWN) {
      failures.push(...keyFailures(pem));
    }
    const subject = reveal(news.subject);
    for (const name of isMap(subject) ? Object.keys(subject) : []) {
      if (!SUBJECT.some(([property]) => property === name)) {
        failures.push({
          property: `subject.${name}`,
          reason: "a subject has no such part",
        });
      }
    }
    for (const [index, address] of texts(news.ipAddresses).entries()) {
      if (address !== UNKNOWN && isIP(address) === 0) {
        failures.push({
          property: `ipAddresses[${index}]`,
          reason: `"${address}" is not an IP address`,
        });
      }
    }
    return Promise.resolve({ inputs: news, failures });
  }

  diff(request: ChangedResource): Promise<DiffResult> {
    const replaces = INPUTS.filter(
      (name) =>
        !equal(
          meaning(name, request.oldInputs[name]),
          meaning(name, request.newInputs[name]),
        ),
    );
    return Promise.resolve(
      replaces.length === 0
        ? UNCHANGED
        : { ...UNCHANGED, changes: "some", replaces, changedKeys: replaces },
    );
  }

  async create(
    request: ResourceRequest & { inputs: PropertyMap },
  ): Promise<CreateResult> {
    const inputs = {
      ...request.inputs,
      privateKeyPem: secret(request.inputs.privateKeyPem ?? null),
    };
    if (request.preview) {
      const unknown = {
        certRequestPem: UNKNOWN,
        id: UNKNOWN,
        keyAlgorithm: UNKNOWN,
      };
      return { id: "", outputs: { ...inputs, ...unknown }, initErrors: [] };
    }
    if (containsUnknown(inputs)) {
      throw new EngineError("An input of the request is still unknown.");
    }
    const key = createPrivateKey(textOf(reveal(inputs.privateKeyPem)));
    const der = await signedRequest(key, request.inputs);
    const id = createHash("sha1").update(der).digest("hex");
    const computed = {
      certRequestPem: toPem("CERTIFICATE REQUEST", der),
      id,
      keyAlgorithm: algorithmName(key),
    };
    return { id, outputs: { ...inputs, ...computed }, initErrors: [] };
  }
}

async function signedRequest(
  key: KeyObject,
  inputs: PropertyMap,
): Promise<Uint8Array> {
  cryptoProvider.set(webcrypto);
  const algorithm = signatureOf(key);
  const privateKey = await webcrypto.subtle.importKey(
    "pkcs8",
    key.export({ format: "der", type: "pkcs8" }),
    algorithm,
    false,
    ["sign"],
  );
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicKey = await webcrypto.subtle.importKey(
    "spki",
    spki,
    algorithm,
    true,
    ["verify"],
  );
  const names = alternativeNames(inputs);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: subjectName(inputs.subject),
    keys: { privateKey, publicKey },
    signingAlgorithm: algorithm,
    extensions:
      names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)],
  });
  return new Uint8Array(request.rawData);
}

function subjectName(value: PropertyValue | undefined): JsonName {
  const subject = value === undefined ? null : revealAll(value);
  if (!isMap(subject)) {
    return [];
  }
  return SUBJECT.flatMap(([property, attribute]) => {
    const values = texts(subject[property]);
    return values.length === 0 ? [] : [{ [attribute]: values.sort(inDer) }];
  });
}

/** DER puts the members of a set in the order of their encodings: shorter ones first, then by their bytes. */
function inDer(a: string, b: string): number {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length - right.length || Buffer.compare(left, right);
}

function alternativeNames(inputs: PropertyMap): JsonGeneralName[] {
  return [
    ...texts(inputs.dnsNames).map((value) => ({
      type: "dns" as const,
      value,
    })),
    ...texts(inputs.ipAddresses).map((value) => ({
      type: "ip" as const,
      value,
    })),
    ...texts(inputs.uris).map((value) => ({ type: "url" as const, value })),
  ];
}

/** A text or a list of texts as a list. */
function texts(value: PropertyValue | undefined): string[] {
  const open = value === undefined ? null : revealAll(value);
  const list = Array.isArray(open) ? open : [open];
  return list.filter((element) => typeof element === "string");
}

/** What an input comes to: absent and empty lists are the same, and secrecy does not count. */
function meaning(
  name: string,
  value: PropertyValue | undefined,
): PropertyValue {
  const open = value === undefined ? null : revealAll(value);
  return open === null && LISTS.includes(name) ? [] : open;
}

function keyFailures(pem: PropertyValue): CheckFailure[] {
  const failure = (reason: string): CheckFailure[] => [
    { property: "privateKeyPem", reason },
  ];
  if (typeof pem !== "string") {
    return failure("a private key in PEM is needed");
  }
  try {
    signatureOf(createPrivateKey(pem));
    return [];
  } catch (error) {
    // The library's own message could repeat part of the key; ours does not.
    return failure(
      error instanceof EngineError
        ? error.message
        : "this is not a private key in PEM",
    );
  }
}

type Signature =
  | { name: "ECDSA"; namedCurve: string; hash: string }
  | { name: "RSASSA-PKCS1-v1_5"; hash: string }
  | { name: "Ed25519" };

const CURVES: Record<string, { namedCurve: string; hash: string }> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512" },
};

/** How a key signs. */
function signatureOf(key: KeyObject): Signature {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    case "ed25519":
      return { name: "Ed25519" };
    case "ec": {
      const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
      if (curve !== undefined) {
        return { name: "ECDSA", ...curve };
      }
      break;
    }
    default:
  }
  throw new EngineError(
    "requests are signed with RSA, ECDSA P-256, P-384 or P-521, or Ed25519; this is another key",
  );
}

function algorithmName(key: KeyObject): string {
  const names: Record<string, string> = {
    rsa: "RSA",
    ec: "ECDSA",
    ed25519: "ED25519",
  };
  return names[key.asymmetricKeyType ?? ""] ?? "";
}
