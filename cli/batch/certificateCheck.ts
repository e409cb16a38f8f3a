import { X509Certificate, hash } from "node:crypto";
import type { BundleEntry } from "../../pki/batch/bundles/read";
import type { Findings } from "../../pki/batch/inventory/finding";
import type { BundleRow } from "../../pki/batch/inventory/schema";
import { Status } from "../../pki/batch/inventory/schema";
import { verifyChain } from "../../pki/chain";
import { quote } from "../../pki/problem";
import { formatDate } from "../../pki/validity";
import type { BundleRecords, CertificateRecord } from "./bundleRecords";
import type { Issuer } from "./issuers";
import { Issuers } from "./issuers";

/** How certificates are checked. */
export interface CheckSettings {
  /** CA certificates: the batch's chain, and those of --ca. */
  readonly issuersPem: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** One in this many is verified in full. */
  readonly every: number;
  /** Decides which ones. */
  readonly seed: string;
}

/** Whether a device is one of those that are verified in full; the same seed always picks the same. */
export function isSampled(
  id: string,
  { every, seed }: Pick<CheckSettings, "every" | "seed">,
): boolean {
  const digest = hash("sha256", `${seed} ${id}`, "buffer");
  return digest.readUInt32BE(0) % every === 0;
}

const BEGIN = "-----BEGIN CERTIFICATE-----\n";
const END = "\n-----END CERTIFICATE-----\n";

/** Positions without a certificate that are looked up in the inventory. */
const NAMED = 5;

/** Holds the certificates of one bundle against the inventory and their issuer. */
export class CertificateCheck {
  /** How many there were. */
  count = 0;
  sampled = 0;
  private readonly place: string;
  private readonly candidates: readonly Issuer[];
  private readonly anchorsPem: string;
  private readonly seen: Uint8Array;
  private readonly known = new Map<string, string>();
  private ended = 0;

  constructor(
    private readonly bundle: BundleRow,
    private readonly records: BundleRecords,
    private readonly settings: CheckSettings,
    private readonly findings: Findings,
  ) {
    const issuers = new Issuers(settings.issuersPem, "chain.pem");
    this.place = `bundle ${bundle.number}`;
    this.candidates = issuers.of(bundle.issuer);
    this.anchorsPem = issuers.anchorsPem;
    this.seen = new Uint8Array(bundle.devices);
    if (this.candidates.length === 0) {
      this.add(
        "issuer-unknown",
        `was signed by the CA with key identifier ${bundle.issuer}, which is not in bundles/chain.pem; name its certificate with --ca.`,
      );
    }
  }

  /** Checks some more. */
  certificates(entries: readonly BundleEntry[]): void {
    for (const entry of entries) {
      this.count += 1;
      this.checkEntry(entry);
    }
  }

  /** All have been checked: says who lacks one. */
  end(): void {
    let missing = 0;
    const named: string[] = [];
    for (const [position, seen] of this.seen.entries()) {
      if (seen === 0) {
        missing += 1;
        const id =
          named.length < NAMED ? this.records.idAt(position) : undefined;
        if (id !== undefined) {
          named.push(quote(id));
        }
      }
    }
    if (missing > 0) {
      this.add(
        "certificate-missing",
        `lacks ${missing} of its ${this.bundle.devices} certificates${named.length > 0 ? `, among them those of ${named.join(", ")}` : ""}; bring its file of certificates back from a copy.`,
      );
    }
    if (this.ended > 0) {
      this.add(
        "certificate-ended",
        `has ${this.ended === 1 ? "one certificate" : `${this.ended} certificates`} of active devices whose time has ended; the next update renews them.`,
      );
    }
  }

  /** This bundle's certificate for a device. */
  certificateOf(id: string): X509Certificate | undefined {
    // Read again: ten thousand of them would stand in memory until the collector of garbage finds them worth its while.
    const pem = this.known.get(id);
    return pem === undefined ? undefined : new X509Certificate(pem);
  }

  isSampled(id: string): boolean {
    return isSampled(id, this.settings);
  }

