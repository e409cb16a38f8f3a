import type { Hash } from "node:crypto";
import { basename } from "node:path";
import { Readable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Extract } from "tar-stream";
import { extract } from "tar-stream";
import { InputError, quote } from "../../problem";
import { readBytes, readToEnd, refusal } from "./fileBytes";
import type { RequestFile } from "./requestFiles";
import { MAXIMUM_REQUEST_BYTES, isRequestName, tooLarge } from "./requestFiles";

/** A file of an archive, with its header. */
type Entry =
  ReturnType<Extract[typeof Symbol.asyncIterator]> extends AsyncIterator<
    infer T
  >
    ? T
    : never;

const ARCHIVE = /\.(tar|tar\.gz|tgz)$/i;
const COMPRESSED = /gz$/i;

/** Does this path name an archive of requests, not a folder of them? */
export function isArchive(path: string): boolean {
  return ARCHIVE.test(path);
}

/**
 * The requests of a tar archive in its order, one in memory at a time; all its
 * bytes are put into `hash`.
 *
 * @throws InputError where it cannot be read, is damaged or holds no request
 */
export async function* requestsOfArchive(
  path: string,
  hash: Hash,
): AsyncGenerator<RequestFile> {
  const entries = extract();
  let read = 0;
  const bytes = counted(readBytes(path, "requests", hash), (length) => {
    read += length;
  });
  const failure = new Promise<Error | undefined>((resolve) => {
    const done = (error?: Error | null): void => {
      resolve(error ?? undefined);
    };
    const source = Readable.from(bytes, { objectMode: false });
    if (COMPRESSED.test(path)) {
      pipeline(source, createGunzip(), entries, done);
    } else {
      pipeline(source, entries, done);
    }
  });
  let found = 0;
  try {
    for await (const entry of entries) {
      const file = await readEntry(entry, path);
      if (file !== undefined) {
        found += 1;
        yield file;
      }
    }
  } catch (error) {
    throw unreadable(path, (await failure) ?? error);
  }
  const error = await failure;
  if (error !== undefined) {
    throw unreadable(path, error);
  }
  // What stands behind the archive's end belongs to the file, and to its digest.
  await bytes.return(undefined);
  await readToEnd(readBytes(path, "requests", hash, read));
  if (found === 0) {
    throw refusal(
      "requests",
      `${quote(path)} holds no request; put files that end with .csr, .req, .pem, .p10 or .der into it.`,
    );
  }
}

async function readEntry(
  entry: Entry,
  archive: string,
): Promise<RequestFile | undefined> {
  const { name, type, size } = entry.header;
  if (type === "directory" || !isRequestName(basename(name))) {
    entry.resume();
    return undefined;
  }
  const source = `${archive}:${printable(name)}`;
  if (type !== "file" && type !== "contiguous-file") {
    entry.resume();
    return {
      source,
      content: "is no file; put nothing but requests into this archive.",
    };
  }
  if (size > MAXIMUM_REQUEST_BYTES) {
    entry.resume();
    return {
      source,
      content: tooLarge(size).replace("folder", "archive"),
    };
  }
  const blocks: Buffer[] = [];
  for await (const block of entry as AsyncIterable<Buffer>) {
    blocks.push(block);
  }
  return { source, content: Buffer.concat(blocks) };
}

/** Names come from elsewhere; they must not write to a terminal. */
function printable(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cs}]/gu, "?");
}

function unreadable(path: string, error: unknown): unknown {
  return error instanceof InputError
    ? error
    : refusal(
        path,
        `is no readable archive (${String(error).replace(/^Error: /, "")}); make it anew, such as with tar -czf.`,
      );
}

async function* counted(
  blocks: AsyncIterable<Buffer>,
  count: (length: number) => void,
): AsyncGenerator<Buffer> {
  for await (const block of blocks) {
    count(block.length);
    yield block;
  }
}
