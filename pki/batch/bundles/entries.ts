import { PemEncoder } from "../fast/pemEncoder";
import { folderName } from "../folderName";
import { BundleFormat } from "./layout";
import { TarArchive } from "./tarArchive";

/** What the entries of a file of a bundle are, one a device. */
export interface EntryKind {
  /** Name of the file in an archive: `cert.pem`. */
  readonly file: string;
  /** Name of the member in a line of NDJSON: `certificate`. */
  readonly member: string;
  /** Of the PEM: `CERTIFICATE`. */
  readonly label: string;
}

/** Entries of a file of a bundle, gathered in memory until the bundle is written; one bundle after the other. */
export interface Entries {
  /** Begins the file of the next bundle. */
  begin(): void;
  /**
   * @param der what stands there as PEM
   * @param attributes further members of the object, as JSON that ends with a comma; archives leave them out
   */
  add(id: string, der: Uint8Array, attributes?: string): void;
  /** All of them. */
  finish(): Promise<Uint8Array>;
  /** Overwrites with zeros what was gathered. */
  wipe(): void;
}

/**
 * @param signedAt Unix seconds; the modification time in an archive, so that equal contents are equal bytes
 * @param expected octets of a whole file, about; more are taken where that is too few
 */
export function newEntries(
  format: string,
  kind: EntryKind,
  signedAt: number,
  expected: number,
): Entries {
  return format === BundleFormat.Tar
    ? new TarEntries(kind, signedAt)
    : new NdjsonEntries(kind, expected);
}

class NdjsonEntries implements Entries {
  private buffer: Buffer;
  private end = 0;
  private readonly pem: PemEncoder;

  constructor(
    private readonly kind: EntryKind,
    expected: number,
  ) {
    this.buffer = Buffer.allocUnsafe(expected);
    this.pem = new PemEncoder(kind.label, "\\n");
  }

  add(id: string, der: Uint8Array, attributes = ""): void {
    // Ids hold nothing that JSON escapes.
    const head = `{"id":"${id}",${attributes}"${this.kind.member}":"`;
    const length = head.length + this.pem.lengthOf(der.length) + TAIL.length;
    if (this.end + length > this.buffer.length) {
      this.grow(length);
    }
    this.end += this.buffer.write(head, this.end, "latin1");
    this.end = this.pem.write(der, this.buffer, this.end);
    this.end += this.buffer.write(TAIL, this.end, "latin1");
  }

  begin(): void {
    this.end = 0;
  }

  finish(): Promise<Uint8Array> {
    return Promise.resolve(this.buffer.subarray(0, this.end));
  }

  wipe(): void {
    this.buffer.fill(0, 0, this.end);
  }

  private grow(length: number): void {
    const larger = Buffer.allocUnsafe(this.buffer.length * 2 + length);
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer.fill(0);
    this.buffer = larger;
  }
}

const TAIL = '"}\n';

class TarEntries implements Entries {
  private readonly archive: TarArchive;
  private readonly pem: PemEncoder;

  constructor(
    private readonly kind: EntryKind,
    signedAt: number,
  ) {
    this.archive = new TarArchive(signedAt);
    this.pem = new PemEncoder(kind.label);
  }

  begin(): void {
    this.archive.begin();
  }

  add(id: string, der: Uint8Array): void {
    const text = Buffer.alloc(this.pem.lengthOf(der.length));
    this.pem.write(der, text, 0);
    this.archive.add(`${folderName(id)}/${this.kind.file}`, text);
  }

  finish(): Promise<Uint8Array> {
    return this.archive.finish();
  }

  wipe(): void {
    this.archive.wipe();
  }
}
