import type { Pack } from "tar-stream";
import { pack } from "tar-stream";

/** An archive that is gathered in memory; one after the other. Equal contents are equal bytes. */
export class TarArchive {
  private archive: Pack = pack();
  private chunks: Buffer[] = [];
  private readonly mtime: Date;

  /** @param signedAt Unix seconds; the modification time of every entry */
  constructor(signedAt: number) {
    this.mtime = new Date(signedAt * 1000);
  }

  /** Begins the next archive. */
  begin(): void {
    this.archive = pack();
    this.chunks = [];
    this.archive.on("data", (chunk: unknown) => {
      this.chunks.push(chunk as Buffer);
    });
  }

  /** @param name of the file, with its folder: `thermometer-1/key.pem` */
  add(name: string, bytes: Uint8Array): void {
    this.archive.entry(
      { name, mode: 0o600, mtime: this.mtime },
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
  }

  async finish(): Promise<Uint8Array> {
    const ended = new Promise<void>((resolve, reject) => {
      this.archive.on("end", resolve);
      this.archive.on("error", reject);
    });
    this.archive.finalize();
    await ended;
    return Buffer.concat(this.chunks);
  }

  /** Overwrites with zeros what was gathered. */
  wipe(): void {
    for (const chunk of this.chunks) {
      chunk.fill(0);
    }
  }
}
