import {
  X509Certificate,
  createPrivateKey,
  hash,
  randomInt,
} from "node:crypto";
import { newEntries } from "../bundles/entries";
import type { Entries } from "../bundles/entries";
import { BundleKind } from "../bundles/layout";
import { writeBundleFile } from "../bundles/write";
import type { DeviceKeyMaker } from "../fast/deviceKey";
import { deviceKeyMaker } from "../fast/deviceKey";
import { SERIAL_NUMBER_BYTES, newSerialNumbers } from "../fast/serialNumber";
import { CertificateWriter } from "../fast/writer";
import { HASH_LENGTH } from "../inventory/issuedRows";
import type { BundleFile } from "../inventory/schema";
import { defaultRenewalPoint } from "../renewalPoint";
import type { IssuanceJob, IssuanceSettings, WrittenBundle } from "./job";

/** One certificate in so many is verified by OpenSSL, with its key, before its bundle leaves the thread. */
const SAMPLED = 1000;

/** Octets of the certificates of a bundle of 10,000 devices with short names. */
const EXPECTED = 8_000_000;

const CERTIFICATES = {
  file: "cert.pem",
  member: "certificate",
  label: "CERTIFICATE",
};
const KEYS = { file: "key.pem", member: "privateKey", label: "PRIVATE KEY" };

/**
 * Makes the keys and certificates of a bundle and writes its files. Runs in a
 * worker thread; imports none of the large libraries.
 */
export class BundleWriter {
  private readonly keys: DeviceKeyMaker;
  private readonly issuer: X509Certificate;
  private readonly certificates: Entries;
  private readonly privateKeys: Entries;

  constructor(private readonly settings: IssuanceSettings) {
    const { format, signedAt } = settings;
    this.certificates = newEntries(format, CERTIFICATES, signedAt, EXPECTED);
    this.privateKeys = newEntries(format, KEYS, signedAt, EXPECTED / 2);
    this.keys = deviceKeyMaker(settings.key);
    this.issuer = new X509Certificate(settings.issuerCertificate);
  }

  async write(job: IssuanceJob): Promise<WrittenBundle> {
    this.certificates.begin();
    this.privateKeys.begin();
    try {
      return { ...this.issue(job), files: await this.writeFiles(job) };
    } finally {
      this.privateKeys.wipe();
      this.keys.wipe();
    }
  }

  private issue({
    ids,
    shapes,
    templates,
    texts,
    publicKeys,
  }: IssuanceJob): Omit<WrittenBundle, "files"> {
    const count = ids.length;
    const writers = templates.map(
      (template) => new CertificateWriter(template, this.settings.signingKey),
    );
    const serialNumbers = newSerialNumbers(count);
    const rows = {
      serialNumbers,
      notBefore: new Float64Array(count),
      notAfter: new Float64Array(count),
      renewAt: new Float64Array(count),
      sha256: Buffer.alloc(count * HASH_LENGTH),
      credentialsIds: Buffer.alloc(count * HASH_LENGTH),
    };
    const certified = newKeyColumn(publicKeys, this.keys, count);
    let keysEnd = 0;
    const sampled = new Set([0]);
    for (let index = randomInt(SAMPLED); index < count; index += SAMPLED) {
      sampled.add(index);
    }
    let sample = new Uint8Array(0);
    for (let index = 0; index < count; index += 1) {
      const id = ids[index] ?? "";
      const shape = shapes[index] ?? 0;
      const [writer, template] = [writers[shape], templates[shape]];
      if (writer === undefined || template === undefined) {
        throw new Error("a device has no template");
      }
      const kept = publicKeys[index];
      if (kept === undefined) {
        this.keys.next();
        this.privateKeys.add(id, this.keys.privateKey);
      }
      const publicKey = kept ?? this.keys.publicKey;
      certified.publicKeys.set(publicKey, keysEnd);
      keysEnd += publicKey.length;
      certified.publicKeyEnds[index] = keysEnd;
      const der = writer.write(
        texts[index] ?? [id],
        publicKey,
        serialNumbers,
        index * SERIAL_NUMBER_BYTES,
      );
      const at = index * SERIAL_NUMBER_BYTES;
      this.certificates.add(
        id,
        der,
        `"serialNumber":"${serialNumbers.toString("hex", at, at + SERIAL_NUMBER_BYTES)}",`,
      );
      // As texts of one character an octet: with buffers these calls take longer than the hash itself.
      const place = index * HASH_LENGTH;
      rows.sha256.write(hash("sha256", der, "binary"), place, "latin1");
      rows.credentialsIds.write(
        hash("sha3-256", der.toString("base64"), "binary"),
        place,
        "latin1",
      );
      const { notBefore, notAfter } = template;
      rows.notBefore[index] = notBefore;
      rows.notAfter[index] = notAfter;
      rows.renewAt[index] = defaultRenewalPoint(
        rows.sha256,
        place,
        notBefore,
        notAfter,
      );
      if (sampled.has(index)) {
        this.verify(id, der, kept === undefined);
        sample = Uint8Array.from(der);
      }
    }
    return { rows, sample, ...certified };
  }

  private async writeFiles(job: IssuanceJob): Promise<BundleFile[]> {
    const { folder, recipients } = this.settings;
    const write = async (
      kind: string,
      entries: Entries,
      sealedFor: readonly string[],
    ): Promise<BundleFile> =>
      writeBundleFile(
        folder,
        job.number,
        kind,
        await entries.finish(),
        this.settings,
        sealedFor,
      );
    const files = [await write(BundleKind.Certificates, this.certificates, [])];
    if (job.publicKeys.some((key) => key === undefined)) {
      files.push(await write(BundleKind.Keys, this.privateKeys, recipients));
    }
    return files;
  }

  /** OpenSSL's opinion: the issuer signed it, it names the issuer, and the key is its own (I12). */
  private verify(id: string, der: Buffer, hasKey: boolean): void {
    const certificate = new X509Certificate(der);
    const isRight =
      certificate.verify(this.issuer.publicKey) &&
      certificate.checkIssued(this.issuer) &&
      (!hasKey ||
        certificate.checkPrivateKey(
          createPrivateKey({
            key: this.keys.privateKey,
            format: "der",
            type: "pkcs8",
          }),
        ));
    if (!isRight) {
      throw new Error(
        `The certificate of ${id} is not as its issuer would have it; please report this.`,
      );
    }
  }
}

/** Room for all public keys of a bundle, one after the other. */
function newKeyColumn(
  kept: readonly (Uint8Array | undefined)[],
  keys: DeviceKeyMaker,
  count: number,
): Pick<WrittenBundle, "publicKeys" | "publicKeyEnds"> {
  if (kept.some((key) => key === undefined)) {
    keys.next();
  }
  const own = keys.publicKey.length;
  let octets = 0;
  for (let index = 0; index < count; index += 1) {
    octets += kept[index]?.length ?? own;
  }
  return {
    publicKeys: new Uint8Array(octets),
    publicKeyEnds: new Uint32Array(count),
  };
}
