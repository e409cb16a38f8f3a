/**
 * Gives the memory of octets back at once. It is not on the heap, whose size
 * decides when it would be collected: hundreds of megabytes could wait for that.
 *
 * @param octets nobody uses any more, nor anything else of their buffer
 */
export function release(octets: ArrayBufferView): void {
  // A share of Node's pool belongs to others as well.
  if (octets.buffer.byteLength > POOL) {
    (octets.buffer as ArrayBuffer).transfer(0);
  }
}

/** Twice what Node's pool for small buffers has, see `Buffer.poolSize`. */
const POOL = 65_536 * 2;
