import type { KeyObject } from "node:crypto";
import {
  X509Certificate,
  createHash,
  createPrivateKey,
  createPublicKey,
} from "node:crypto";
import type { CertificateReading } from "../examine/reading";
import { readCertificate } from "../examine/reading";
import { describeKey, formatKeySpec, publicKeyDer } from "../key";
import { encodePem } from "../pem";
import { x509 } from "../webcrypto";
import type { PemBlock } from "./blocks";
import { isEncryptedKey, readPemBlocks } from "./blocks";
import type { ReadFile } from "./files";

/** A certificate found in a directory. The same one may stand in several files. */
export interface FoundCertificate {
  /** The files it stands in; one that holds it alone comes first. */
  readonly files: string[];
  /** SHA-256 over the DER, lowercase hex. */
  readonly fingerprintSha256: string;
  readonly reading: CertificateReading;
  /** SHA-256 over the SubjectPublicKeyInfo, lowercase hex. */
  readonly publicKeySha256: string;
}

/** A private key found in a directory. */
export interface FoundKey {
  readonly file: string;
  /** The PEM block of the key alone. Never to be shown. */
  readonly pem: string;
  readonly encrypted: boolean;
  /** Permission bits of its file. */
  readonly mode: number;
  /** As in {@link FoundCertificate}; unknown for an encrypted key that no passphrase opened. */
  readonly publicKeySha256?: string;
  /** Such as `RSA 4096`; unknown as above. */
  readonly kind?: string;
}

/** A request found in a directory. */
export interface FoundRequest {
  readonly file: string;
  /** For people. */
  readonly subject: string;
  readonly publicKeySha256: string;
}

/** Several certificates in one file. */
export interface FoundBundle {
  readonly file: string;
  /** Fingerprints in the order of the file. */
  readonly fingerprints: readonly string[];
}

/** Something in a file that is not what its label says. */
export interface Unreadable {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Everything of a PKI that a directory's files hold. */
export interface Material {
  readonly certificates: readonly FoundCertificate[];
  readonly keys: readonly FoundKey[];
  readonly requests: readonly FoundRequest[];
  readonly bundles: readonly FoundBundle[];
  readonly unreadable: readonly Unreadable[];
}

const CERTIFICATE_LABELS = [
  "CERTIFICATE",
  "X509 CERTIFICATE",
  "TRUSTED CERTIFICATE",
];

/** Reads certificates, keys and requests, PEM and DER, out of files. */
export function readMaterial(
  files: readonly ReadFile[],
  passphrases: readonly string[] = [],
): Material {
  const reader = new MaterialReader(passphrases);
  for (const file of files) {
    reader.read(file);
  }
  return reader.material();
}

class MaterialReader {
  private readonly certificates = new Map<string, FoundCertificate>();
  private readonly keys: FoundKey[] = [];
  private readonly requests: FoundRequest[] = [];
  private readonly bundles: FoundBundle[] = [];
  private readonly unreadable: Unreadable[] = [];

  constructor(private readonly passphrases: readonly string[]) {}

  material(): Material {
    return {
      certificates: [...this.certificates.values()],
      keys: this.keys,
      requests: this.requests,
      bundles: this.bundles,
      unreadable: this.unreadable,
    };
  }

  read(file: ReadFile): void {
    if (!file.content.includes("-----BEGIN ")) {
      this.readDer(file);
      return;
    }
    const { blocks, unfinished } = readPemBlocks(
      file.content.toString("latin1"),
    );
    for (const line of unfinished) {
      this.report(file, line, "begins here and never ends.");
    }
    const certificates = blocks.filter(({ label }) =>
      CERTIFICATE_LABELS.includes(label),
    );
    const fingerprints = certificates.flatMap((block) => {
      const found = this.certificate(
        decode(block),
        file.path,
        certificates.length === 1,
      );
      if (found === undefined) {
        this.report(file, block.line, "is no readable certificate.");
        return [];
      }
      return [found.fingerprintSha256];
    });
    if (fingerprints.length > 1) {
      this.bundles.push({ file: file.path, fingerprints });
    }
    for (const block of blocks) {
      if (block.label.endsWith("PRIVATE KEY")) {
        this.key(block, file);
      } else if (
        block.label === "CERTIFICATE REQUEST" ||
        block.label === "NEW CERTIFICATE REQUEST"
      ) {
        this.request(decode(block), file, block.line);
      }
    }
  }

