import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folderName } from "../../pki/batch/folderName";
import type { InventoryEntry } from "../../pki/batch/inventory";
import {
  DeviceStatus,
  inventoryEntry,
  parseInventory,
} from "../../pki/batch/inventory";
import { Findings } from "../../pki/batch/inventory/finding";
import { verifyChain } from "../../pki/chain";
import { readPrivateKey } from "../../pki/key";
import { quote } from "../../pki/problem";
import { isSampled } from "./certificateCheck";
import { SMALL_INVENTORY } from "./folder";
import { Issuers } from "./issuers";
import type { BatchProgress, BatchReport, BatchVerification } from "./verify";
import { newSeed } from "./verify";

/** Columns that a certificate says as well. */
const COMPARED = [
  "serialNumber",
  "notBefore",
  "notAfter",
  "sha256",
  "thingsBoardCredentialsId",
] as const;

/** Checks a small batch: its inventory in CSV, and a folder for each device. */
export function verifyFiles(
  { directory, caPem, every, now, seed = newSeed() }: BatchVerification,
  progress: BatchProgress,
): BatchReport {
  const path = join(directory, SMALL_INVENTORY);
  const entries = parseInventory(readFileSync(path, "utf8"), path);
  const findings = new Findings();
  const check = new FolderCheck(
    directory,
    caPem,
    now,
    { every, seed },
    findings,
  );
  const serialNumbers = new Map<string, string>();
  for (const [index, entry] of entries.entries()) {
    const twin = serialNumbers.get(entry.serialNumber);
    serialNumbers.set(entry.serialNumber, entry.id);
    if (twin !== undefined) {
      findings.add(
        "serial-number-twice",
        SMALL_INVENTORY,
        `has serial number ${entry.serialNumber} for ${quote(twin)} and ${quote(entry.id)}; bring it back as the last update left it.`,
      );
    }
    check.device(entry);
    progress(index + 1, entries.length);
  }
  const { certificates, keys, sampled, good, handedOver, rooted } = check;
  return {
    directory,
    certificates,
    keys,
    sampled,
    seed,
    every,
    good,
    handedOver,
    sealed: 0,
    rooted,
    found: findings.count,
    findings: findings.list(),
  };
}

class FolderCheck {
  certificates = 0;
  keys = 0;
  sampled = 0;
  good = 0;
  handedOver = 0;
  rooted = false;
  private readonly issuers = new Map<string, Issuers>();

  constructor(
    private readonly directory: string,
    private readonly caPem: string,
    private readonly now: Date,
    private readonly sample: { readonly every: number; readonly seed: string },
    private readonly findings: Findings,
  ) {}

  device(entry: InventoryEntry): void {
    const before = this.findings.count;
    const pem = this.read(entry.id, "cert.pem");
    if (pem !== undefined) {
      this.certificates += 1;
      this.certificate(entry, pem);
    } else if (entry.status === DeviceStatus.Active) {
      this.add(
        "certificate-missing",
        entry.id,
        "is not there; bring it back from a copy.",
      );
    }
    this.good += this.findings.count === before ? 1 : 0;
  }

  private certificate(entry: InventoryEntry, pem: string): void {
    const { id } = entry;
    const certificate = readable(pem);
    if (certificate === undefined) {
      this.add(
        "certificate-unreadable",
        id,
        "is no certificate in PEM; bring it back from a copy.",
      );
      return;
    }
    const said = inventoryEntry(id, pem);
    const different = COMPARED.filter(
      (column) => said[column] !== entry[column],
    );
    if (different.length > 0) {
      this.add(
        "certificate-differs",
        id,
        `has another ${different.join(", ")} than ${SMALL_INVENTORY} says; bring back the one of the two that was changed.`,
      );
    }
    if (!certificate.subject.split("\n").includes(`CN=${id}`)) {
      this.add(
        "certificate-differs",
        id,
        "has another common name than its device.",
      );
    }
    if (
      entry.status === DeviceStatus.Active &&
      certificate.validToDate < this.now
    ) {
      this.add(
        "certificate-ended",
        id,
        `ended on ${said.notAfter}; the next update renews it.`,
      );
    }
    this.signature(id, pem, certificate);
    this.key(id, certificate);
  }

  private signature(
    id: string,
    pem: string,
    certificate: X509Certificate,
  ): void {
    const issuers = this.issuersOf(id);
    const issuer = issuers
      .all()
      .find(
        (one) =>
          certificate.checkIssued(one.certificate) &&
          certificate.verify(one.publicKey),
      );
    if (issuer === undefined) {
      this.add(
        "certificate-forged",
        id,
        "was signed by no CA of its chain.pem and of --ca; name its CA's certificate with --ca.",
      );
      return;
    }
    if (issuers.anchorsPem === "") {
      return;
    }
    this.rooted = true;
    if (this.certificates > 1 && !isSampled(id, this.sample)) {
      return;
    }
    this.sampled += 1;
    const { validFromDate, validToDate } = certificate;
    const now = new Date(
      Math.min(Math.max(+this.now, +validFromDate), +validToDate),
    );
    for (const { path, message } of verifyChain(
      pem + issuer.pathPem,
      issuers.anchorsPem,
      now,
      { strict: false },
    )) {
      this.add(
        "chain-refused",
        id,
        `is refused by clients: ${path}: ${message}`,
      );
    }
  }

  private key(id: string, certificate: X509Certificate): void {
    const pem = this.read(id, "key.pem");
    if (pem === undefined) {
      this.handedOver += 1;
      return;
    }
    this.keys += 1;
    let belongs = false;
    try {
      belongs = certificate.checkPrivateKey(readPrivateKey(pem, "key"));
    } catch {
      // Neither readable nor whole: as good as another one.
    }
    if (!belongs) {
      this.add(
        "key-differs",
        id,
        "has a key.pem beside it that is not its key; the device cannot connect with it.",
      );
    }
  }

  /** Devices of a batch share their chain, or two in the middle of a rotation. */
  private issuersOf(id: string): Issuers {
    const chainPem = this.read(id, "chain.pem") ?? "";
    const known = this.issuers.get(chainPem);
    if (known !== undefined) {
      return known;
    }
    const issuers = new Issuers(chainPem + this.caPem, "chain.pem");
    this.issuers.set(chainPem, issuers);
    return issuers;
  }

  private read(id: string, name: string): string | undefined {
    const path = join(this.directory, folderName(id), name);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  }

  private add(code: string, id: string, message: string): void {
    this.findings.add(code, `${folderName(id)}/cert.pem`, message);
  }
}

function readable(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
