import type { KeyObject, X509Certificate } from "node:crypto";
import { createHash, createPrivateKey, sign, verify } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BundleEntry } from "../../pki/batch/bundles/read";
import { readBundle } from "../../pki/batch/bundles/read";
import {
  BUNDLES,
  BundleKind,
  INVENTORY,
  PARTIAL,
} from "../../pki/batch/bundles/layout";
import { readBundleFileName } from "../../pki/batch/bundles/readName";
import { InventoryDatabase } from "../../pki/batch/inventory/database";
import type { Finding } from "../../pki/batch/inventory/finding";
import { Findings } from "../../pki/batch/inventory/finding";
import type { BundleFile, BundleRow } from "../../pki/batch/inventory/schema";
import { InputError, quote } from "../../pki/problem";
import { BundleRecords } from "./bundleRecords";
import { CertificateCheck } from "./certificateCheck";
import type { CheckSettings } from "./certificateCheck";

/** What is checked, the same for all bundles. */
export interface BatchCheckSettings extends CheckSettings {
  /** The output directory of the batch. */
  readonly directory: string;
}

/** What came of one bundle. */
export interface BundleOutcome {
  readonly certificates: number;
  /** Keys that were held against their certificates. */
  readonly keys: number;
  /** Certificates that were verified up to a root, extensions and all. */
  readonly sampled: number;
  /** Files whose size and checksum are right. */
  readonly good: number;
  /** Files of keys and key stores that are there no more. */
  readonly handedOver: number;
  /** Files that only their recipients can open. */
  readonly sealed: number;
  readonly findings: readonly Finding[];
  /** Of some kinds there were more. */
  readonly untold: readonly (readonly [code: string, count: number])[];
}

type Counts = Record<
  Exclude<keyof BundleOutcome, "findings" | "untold">,
  number
>;

/** Checks bundles against the inventory, one at a time. */
export class BundleChecker {
  private readonly inventory: InventoryDatabase;
  private readonly bundles: ReadonlyMap<number, BundleRow>;

  constructor(private readonly settings: BatchCheckSettings) {
    this.inventory = InventoryDatabase.open(
      join(settings.directory, INVENTORY),
      { readOnly: true },
    );
    this.bundles = new Map(
      this.inventory.bundles().map((bundle) => [bundle.number, bundle]),
    );
  }

  close(): void {
    this.inventory.close();
  }

  /** @param progress is told how many certificates are done since the last call */
  async check(
    number: number,
    progress: (certificates: number) => void,
  ): Promise<BundleOutcome> {
    const bundle = this.bundles.get(number);
    const findings = new Findings();
    const counts: Counts = {
      certificates: 0,
      keys: 0,
      sampled: 0,
      good: 0,
      handedOver: 0,
      sealed: 0,
    };
    if (bundle !== undefined) {
      const records = new BundleRecords(this.inventory, bundle);
      const check = new CertificateCheck(
        bundle,
        records,
        this.settings,
        findings,
      );
      // Certificates first: keys are held against them.
      const order = [
        BundleKind.Certificates,
        BundleKind.Keys,
        BundleKind.Keystores,
      ] as const;
      for (const kind of order) {
        for (const file of bundle.files.filter((one) => one.kind === kind)) {
          await this.checkFile(file, counts, findings, (entries) => {
            if (kind === BundleKind.Certificates) {
              check.certificates(entries);
              progress(entries.length);
            } else if (kind === BundleKind.Keys) {
              counts.keys += checkKeys(
                entries,
                check,
                findings,
                `${BUNDLES}/${file.name}`,
              );
            }
          });
        }
        if (kind === BundleKind.Certificates) {
          check.end();
        }
      }
      counts.certificates = check.count;
      counts.sampled = check.sampled;
    }
    return { ...counts, findings: findings.told(), untold: findings.untold() };
  }

