import {
  X509Certificate,
  createPrivateKey,
  hash,
  randomInt,
} from "node:crypto";
import { newEntries } from "../bundles/entries";
import type { Entries } from "../bundles/entries";
import type { BundleOptions } from "../bundles/layout";
import { BundleFormat, BundleKind, Compression } from "../bundles/layout";
import { TarArchive } from "../bundles/tarArchive";
import { writeBundleFile } from "../bundles/write";
import { folderName } from "../folderName";
import type { makeDeviceKeystore } from "../deviceKeystore";
import type { DeviceKeyMaker } from "../fast/deviceKey";
import { deviceKeyMaker } from "../fast/deviceKey";
import { SERIAL_NUMBER_BYTES, newSerialNumbers } from "../fast/serialNumber";
import { CertificateWriter } from "../fast/writer";
import { HASH_LENGTH } from "../inventory/issuedRows";
import { OctetColumn } from "../inventory/octetColumn";
import type { BundleFile } from "../inventory/schema";
import { defaultRenewalPoint } from "../renewalPoint";
import type { IssuanceJob, IssuanceSettings, WrittenBundle } from "./job";

/** One certificate in so many is verified by OpenSSL before its bundle leaves the thread. */
const SAMPLED = 1000;

/** Octets of the certificates of a bundle of 10,000 devices with short names. */
const EXPECTED = 8_000_000;

const CERTIFICATES = {
  file: "cert.pem",
  member: "certificate",
  label: "CERTIFICATE",
};
const KEYS = { file: "key.pem", member: "privateKey", label: "PRIVATE KEY" };

/** PKCS#12 is compressed as little as what is encrypted in it. */
const KEYSTORES: BundleOptions = {
  format: BundleFormat.Tar,
  compression: Compression.None,
};

/**
 * Makes the keys and certificates of a bundle and writes its files. Runs in a
 * worker thread; imports none of the large libraries.
 */
export class BundleWriter {
  private readonly keys: DeviceKeyMaker;
  private readonly issuer: X509Certificate;
  private readonly certificates: Entries;
  private readonly privateKeys: Entries;
  private readonly keystores: TarArchive;

  /** @param makeKeystore for batches with keystores; others need not load what it is made of */
  constructor(
    private readonly settings: IssuanceSettings,
    private readonly makeKeystore?: typeof makeDeviceKeystore,
  ) {
    const { format, signedAt } = settings;
    this.certificates = newEntries(format, CERTIFICATES, signedAt, EXPECTED);
    this.privateKeys = newEntries(format, KEYS, signedAt, EXPECTED / 2);
    this.keystores = new TarArchive(signedAt);
    this.keys = deviceKeyMaker(settings.key);
    this.issuer = new X509Certificate(settings.issuerCertificate);
  }

  async write(job: IssuanceJob): Promise<WrittenBundle> {
    this.certificates.begin();
    this.privateKeys.begin();
    this.keystores.begin();
    try {
      return { ...this.issue(job), files: await this.writeFiles(job) };
    } finally {
      this.privateKeys.wipe();
      this.keystores.wipe();
      this.keys.wipe();
    }
  }

  private issue({
    ids,
    shapes,
    templates,
    texts,
    keptKeys,
    keptKeyEnds,
  }: IssuanceJob): Omit<WrittenBundle, "files"> {
    const { renewalSeconds } = this.settings;
    const kept = new OctetColumn(keptKeys, keptKeyEnds);
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
    const certified = newKeyColumn(
      ids.map(
        (_, index) => templates[shapes[index] ?? 0]?.publicKey.length ?? 0,
      ),
    );
    let keysEnd = 0;
    let keyVerified = false;
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
      const stays = kept.at(index);
      const isNew = stays.length === 0;
      if (isNew) {
        this.keys.next();
        this.privateKeys.add(id, this.keys.privateKey);
      }
      const publicKey = isNew ? this.keys.publicKey : stays;
      certified.publicKeys.set(publicKey, keysEnd);
      keysEnd += publicKey.length;
      certified.publicKeyEnds[index] = keysEnd;
      const der = writer.write(
        texts.get(index) ?? [id],
        publicKey,
        serialNumbers,
        index * SERIAL_NUMBER_BYTES,
      );
      if (isNew) {
        this.addKeystore(id, der);
      }
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
      rows.renewAt[index] =
        renewalSeconds === undefined
          ? defaultRenewalPoint(rows.sha256, place, notBefore, notAfter)
          : notAfter - renewalSeconds;
      if (sampled.has(index)) {
        // Reading a key again takes ten times as long as making it: one of each bundle is.
        this.verify(id, der, isNew && !keyVerified);
        keyVerified ||= isNew;
        sample = Uint8Array.from(der);
      }
    }
    return { rows, sample, ...certified };
  }

  private addKeystore(id: string, der: Uint8Array): void {
    const { keystore } = this.settings;
    if (keystore === undefined || this.makeKeystore === undefined) {
      return;
    }
    const store = this.makeKeystore({
      id,
      privateKey: this.keys.privateKey,
      chain: [der, ...keystore.chain],
      password: keystore.password,
    });
    this.keystores.add(`${folderName(id)}/keystore.p12`, store);
  }

  private async writeFiles(job: IssuanceJob): Promise<BundleFile[]> {
    const { folder, recipients } = this.settings;
    const write = async (
      kind: string,
      entries: Pick<Entries, "finish">,
      sealedFor: readonly string[],
      options: BundleOptions = this.settings,
    ): Promise<BundleFile> =>
      writeBundleFile(
        folder,
        job.number,
        kind,
        await entries.finish(),
        options,
        sealedFor,
      );
    const files = [await write(BundleKind.Certificates, this.certificates, [])];
    if (
      job.keptKeyEnds.some(
        (end, index) => end === (job.keptKeyEnds[index - 1] ?? 0),
      )
    ) {
      files.push(await write(BundleKind.Keys, this.privateKeys, recipients));
      if (this.settings.keystore !== undefined) {
        files.push(
          await write(
            BundleKind.Keystores,
            this.keystores,
            recipients,
            KEYSTORES,
          ),
        );
      }
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
  lengths: readonly number[],
): Pick<WrittenBundle, "publicKeys" | "publicKeyEnds"> {
  return {
    publicKeys: new Uint8Array(
      lengths.reduce((sum, length) => sum + length, 0),
    ),
    publicKeyEnds: new Uint32Array(lengths.length),
  };
}
