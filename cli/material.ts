import { readPemObjects } from "../pki/examine/pemObjects";
import { attempt } from "../pki/examine/reading";
import { encodePem } from "../pki/pem";
import { createPrivateKey } from "node:crypto";
import { parseAllDocuments } from "yaml";
import { x509 } from "../pki/webcrypto";

/** A text in PEM, and the name people know it by. */
export interface Material {
  /** `tls.crt`: the name of the file, or of the member of a Kubernetes object. */
  readonly name: string;
  readonly pem: string;
}

/** What belongs together: the files of a folder, or the members of one Kubernetes object. */
export interface Group {
  /** `rendered/dev/devices/sensor-1`, or `tls.yaml: Secret thingsboard/tb-mqtts`. */
  readonly name: string;
  readonly materials: readonly Material[];
  /** Whether it is a Kubernetes object: its `ca.crt` is what its `tls.crt` hangs from. */
  readonly object: boolean;
}

/** What one file holds. */
export interface FileContent {
  /** PEM of a plain file. */
  readonly pem?: string;
  /** The Kubernetes objects of a YAML file. */
  readonly objects?: readonly Omit<Group, "object">[];
  /** Why nothing of it can be read. */
  readonly problem?: string;
}

const KEYSTORE_HINT = {
  pkcs12:
    'is a PKCS#12 key store, which is not opened here; take its certificates out with "openssl pkcs12 -nokeys" and verify those.',
  jks: 'is a Java key store, which is not opened here; take its certificates out with "keytool -exportcert -rfc" and verify those.',
} as const;

/** Tells by its bytes what a file is, and reads it. */
export function readContent(name: string, bytes: Buffer): FileContent {
  if (/\.(ya?ml|json)$/i.test(name)) {
    return readObjects(bytes.toString("utf8"));
  }
  if (bytes.includes("-----BEGIN ")) {
    return { pem: bytes.toString("utf8") };
  }
  if (bytes.subarray(0, 4).toString("hex") === "feedfeed") {
    return { problem: KEYSTORE_HINT.jks };
  }
  const pem = bytes[0] === 0x30 ? readDer(bytes) : undefined;
  return pem === undefined
    ? {
        problem: isPkcs12(bytes)
          ? KEYSTORE_HINT.pkcs12
          : "holds neither certificate, request nor key, neither as PEM nor as DER.",
      }
    : { pem };
}

/** A PFX is a SEQUENCE that begins with version 3 (RFC 7292 §4). */
function isPkcs12(bytes: Buffer): boolean {
  return (
    bytes[0] === 0x30 &&
    bytes.subarray(0, 12).includes(Buffer.from("020103", "hex"))
  );
}

function readDer(der: Buffer): string | undefined {
  if (attempt(() => new x509.X509Certificate(der)) !== undefined) {
    return encodePem("CERTIFICATE", der);
  }
  if (attempt(() => new x509.Pkcs10CertificateRequest(der)) !== undefined) {
    return encodePem("CERTIFICATE REQUEST", der);
  }
  const key = (["pkcs8", "sec1", "pkcs1"] as const)
    .map((type) =>
      attempt(() => createPrivateKey({ key: der, format: "der", type })),
    )
    .find((read) => read !== undefined);
  return key?.export({ type: "pkcs8", format: "pem" }).toString();
}

function readObjects(text: string): FileContent {
  const documents = attempt(() =>
    // An alias that repeats itself a billion times is refused by the parser's own limit.
    parseAllDocuments(text).map((document) => document.toJS() as unknown),
  );
  return documents === undefined
    ? { problem: "is no readable YAML." }
    : { objects: documents.flatMap(objectsIn) };
}

function objectsIn(document: unknown): Omit<Group, "object">[] {
  if (!isRecord(document)) {
    return [];
  }
  if (Array.isArray(document.items)) {
    return document.items.flatMap(objectsIn);
  }
  const { kind } = document;
  if (kind !== "Secret" && kind !== "ConfigMap") {
    return [];
  }
  const metadata = isRecord(document.metadata) ? document.metadata : {};
  const materials = [
    ...members(document.data, kind === "Secret"),
    ...members(document.stringData, false),
    ...members(document.binaryData, true),
  ].filter(({ pem }) => readPemObjects(pem).objects.length > 0);
  const name = [metadata.namespace, metadata.name]
    .filter((part) => typeof part === "string")
    .join("/");
  return [{ name: `${kind} ${name}`, materials }];
}

function members(data: unknown, inBase64: boolean): Material[] {
  return Object.entries(isRecord(data) ? data : {}).flatMap(([name, value]) =>
    typeof value === "string"
      ? [
          {
            name,
            pem: inBase64
              ? Buffer.from(value, "base64").toString("utf8")
              : value,
          },
        ]
      : [],
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