  private async checkFile(
    file: BundleFile,
    counts: Counts,
    findings: Findings,
    take: (entries: readonly BundleEntry[]) => void,
  ): Promise<void> {
    const place = `${BUNDLES}/${file.name}`;
    const path = join(this.settings.directory, BUNDLES, file.name);
    const form = readBundleFileName(file.name);
    if (form === undefined) {
      findings.add(
        "file-unknown",
        place,
        "is no name of a bundle's file; bring back inventory.sqlite as the last update left it.",
      );
      return;
    }
    if (!existsSync(path)) {
      reportAbsent(file, path, place, counts, findings);
      return;
    }
    const bytes = statSync(path).size;
    const digest = createHash("sha256");
    try {
      if (form.sealed || file.kind === BundleKind.Keystores) {
        counts.sealed += form.sealed ? 1 : 0;
        for await (const chunk of rawBytes(path)) {
          digest.update(chunk);
        }
      } else {
        const entries = readBundle(path, {
          ...form,
          onBytes: (chunk) => digest.update(chunk),
        });
        for await (const some of entries) {
          take(some);
        }
      }
    } catch (error) {
      if (!(error instanceof InputError)) {
        throw error;
      }
      findings.add(
        "file-damaged",
        place,
        error.problems.map(({ message }) => message).join(" "),
      );
      return;
    }
    const changed =
      bytes !== file.bytes
        ? `has ${bytes} bytes, and was written with ${file.bytes}`
        : digest.digest("hex") !== file.sha256
          ? "has another SHA-256 than it was written with"
          : undefined;
    if (changed === undefined) {
      counts.good += 1;
    } else {
      findings.add(
        "file-changed",
        place,
        `${changed}; bring it back from a copy as it was written.`,
      );
    }
  }
}

function rawBytes(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, {
    highWaterMark: 1 << 20,
  }) as AsyncIterable<Buffer>;
}

/** Keys may be deleted once they are handed over; certificates may not. */
function reportAbsent(
  file: BundleFile,
  path: string,
  place: string,
  counts: Counts,
  findings: Findings,
): void {
  if (existsSync(`${path}${PARTIAL}`)) {
    findings.add(
      "file-unfinished",
      place,
      "still has the name it is written under, since an update was stopped; the next update gives it its own.",
    );
  } else if (file.kind === BundleKind.Certificates) {
    findings.add(
      "file-missing",
      place,
      "is not there, and its devices' certificates stand nowhere else; bring it back from a copy.",
    );
  } else {
    counts.handedOver += 1;
  }
}

function checkKeys(
  entries: readonly BundleEntry[],
  check: CertificateCheck,
  findings: Findings,
  place: string,
): number {
  for (const { id, privateKey = "" } of entries) {
    const certificate = check.certificateOf(id);
    if (certificate === undefined) {
      findings.add(
        "key-unknown",
        place,
        `has a key for ${quote(id)}, which has no certificate in this bundle.`,
      );
    } else if (!belongs(privateKey, certificate, check.isSampled(id))) {
      findings.add(
        "key-differs",
        place,
        `has a key for ${quote(id)} that does not belong to its certificate; the device cannot connect with it. Renew its certificate with a new key.`,
      );
    }
  }
  return entries.length;
}

/**
 * Whether a private key belongs to a certificate.
 *
 * @param tries whether it also has to sign: the public key within a PKCS#8 is only what was written there
 */
function belongs(
  pem: string,
  certificate: X509Certificate,
  tries: boolean,
): boolean {
  try {
    const key = createPrivateKey(pem);
    return (
      certificate.checkPrivateKey(key) && (!tries || signs(key, certificate))
    );
  } catch {
    // Neither readable nor whole: as good as another one. The error's text may quote the key.
    return false;
  }
}

function signs(key: KeyObject, { publicKey, raw }: X509Certificate): boolean {
  const algorithm = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  return verify(algorithm, raw, publicKey, sign(algorithm, raw, key));
}
