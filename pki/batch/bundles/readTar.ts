import { extract } from "tar-stream";
import type { BundleEntry } from "./read";
import { Damage } from "./readDamage";

/** Entries that are handed on together. */
const TOGETHER = 500;

/** No certificate, key or key store comes near this. */
const LARGEST = 1024 * 1024;

/** Blocks of zeros that end an archive. */
const END = 1024;

/**
 * The id a device's folder stands for: what `folderName` wrote, read back.
 *
 * @example
 * ```ts
 * idOfFolder("plant%2F7"); // "plant/7"
 * ```
 */
export function idOfFolder(folder: string): string {
  return folder.replaceAll("%2F", "/").replaceAll("%2E", ".");
}

/** The entries of a tar archive of ours: `<folder>/cert.pem` and the like. */
export async function* readTar(
  source: AsyncIterable<Buffer>,
): AsyncGenerator<readonly BundleEntry[]> {
  const archive = extract();
  const tail: Tail = { zeros: 0, failure: undefined };
  const fed = feed(source, archive, tail);
  let entries: BundleEntry[] = [];
  let count = 0;
  try {
    for await (const entry of archive) {
      count += 1;
      const { name, size } = entry.header;
      if (size > LARGEST) {
        throw new Damage(`entry ${count} is larger than a megabyte`);
      }
      const parts: Buffer[] = [];
      for await (const part of entry as AsyncIterable<Buffer>) {
        parts.push(part);
      }
      entries.push(toEntry(name, Buffer.concat(parts), count));
      if (entries.length === TOGETHER) {
        yield entries;
        entries = [];
      }
    }
  } catch (error) {
    archive.destroy();
    if (tail.failure !== undefined) {
      throw tail.failure.error;
    }
    throw error instanceof Damage ? error : damaged(count);
  }
  await fed;
  if (tail.zeros < END) {
    throw new Damage(
      `it ends after entry ${count}, without the end of an archive`,
    );
  }
  yield entries;
}

interface Tail {
  /** Octets of zero at the end of what was read. */
  zeros: number;
  /** What went wrong below the archive. */
  failure: { readonly error: unknown } | undefined;
}

/** Gives the archive its bytes; an error of theirs ends it, and is the one that counts. */
async function feed(
  source: AsyncIterable<Buffer>,
  archive: ReturnType<typeof extract>,
  tail: Tail,
): Promise<void> {
  try {
    for await (const chunk of source) {
      if (archive.destroyed) {
        return;
      }
      tail.zeros = zerosAtEnd(chunk, tail.zeros);
      if (!archive.write(chunk)) {
        await new Promise<void>((resolve) => {
          const go = (): void => {
            archive.off("drain", go);
            archive.off("close", go);
            resolve();
          };
          archive.on("drain", go);
          archive.on("close", go);
        });
      }
    }
    archive.end(undefined);
  } catch (error) {
    tail.failure = { error };
    archive.destroy(new Damage("its bytes cannot be read"));
  }
}

function zerosAtEnd(chunk: Buffer, before: number): number {
  let zeros = 0;
  while (zeros < END && chunk[chunk.length - 1 - zeros] === 0) {
    zeros += 1;
  }
  return zeros === chunk.length ? before + zeros : zeros;
}

function toEntry(name: string, content: Buffer, count: number): BundleEntry {
  const slash = name.lastIndexOf("/");
  const id = idOfFolder(name.slice(0, Math.max(slash, 0)));
  switch (slash < 1 ? "" : name.slice(slash + 1)) {
    case "cert.pem":
      return { id, certificate: content.toString("latin1") };
    case "key.pem":
      return { id, privateKey: content.toString("latin1") };
    case "keystore.p12":
      return { id, keystore: content };
    default:
      throw new Damage(
        `entry ${count} is no cert.pem, key.pem or keystore.p12 in a device's folder`,
      );
  }
}

function damaged(count: number): Damage {
  return new Damage(`it is no whole tar archive from entry ${count + 1} on`);
}
