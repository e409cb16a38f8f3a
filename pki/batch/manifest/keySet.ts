import { hash } from "node:crypto";

const EMPTY = 0n;
const INITIAL = 1_024;

/**
 * Public keys that were seen, by the first 8 bytes of their SHA-256: 12 bytes
 * of memory for each of up to twice as many places. Two different keys are
 * taken for one with a probability of 3·10⁻⁸ among a million.
 *
 * @example
 * ```ts
 * const keys = new KeySet();
 * keys.add(publicKey); // undefined
 * keys.add(publicKey); // 0, the place of the first
 * ```
 */
export class KeySet {
  private size = 0;
  private marks = new BigUint64Array(INITIAL);
  private places = new Uint32Array(INITIAL);

  /**
   * Puts a key in.
   *
   * @param publicKey DER of the SubjectPublicKeyInfo
   * @returns how many keys were put in before the same one; `undefined` where it is new
   */
  add(publicKey: Uint8Array): number | undefined {
    if (this.size * 2 >= this.marks.length) {
      this.grow();
    }
    const mark = markOf(publicKey);
    const slot = this.slotOf(mark);
    if (this.marks[slot] === mark) {
      return this.places[slot];
    }
    this.marks[slot] = mark;
    this.places[slot] = this.size;
    this.size += 1;
    return undefined;
  }

  /** Where this mark stands, or is to stand. */
  private slotOf(mark: bigint): number {
    const mask = this.marks.length - 1;
    let slot = Number(mark & 0xffffffffn) & mask;
    while (this.marks[slot] !== EMPTY && this.marks[slot] !== mark) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private grow(): void {
    const { marks, places } = this;
    this.marks = new BigUint64Array(marks.length * 2);
    this.places = new Uint32Array(places.length * 2);
    for (const [index, mark] of marks.entries()) {
      if (mark !== EMPTY) {
        const slot = this.slotOf(mark);
        this.marks[slot] = mark;
        this.places[slot] = places[index] ?? 0;
      }
    }
  }
}

function markOf(publicKey: Uint8Array): bigint {
  const mark = hash("sha256", publicKey, "buffer").readBigUInt64LE();
  return mark === EMPTY ? 1n : mark;
}
