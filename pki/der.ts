import { isUtf8 } from "node:buffer";

/** More than a reader without a stack of its own survives is no certificate, request or extension. */
const MAXIMUM_DEPTH = 64;

/**
 * Whether these bytes are one value in DER and nothing else. Readers of BER
 * take more than one form for the same value, and bytes after its end; what is
 * to be signed or passed on must read the same to all. Looked at are lengths,
 * tags, and the universal types that have more than one form in BER; not the
 * order of a SET, nor the absence of defaults.
 *
 * @see X.690 §10, §11
 */
export function isDer(bytes: Uint8Array): boolean {
  return endOfValue(bytes, 0, bytes.length, 0) === bytes.length;
}

/** Where the value that begins here ends; `undefined` where it is none in DER. */
function endOfValue(
  bytes: Uint8Array,
  at: number,
  limit: number,
  depth: number,
): number | undefined {
  const first = bytes[at];
  if (first === undefined || at >= limit || depth > MAXIMUM_DEPTH) {
    return undefined;
  }
  const content = readLength(bytes, endOfTag(bytes, at));
  if (content === undefined || content.end > limit) {
    return undefined;
  }
  const isConstructed = (first & 0x20) !== 0;
  const universal = (first & 0xc0) === 0 ? first & 0x1f : undefined;
  if (universal !== undefined && !hasForm(universal, isConstructed)) {
    return undefined;
  }
  if (!isConstructed) {
    const value = bytes.subarray(content.start, content.end);
    return isCanonical(universal, value) ? content.end : undefined;
  }
  let next = content.start;
  while (next < content.end) {
    const end = endOfValue(bytes, next, content.end, depth + 1);
    if (end === undefined) {
      return undefined;
    }
    next = end;
  }
  return content.end;
}

/** Where a tag ends; tags from 31 on have octets of their own, the fewest that hold them. */
function endOfTag(bytes: Uint8Array, at: number): number | undefined {
  if (((bytes[at] ?? 0) & 0x1f) !== 0x1f) {
    return at + 1;
  }
  const [high, low] = [bytes[at + 1] ?? 0x80, bytes[at + 2] ?? 0x80];
  if (high < 0x80) {
    return high < 31 ? undefined : at + 2;
  }
  return high === 0x80 || low >= 0x80 ? undefined : at + 3;
}

function readLength(
  bytes: Uint8Array,
  at: number | undefined,
): { readonly start: number; readonly end: number } | undefined {
  const first = at === undefined ? undefined : bytes[at];
  if (at === undefined || first === undefined) {
    return undefined;
  }
  if (first < 0x80) {
    return { start: at + 1, end: at + 1 + first };
  }
  const start = at + 1 + (first & 0x7f);
  const octets = bytes.subarray(at + 1, start);
  const length = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const isShortest = length >= 0x80 && octets[0] !== 0;
  // Four octets count to 4 GiB; 0x80 alone begins a value of unknown length.
  return octets.length > 4 || !isShortest
    ? undefined
    : { start, end: start + length };
}

const SEQUENCE = 16;
const SET = 17;

/** SEQUENCE and SET hold values, all other universal types hold octets. */
function hasForm(universal: number, isConstructed: boolean): boolean {
  const holdsValues = universal === SEQUENCE || universal === SET;
  // 0 marks the end of a value of unknown length, 8 and 11 are made of others.
  return (
    universal !== 0 &&
    isConstructed === (holdsValues || universal === 8 || universal === 11)
  );
}

/** Whether an octet string is the only form of what it says. */
function isCanonical(
  universal: number | undefined,
  value: Uint8Array,
): boolean {
  const [first = 0, second = 0] = value;
  switch (universal) {
    case 1: // BOOLEAN
      return value.length === 1 && (first === 0 || first === 0xff);
    case 2: // INTEGER
    case 10: // ENUMERATED
      return (
        value.length === 1 ||
        (value.length > 1 &&
          !(first === 0 && second < 0x80) &&
          !(first === 0xff && second >= 0x80))
      );
    case 3: // BIT STRING
      return isBitString(value);
    case 5: // NULL
      return value.length === 0;
    case 6: // OBJECT IDENTIFIER
      return isObjectIdentifier(value);
    case 12: // UTF8String
      return isUtf8(value);
    default:
      return true;
  }
}

/** The first octet counts the bits of the last one that are unused, and those are 0. */
function isBitString(value: Uint8Array): boolean {
  const [unused = 8] = value;
  const last = value.at(-1) ?? 0;
  return value.length === 1
    ? unused === 0
    : unused <= 7 && (last & ((1 << unused) - 1)) === 0;
}

function isObjectIdentifier(value: Uint8Array): boolean {
  return (
    value.length > 0 &&
    (value.at(-1) ?? 0x80) < 0x80 &&
    value.every(
      (octet, at) => octet !== 0x80 || (at > 0 && (value[at - 1] ?? 0) >= 0x80),
    )
  );
}
