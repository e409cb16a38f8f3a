/** A value of BER, and what is in it: for formats of which few members matter. */
export interface Der {
  /** The first octet: class, form and number; none here has a number above 30. */
  readonly tag: number;
  /** Of a SEQUENCE, a SET, or a context-specific tag around values. */
  readonly children: readonly Der[];
  /** The content, for an OCTET STRING in pieces put together. */
  readonly octets: Buffer;
  /** Of an INTEGER of four octets at most. */
  readonly integer: number;
  /** Of an OBJECT IDENTIFIER or a BMPString. */
  readonly text: string;
}

const CONSTRUCTED = 0x20;
const INTEGER = 0x02;
const OBJECT_IDENTIFIER = 0x06;
const BMP_STRING = 0x1e;
const END_OF_CONTENTS = 0;
/** More is no key store. */
const MAXIMUM_DEPTH = 32;

/**
 * Reads one value of BER, and what stands in it (X.690 §8).
 *
 * @throws RangeError where there is none, or where it is longer than the bytes are
 */
export function readDer(bytes: Uint8Array): Der {
  return valueAt(Buffer.from(bytes), 0, 0).value;
}

interface Found {
  readonly value: Der;
  readonly end: number;
}

function valueAt(bytes: Buffer, at: number, depth: number): Found {
  const tag = bytes.readUInt8(at);
  if ((tag & 0x1f) === 0x1f || depth > MAXIMUM_DEPTH) {
    throw new RangeError("no value");
  }
  const first = bytes.readUInt8(at + 1);
  if (first === 0x80) {
    return unlimited(bytes, tag, at + 2, depth);
  }
  const more = first & 0x80 ? first & 0x7f : 0;
  const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
  const start = at + 2 + more;
  const end = start + length;
  if (end > bytes.length) {
    throw new RangeError("too short");
  }
  const content = bytes.subarray(start, end);
  const children: Der[] = [];
  if ((tag & CONSTRUCTED) !== 0) {
    for (let next = 0; next < content.length;) {
      const found = valueAt(content, next, depth + 1);
      children.push(found.value);
      next = found.end;
    }
  }
  return { value: valueOf(tag, content, children), end };
}

/** Of a length that is not told: to the marker at its end. */
function unlimited(
  bytes: Buffer,
  tag: number,
  start: number,
  depth: number,
): Found {
  const children: Der[] = [];
  for (let at = start; ;) {
    const { value, end } = valueAt(bytes, at, depth + 1);
    if (value.tag === END_OF_CONTENTS) {
      return { value: valueOf(tag, bytes.subarray(start, at), children), end };
    }
    children.push(value);
    at = end;
  }
}

function valueOf(tag: number, content: Buffer, children: readonly Der[]): Der {
  return {
    tag,
    children,
    octets:
      (tag & CONSTRUCTED) === 0
        ? content
        : Buffer.concat(children.map(({ octets }) => octets)),
    integer:
      tag === INTEGER && content.length > 0 && content.length <= 4
        ? content.readIntBE(0, content.length)
        : 0,
    text:
      tag === OBJECT_IDENTIFIER
        ? identifier(content)
        : tag === BMP_STRING
          ? Buffer.from(content.subarray(0, content.length & ~1))
              .swap16()
              .toString("utf16le")
          : "",
  };
}

/** X.690 §8.19 */
function identifier(content: Buffer): string {
  const arcs = [0];
  for (const octet of content) {
    arcs.push((arcs.pop() ?? 0) * 128 + (octet & 0x7f));
    if (octet < 0x80) {
      arcs.push(0);
    }
  }
  const [joined = 0, ...rest] = arcs.slice(0, -1);
  const top = Math.min(2, Math.floor(joined / 40));
  return [top, joined - 40 * top, ...rest].join(".");
}
