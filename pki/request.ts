import { createPublicKey } from "node:crypto";
import type { AlternativeNames } from "./alternativeNames";
import {
  foldAlternativeName,
  otherKindsOfNames,
  readAlternativeNames,
} from "./alternativeNames";
import { isDer } from "./der";
import type { KeySpec } from "./key";
import { checkKeySpec, describeKey } from "./key";
import { decodePem } from "./pem";
import { InputError, quote } from "./problem";
import type { Subject } from "./subject";
import { SUBJECT_ATTRIBUTES, readSubject, subjectValues } from "./subject";
import { x509 } from "./webcrypto";

/** What a certificate request gives us: a public key, the proof that its holder asked, and wishes. */
export interface CertificateRequest {
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly key: KeySpec;
  /** The common name asked for; `undefined` where there is none. */
  readonly commonName: string | undefined;
  /** The subject asked for; its common name is empty where there is none. */
  readonly subject: Subject;
  /** The alternative names asked for. */
  readonly names: AlternativeNames;
  /** What it asks for that no certificate takes from a request, for people: `keyUsage`, `1.2.3.4`. */
  readonly leftOut: readonly string[];
}

const MAXIMUM_BYTES = 64 * 1024;

/**
 * Reads a PKCS#10 request (RFC 2986), PEM or DER, and verifies its signature,
 * the proof of possession of the private key. The authority decides names and
 * extensions: those asked for are only reported, and a request for a CA is
 * refused.
 *
 * @throws InputError naming `path`
 */
export async function readRequest(
  source: string | Uint8Array,
  path: string,
): Promise<CertificateRequest> {
  const refuse = (message: string): InputError =>
    new InputError([{ path, message }]);
  const der =
    typeof source === "string"
      ? decodePem("CERTIFICATE REQUEST", source, path)
      : Buffer.from(source);
  if (der.length > MAXIMUM_BYTES) {
    throw refuse(
      `has ${der.length} bytes, and a request ${MAXIMUM_BYTES} at most; make it anew.`,
    );
  }
  const parsed = parse(der);
  if (parsed === undefined) {
    throw refuse("is no readable PKCS#10 request; make it anew.");
  }
  const { request, publicKey, asksForCa, subject, names, leftOut } = parsed;
  const key = readKey(publicKey);
  if (key === undefined) {
    throw refuse(
      "holds a key of a kind no profile allows; use ECDSA on P-256, or RSA.",
    );
  }
  const problems = checkKeySpec(key);
  if (problems.length > 0) {
    throw new InputError(
      problems.map(({ message }) => ({
        path,
        message: `holds a key that is refused: ${message}`,
      })),
    );
  }
  if (!(await proves(request))) {
    throw refuse(
      "carries a signature that its own key did not make; make the request anew with the key it is for.",
    );
  }
  if (asksForCa) {
    throw refuse(
      "asks for a CA (basicConstraints CA:TRUE), which no request gets; make an IntermediateCA, or the request anew without it.",
    );
  }
  const { commonName } = subject;
  return {
    publicKey,
    key,
    commonName: commonName === "" ? undefined : commonName,
    subject,
    names,
    leftOut,
  };
}

interface Parsed {
  readonly request: x509.Pkcs10CertificateRequest;
  readonly publicKey: Buffer;
  readonly subject: Subject;
  readonly names: AlternativeNames;
  readonly asksForCa: boolean;
  readonly leftOut: readonly string[];
}

/** For people; all others by their object identifier. */
const EXTENSION_NAMES: Readonly<Record<string, string>> = {
  "2.5.29.15": "keyUsage",
  "2.5.29.37": "extendedKeyUsage",
  "2.5.29.19": "basicConstraints",
  "2.5.29.30": "nameConstraints",
  "2.5.29.31": "crlDistributionPoints",
  "2.5.29.32": "certificatePolicies",
  "1.3.6.1.5.5.7.1.1": "authorityInfoAccess",
};
const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";

/** Reads all of a request, since the library reads most of it late; `undefined` where any part is broken. */
function parse(der: Buffer): Parsed | undefined {
  if (!isDer(der)) {
    return undefined;
  }
  try {
    const request = new x509.Pkcs10CertificateRequest(der);
    const types = request.extensions.map(({ type }) => type);
    if (new Set(types).size < types.length) {
      return undefined;
    }
    const basic = request.getExtension("2.5.29.19");
    const names = request.getExtension(SUBJECT_ALTERNATIVE_NAME);
    return {
      request,
      publicKey: Buffer.from(request.publicKey.rawData),
      subject: readSubject(request.subjectName),
      names: readAlternativeNames(names),
      asksForCa:
        basic !== null && new x509.BasicConstraintsExtension(basic.rawData).ca,
      leftOut: [
        ...otherKindsOfNames(names),
        ...types
          .filter((type) => type !== SUBJECT_ALTERNATIVE_NAME)
          .map((type) => EXTENSION_NAMES[type] ?? type),
      ],
    };
  } catch {
    return undefined;
  }
}

function readKey(publicKey: Buffer): KeySpec | undefined {
  try {
    return describeKey(
      createPublicKey({ key: publicKey, format: "der", type: "spki" }),
    );
  } catch {
    return undefined;
  }
}

async function proves(
  request: x509.Pkcs10CertificateRequest,
): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    // A signature of the wrong form proves as little as a wrong one.
    return false;
  }
}

const LISTS = ["dnsNames", "ipAddresses", "uris", "emailAddresses"] as const;

/** What a request asks for and the certificate does not give, for people; empty where it gets all. */
export function leftOutOf(
  request: CertificateRequest,
  given: AlternativeNames & { readonly subject: Subject },
): string[] {
  return [
    ...SUBJECT_ATTRIBUTES.flatMap((attribute) => {
      const got = subjectValues(given.subject, attribute);
      return subjectValues(request.subject, attribute)
        .filter((value) => value !== "" && !got.includes(value))
        .map((value) => `${attribute} ${quote(value)}`);
    }),
    ...LISTS.flatMap((list) => {
      const got = (given[list] ?? []).map(foldAlternativeName);
      return (request.names[list] ?? [])
        .filter((name) => !got.includes(foldAlternativeName(name)))
        .map((name) => `${list} ${quote(name)}`);
    }),
    ...request.leftOut,
  ];
}
