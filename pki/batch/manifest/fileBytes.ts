import { isUtf8 } from "node:buffer";
import type { Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { InputError, quote } from "../../problem";

/** One block of a file. Larger ones are no faster to read, and leave twice the memory to be collected. */
const BLOCK_BYTES = 64 * 1024;

/** Refuses one thing at one place. */
export function refusal(path: string, message: string): InputError {
  return new InputError([{ path, message }]);
}

/** The code of a system's error, such as `ENOENT`; empty where it has none. */
export function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error
    ? String(error.code)
    : "";
}

/**
 * The blocks of a file, each of them put into `hash` as well.
 *
 * @param member the argument that names the file, for messages: `manifest`
 * @param start first byte to read
 * @throws InputError where the file is not there or cannot be read
 */
export async function* readBytes(
  path: string,
  member: string,
  hash: Hash,
  start = 0,
): AsyncGenerator<Buffer> {
  try {
    const blocks = createReadStream(path, {
      highWaterMark: BLOCK_BYTES,
      start,
    }) as AsyncIterable<Buffer>;
    for await (const block of blocks) {
      hash.update(block);
      yield block;
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === "" || error instanceof InputError) {
      throw error;
    }
    throw refusal(
      member,
      code === "ENOENT"
        ? `${quote(path)} is not there; name a file relative to the folder of Pulumi.yaml.`
        : `${quote(path)} cannot be read (${code}).`,
    );
  }
}

/** Reads all of something whose reading is what counts, such as for its hash. */
export async function readToEnd(
  items: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<void> {
  const iterator =
    Symbol.asyncIterator in items
      ? items[Symbol.asyncIterator]()
      : items[Symbol.iterator]();
  let { done } = await iterator.next();
  while (done !== true) {
    ({ done } = await iterator.next());
  }
}

/** How files that are no text begin, and what to do with them. */
const OTHER_FORMS: readonly (readonly [readonly number[], string])[] = [
  [[0x1f, 0x8b], "is compressed with gzip; unpack it first (gunzip)."],
  [[0x28, 0xb5, 0x2f, 0xfd], "is compressed with zstd; unpack it first."],
  [[0x42, 0x5a, 0x68], "is compressed with bzip2; unpack it first."],
  [[0xfd, 0x37, 0x7a, 0x58], "is compressed with xz; unpack it first."],
  [
    [0x50, 0x4b, 0x03, 0x04],
    "is a ZIP archive, which spreadsheets are as well; save it as CSV in UTF-8.",
  ],
  [[0xff, 0xfe], "is UTF-16; save it as UTF-8."],
  [[0xfe, 0xff], "is UTF-16; save it as UTF-8."],
];

const BYTE_ORDER_MARK = Buffer.from("\uFEFF");

/**
 * The blocks of a text in UTF-8 without its byte order mark; no block ends
 * within a character.
 *
 * @throws InputError where it is not there, cannot be read or is no UTF-8, then with the line
 */
export async function* readText(
  path: string,
  member: string,
  hash: Hash,
): AsyncGenerator<Buffer> {
  let offset = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const block of readBytes(path, member, hash)) {
    const first = offset === 0 && rest.length === 0;
    let bytes = rest.length === 0 ? block : Buffer.concat([rest, block]);
    if (first) {
      refuseOtherForms(bytes, path);
    }
    const end = wholeCharacters(bytes);
    rest = bytes.subarray(end);
    bytes = bytes.subarray(0, end);
    if (!isUtf8(bytes)) {
      const good = goodBytes(bytes);
      yield bytes.subarray(0, good);
      throw await noUtf8(path, member, offset + good, bytes[good]);
    }
    offset += end;
    yield first && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)
      ? bytes.subarray(3)
      : bytes;
  }
  if (rest.length > 0) {
    throw await noUtf8(path, member, offset, rest[0]);
  }
}

function refuseOtherForms(bytes: Buffer, path: string): void {
  for (const [start, message] of OTHER_FORMS) {
    if (start.every((byte, index) => bytes[index] === byte)) {
      throw refusal(path, message);
    }
  }
  if (bytes.includes(0)) {
    throw refusal(path, "holds NUL bytes and is no text; save it as UTF-8.");
  }
}

/** How many bytes there are up to a last character that is not whole. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? bytes.length - back : bytes.length;
    }
    if (byte < 0x80) {
      break;
    }
  }
  return bytes.length;
}

/** How many bytes are UTF-8 before the first that is not. */
function goodBytes(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const part = bytes.subarray(0, middle);
    if (isUtf8(part.subarray(0, wholeCharacters(part)))) {
      good = middle;
    } else {
      bad = middle;
    }
  }
  return wholeCharacters(bytes.subarray(0, good));
}

async function noUtf8(
  path: string,
  member: string,
  offset: number,
  byte = 0,
): Promise<InputError> {
  let line = 1;
  let left = offset;
  for await (const block of createReadStream(path) as AsyncIterable<Buffer>) {
    for (
      let at = block.indexOf(10);
      at !== -1 && at < left;
      at = block.indexOf(10, at + 1)
    ) {
      line += 1;
    }
    left -= block.length;
    if (left <= 0) {
      break;
    }
  }
  return refusal(
    `${path}:${line}`,
    `is no UTF-8 (byte 0x${byte.toString(16).toUpperCase().padStart(2, "0")}); save the ${member} as UTF-8.`,
  );
}