  private checkEntry({ id, certificate: pem = "", serialNumber }: BundleEntry) {
    const record = this.records.find(id);
    if (record === undefined) {
      this.add(
        "certificate-unknown",
        `holds a certificate for ${quote(id)} that the inventory does not know; bring back inventory.sqlite and the bundle as the last update left them.`,
      );
      return;
    }
    if (this.seen[record.position] !== 0) {
      this.add("certificate-twice", `holds two certificates for ${quote(id)}.`);
      return;
    }
    this.seen[record.position] = 1;
    const certificate = readOne(pem);
    if (certificate === undefined) {
      this.add(
        "certificate-unreadable",
        `holds something for ${quote(id)} that is no certificate in PEM; bring its file back from a copy.`,
      );
      return;
    }
    this.known.set(id, pem);
    const differences = differing(id, pem, serialNumber, certificate, record);
    if (differences.length > 0) {
      this.add(
        "certificate-differs",
        `holds a certificate for ${quote(id)} with another ${differences.join(", ")} than the inventory says; bring back the one of the two that was changed.`,
      );
    }
    if (
      record.status === Status.Active &&
      record.notAfter * 1000 < this.settings.now
    ) {
      this.ended += 1;
    }
    this.checkSigned(id, pem, certificate, record);
  }

  private checkSigned(
    id: string,
    pem: string,
    certificate: X509Certificate,
    record: CertificateRecord,
  ): void {
    // checkIssued holds the names and the key identifier against each other.
    const issuer = this.candidates.find(
      (candidate) =>
        certificate.checkIssued(candidate.certificate) &&
        certificate.verify(candidate.publicKey),
    );
    if (issuer === undefined) {
      if (this.candidates.length > 0) {
        this.add(
          "certificate-forged",
          `holds a certificate for ${quote(id)} that its CA (key identifier ${this.bundle.issuer}) did not sign.`,
        );
      }
      return;
    }
    if (
      record.notAfter > issuer.notAfter ||
      record.notBefore < issuer.notBefore
    ) {
      this.add(
        "certificate-outlives",
        `holds a certificate for ${quote(id)} whose time is not within that of its CA, which ends on ${formatDate(new Date(issuer.notAfter * 1000))}.`,
      );
    }
    // Without a root, there is nothing to verify up to.
    if (this.anchorsPem !== "" && (this.count === 1 || this.isSampled(id))) {
      this.sampled += 1;
      this.verifyInFull(id, pem, issuer, record);
    }
  }

  private verifyInFull(
    id: string,
    pem: string,
    issuer: Issuer,
    { notBefore, notAfter }: CertificateRecord,
  ): void {
    // One that has ended, or is yet to begin, was good in its time.
    const now = Math.min(
      Math.max(this.settings.now, notBefore * 1000),
      notAfter * 1000,
    );
    // An adopted CA is as it is; `verify` says who has something against its form.
    const problems = verifyChain(
      `${pem}${issuer.pathPem}`,
      this.anchorsPem,
      new Date(now),
      { strict: false },
    );
    for (const { path, message } of problems) {
      this.add(
        "chain-refused",
        `holds a certificate for ${quote(id)} that clients refuse: ${path}: ${message}`,
      );
    }
  }

  private add(code: string, message: string): void {
    this.findings.add(code, this.place, message);
  }
}

function readOne(pem: string): X509Certificate | undefined {
  if (!pem.startsWith(BEGIN) || !pem.endsWith(END)) {
    return undefined;
  }
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** What a certificate says otherwise than the inventory. */
function differing(
  id: string,
  pem: string,
  serialNumber: string | undefined,
  certificate: X509Certificate,
  record: CertificateRecord,
): string[] {
  const { raw } = certificate;
  // The text itself, not what was read of it: something may stand behind the certificate.
  const body = pem.slice(BEGIN.length, -END.length).replaceAll("\n", "");
  const differences: string[] = [];
  const hold = (name: string, same: boolean): void => {
    if (!same) {
      differences.push(name);
    }
  };
  hold("SHA-256", hash("sha256", raw, "buffer").equals(record.sha256));
  hold(
    "text",
    body === raw.toString("base64") &&
      (serialNumber ?? record.serialNumber).toUpperCase() ===
        record.serialNumber,
  );
  hold("serial number", certificate.serialNumber === record.serialNumber);
  hold(
    "begin",
    certificate.validFromDate.getTime() === record.notBefore * 1000,
  );
  hold("end", certificate.validToDate.getTime() === record.notAfter * 1000);
  hold(
    "ThingsBoard credentials id",
    hash("sha3-256", body, "buffer").equals(record.credentialsId),
  );
  // To write the key anew as DER takes ten times as long as all of these.
  hold("public key", raw.includes(Buffer.from(record.publicKey)));
  hold("common name", certificate.subject.split("\n").includes(`CN=${id}`));
  return differences;
}
