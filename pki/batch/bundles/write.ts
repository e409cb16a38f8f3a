import { hash } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { BundleFile } from "../inventory/schema";
import { seal } from "../seal";
import { release } from "./release";
import type { BundleOptions } from "./layout";
import { Compression, PARTIAL, bundleFileName } from "./layout";

/**
 * Writes a file of a bundle as `.partial`, 0600, and makes sure that it is on
 * the disk. Whoever records it in the inventory gives it its name afterwards.
 *
 * @param recipients age recipients; empty writes it as it is
 * @returns what is to be recorded of it
 */
export async function writeBundleFile(
  folder: string,
  number: number,
  kind: string,
  plain: Uint8Array,
  options: BundleOptions,
  recipients: readonly string[],
): Promise<BundleFile> {
  const compressed = compress(plain, options.compression);
  const sealed = recipients.length > 0;
  const body = sealed ? await seal(compressed, recipients) : compressed;
  const name = bundleFileName(number, kind, options, sealed);
  writeWhole(join(folder, `${name}${PARTIAL}`), body);
  const written = {
    kind,
    name,
    bytes: body.length,
    sha256: hash("sha256", body),
  };
  for (const octets of [compressed, body]) {
    if (octets !== plain) {
      release(octets);
    }
  }
  return written;
}

/** zlib takes no less. */
const SMALLEST_CHUNK = 1 << 16;

function compress(plain: Uint8Array, compression: string): Uint8Array {
  switch (compression) {
    case Compression.Zstd:
      // Base64 of random octets: level 1 finds all that there is to find.
      return zstdCompressSync(plain, {
        // In one piece, which can be given back at once.
        chunkSize: Math.max(plain.length, SMALLEST_CHUNK),
        params: { [constants.ZSTD_c_compressionLevel]: 1 },
      });
    case Compression.Gzip:
      return gzipSync(plain, { level: 1 });
    default:
      return plain;
  }
}

function writeWhole(path: string, body: Uint8Array): void {
  const file = openSync(path, "w", 0o600);
  try {
    for (let at = 0; at < body.length;) {
      at += writeSync(file, body, at);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
