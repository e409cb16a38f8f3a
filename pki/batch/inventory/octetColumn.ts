/** Octet strings of any length, one after the other: ten thousand views of one buffer would take longer to make than to use. */
export class OctetColumn {
  /**
   * @param bytes all of them
   * @param ends where each ends in `bytes`
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly ends: Uint32Array,
  ) {}

  static of(parts: readonly Uint8Array[]): OctetColumn {
    const ends = new Uint32Array(parts.length);
    let end = 0;
    for (const [index, { length }] of parts.entries()) {
      end += length;
      ends[index] = end;
    }
    return new OctetColumn(Buffer.concat(parts), ends);
  }

  /** One of them, empty where there is none. */
  at(index: number): Uint8Array {
    return this.bytes.subarray(
      this.ends[index - 1] ?? 0,
      this.ends[index] ?? 0,
    );
  }

  /** How many octets each has; `undefined` where they differ. */
  get length(): number | undefined {
    const [first = 0] = this.ends;
    for (let index = 1; index < this.ends.length; index += 1) {
      if (this.ends[index] !== first * (index + 1)) {
        return undefined;
      }
    }
    return first;
  }
}
