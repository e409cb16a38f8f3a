import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import type { Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { InputError } from "../../problem";
import type { BundleOptions } from "./layout";
import { BundleFormat, Compression } from "./layout";
import { Damage } from "./readDamage";
import { readTar } from "./readTar";

/** What a file of a bundle holds of one device. */
export interface BundleEntry {
  readonly id: string;
  /** PEM; in files of certificates. */
  readonly certificate?: string;
  /** Hex; in NDJSON files of certificates. */
  readonly serialNumber?: string;
  /** PKCS#8 in PEM; in files of keys. */
  readonly privateKey?: string;
  /** PKCS#12; in files of key stores. */
  readonly keystore?: Uint8Array;
}

/** How a file of a bundle is read. */
export interface ReadOptions extends BundleOptions {
  /** Is given the file's own bytes as they are read, to hash them on the way. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

const CHUNK = 256 * 1024;

/** An entry is a certificate or a key; no line of ours comes near this. */
const LONGEST_LINE = 1024 * 1024;

/**
 * The entries of one file of a bundle, in their order, some hundred at a time;
 * never more than those in memory. Files that are sealed with age are not
 * opened: that takes an identity, which belongs to whoever they were sealed for.
 *
 * @param options what the file's name says, see `readBundleFileName`
 * @throws InputError naming `path` where the file is missing, sealed, cut off or damaged; what was read before stands
 *
 * @example
 * ```ts
 * for await (const entries of readBundle("bundles/000001-certificates.ndjson.zst", { format: "ndjson", compression: "zstd" })) {
 *   for (const { id, certificate } of entries) { … }
 * }
 * ```
 */
export async function* readBundle(
  path: string,
  options: ReadOptions,
): AsyncGenerator<readonly BundleEntry[]> {
  if (path.endsWith(".age")) {
    throw refusal(
      path,
      "is sealed; whoever holds an identity of its recipients opens it with `age --decrypt --identity FILE`.",
    );
  }
  try {
    const bytes = decompressed(path, options);
    yield* options.format === BundleFormat.Tar
      ? readTar(bytes)
      : readLines(bytes);
  } catch (error) {
    throw refusal(path, reason(error, options.compression));
  }
}

function decompressed(
  path: string,
  { compression, onBytes }: ReadOptions,
): AsyncIterable<Buffer> {
  const source = readFile(path, onBytes);
  const decompressor = decompressorOf(compression);
  if (decompressor === undefined) {
    return source;
  }
  // What goes wrong comes out of the stream that is read.
  return pipeline(source, decompressor, () => undefined);
}

async function* readFile(
  path: string,
  onBytes: ReadOptions["onBytes"],
): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: CHUNK });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    onBytes?.(chunk);
    yield chunk;
  }
}

function decompressorOf(compression: string): Transform | undefined {
  switch (compression) {
    case Compression.Gzip:
      return createGunzip({ chunkSize: CHUNK });
    case Compression.Zstd:
      return createZstdDecompress({ chunkSize: CHUNK });
    default:
      return undefined;
  }
}

async function* readLines(
  source: AsyncIterable<Buffer>,
): AsyncGenerator<readonly BundleEntry[]> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of source) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(10);
    rest = bytes.subarray(end + 1);
    if (rest.length > LONGEST_LINE) {
      throw new Damage(`line ${line + 1} has no end within a megabyte`);
    }
    if (end < 0) {
      continue;
    }
    const entries: BundleEntry[] = [];
    for (const text of bytes.toString("utf8", 0, end).split("\n")) {
      line += 1;
      entries.push(readLine(text, line));
    }
    yield entries;
  }
  if (rest.length > 0) {
    throw new Damage(`line ${line + 1} ends in its middle`);
  }
}

function readLine(text: string, line: number): BundleEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the line, which may be a key.
    throw new Damage(`line ${line} is no JSON`);
  }
  if (!isEntry(value)) {
    throw new Damage(
      `line ${line} is no entry with "id" and "certificate" or "privateKey"`,
    );
  }
  return value;
}

function isEntry(value: unknown): value is BundleEntry {
  if (typeof value !== "object" || value === null || !("id" in value)) {
    return false;
  }
  const { id, certificate, serialNumber, privateKey } = value as Record<
    string,
    unknown
  >;
  return (
    typeof id === "string" &&
    (serialNumber === undefined || typeof serialNumber === "string") &&
    (typeof certificate === "string"
      ? privateKey === undefined
      : certificate === undefined && typeof privateKey === "string")
  );
}

function refusal(path: string, message: string): InputError {
  return new InputError([{ path, message }]);
}

function reason(error: unknown, compression: string): string {
  const again = "bring it back from a copy as it was written.";
  if (error instanceof Damage) {
    return `is damaged: ${error.message}; ${again}`;
  }
  const code =
    typeof error === "object" && error !== null && "code" in error
      ? String(error.code)
      : "";
  if (code === "ENOENT") {
    return `is not there; ${again}`;
  }
  if (code === "EACCES" || code === "EPERM" || code === "EISDIR") {
    return `cannot be read (${code}); give this user the right to read it.`;
  }
  // Those of decompressors: their messages hold nothing of the contents.
  if (/^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(code)) {
    return code === "Z_BUF_ERROR"
      ? `is cut off: the ${compression} data end in their middle; ${again}`
      : `is damaged: it is no whole ${compression} data (${code}); ${again}`;
  }
  throw error;
}
