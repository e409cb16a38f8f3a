/** One value in DER (X.690): where it stands among the bytes it was read from. */
export interface DerValue {
  readonly tag: number;
  /** Where its tag stands. */
  readonly begin: number;
  /** Where its content begins. */
  readonly start: number;
  /** Where its content ends, and with it the value. */
  readonly end: number;
}

/** Tags (X.690 §8) that certificates of devices are made of. */
export const Tag = {
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  Utf8String: 0x0c,
  PrintableString: 0x13,
  Sequence: 0x30,
  Set: 0x31,
  /** `[0]` around one or more values. */
  Explicit0: 0xa0,
  /** `[3]` around one or more values. */
  Explicit3: 0xa3,
} as const;

/**
 * Reads the value that begins at `at`.
 *
 * @param what for the message: `the subject`
 * @param tag one of {@link Tag} where only that one will do
 * @throws Error where no such value stands there
 */
export function readValue(
  bytes: Uint8Array,
  at: number,
  limit: number,
  what: string,
  tag?: number,
): DerValue {
  const found = bytes[at];
  let length = bytes[at + 1];
  let start = at + 2;
  if (found === undefined || length === undefined || start > limit) {
    throw unexpected(what, "ends too early");
  }
  if (length === 0x80 || length > 0x83) {
    throw unexpected(what, "has a length of an unknown form");
  }
  if (length > 0x80) {
    const octets = length & 0x7f;
    length = 0;
    for (let index = 0; index < octets; index += 1) {
      length = length * 256 + (bytes[start + index] ?? NaN);
    }
    start += octets;
  }
  if (!(start + length <= limit)) {
    throw unexpected(what, "ends too early");
  }
  if (tag !== undefined && found !== tag) {
    throw unexpected(what, `has the tag ${found} in the place of ${tag}`);
  }
  return { tag: found, begin: at, start, end: start + length };
}

/** The values that a constructed value is made of; `tags` where only these will do. */
export function readChildren(
  bytes: Uint8Array,
  parent: DerValue,
  what: string,
  tags?: readonly number[],
): DerValue[] {
  const children: DerValue[] = [];
  let at = parent.start;
  while (at < parent.end) {
    const child = readValue(bytes, at, parent.end, what);
    children.push(child);
    at = child.end;
  }
  if (
    tags !== undefined &&
    (children.length !== tags.length ||
      children.some(({ tag }, index) => tag !== tags[index]))
  ) {
    throw unexpected(what, "is made of other values than a template knows");
  }
  return children;
}

/** The only value in another one. */
export function readOnly(
  bytes: Uint8Array,
  parent: DerValue,
  what: string,
  tag: number,
): DerValue {
  const value = readValue(bytes, parent.start, parent.end, what, tag);
  if (value.end !== parent.end) {
    throw unexpected(what, "is followed by something");
  }
  return value;
}

/** The bytes of a value's content. */
export function contentOf(bytes: Uint8Array, value: DerValue): Buffer {
  return Buffer.from(bytes.subarray(value.start, value.end));
}

/** What to throw where a certificate is not as a template has it. */
export function unexpected(what: string, reason: string): Error {
  return new Error(`no template for this certificate: ${what} ${reason}`);
}