  /** A file without PEM: DER where it begins as such, and something else where it does not parse. */
  private readDer(file: ReadFile): void {
    const der = file.content;
    if (der[0] !== 0x30 || der.length < 64) {
      return;
    }
    if (this.certificate(der, file.path, true) !== undefined) {
      return;
    }
    const key = privateKeyOfDer(der);
    if (key !== undefined) {
      this.addKey(
        key.export({ type: "pkcs8", format: "pem" }).toString(),
        file,
        false,
        key,
      );
      return;
    }
    if (/\.(csr|req|p10)$/i.test(file.path)) {
      this.request(der, file, 1);
    }
  }

  private certificate(
    der: Uint8Array,
    file: string,
    alone: boolean,
  ): FoundCertificate | undefined {
    try {
      // OpenSSL passes over the trust settings that a TRUSTED CERTIFICATE has at its end.
      const { raw } = new X509Certificate(der);
      const fingerprintSha256 = sha256(raw);
      const known = this.certificates.get(fingerprintSha256);
      if (known !== undefined) {
        if (alone) {
          known.files.unshift(file);
        } else if (!known.files.includes(file)) {
          known.files.push(file);
        }
        return known;
      }
      const reading = readCertificate(encodePem("CERTIFICATE", raw), file);
      const found: FoundCertificate = {
        files: [file],
        fingerprintSha256,
        reading,
        publicKeySha256: sha256(publicKeyDer(reading.native.publicKey)),
      };
      this.certificates.set(fingerprintSha256, found);
      return found;
    } catch {
      return undefined;
    }
  }

  private key(block: PemBlock, file: ReadFile): void {
    if (!isEncryptedKey(block)) {
      const key = open(block.text);
      if (key === undefined) {
        this.report(file, block.line, "is no readable private key.");
      } else {
        this.addKey(block.text, file, false, key);
      }
      return;
    }
    let key: KeyObject | undefined;
    for (const passphrase of this.passphrases) {
      key ??= open(block.text, passphrase);
    }
    this.addKey(block.text, file, true, key);
  }

  private addKey(
    pem: string,
    { path, mode }: ReadFile,
    encrypted: boolean,
    key: KeyObject | undefined,
  ): void {
    const spec = key && describeKey(key);
    this.keys.push({
      file: path,
      pem,
      encrypted,
      mode,
      ...(key !== undefined && { publicKeySha256: sha256(publicKeyDer(key)) }),
      ...(spec !== undefined && { kind: formatKeySpec(spec) }),
    });
  }

  private request(der: Uint8Array, file: ReadFile, line: number): void {
    try {
      const request = new x509.Pkcs10CertificateRequest(der);
      const key = createPublicKey({
        key: Buffer.from(request.publicKey.rawData),
        format: "der",
        type: "spki",
      });
      this.requests.push({
        file: file.path,
        subject: request.subject,
        publicKeySha256: sha256(publicKeyDer(key)),
      });
    } catch {
      this.report(file, line, "is no readable certificate request.");
    }
  }

  private report({ path }: ReadFile, line: number, message: string): void {
    this.unreadable.push({ file: path, line, message });
  }
}

function decode({ text }: PemBlock): Buffer {
  const body = text
    .split(/\r?\n/)
    .filter((line) => !line.includes(":") && !line.startsWith("-----"));
  return Buffer.from(body.join(""), "base64");
}

function open(pem: string, passphrase?: string): KeyObject | undefined {
  try {
    return createPrivateKey({
      key: pem,
      ...(passphrase !== undefined && { passphrase }),
    });
  } catch {
    return undefined;
  }
}

function privateKeyOfDer(der: Buffer): KeyObject | undefined {
  for (const type of ["pkcs8", "pkcs1", "sec1"] as const) {
    try {
      return createPrivateKey({ key: der, format: "der", type });
    } catch {
      // Another form, then.
    }
  }
  return undefined;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
