import { inform } from "./engineLog";

const EVERY = 2_000;

/** A line every two seconds while a list is read whose length nobody knows. */
export class ReadingProgress {
  private done = 0;
  private last = performance.now();

  constructor(private readonly urn: string) {}

  /** @param devices how many more were read */
  async advance(devices: number): Promise<void> {
    this.done += devices;
    const at = performance.now();
    if (at - this.last >= EVERY) {
      this.last = at;
      await inform(
        this.urn,
        `${this.done.toLocaleString("en-US")} devices of the list are read`,
      );
    }
  }
}

/** A line every two seconds for work that takes longer: how far, how fast, how long still. */
export class Progress {
  private done = 0;
  private readonly start = performance.now();
  private last = performance.now();

  constructor(
    private readonly urn: string,
    private readonly total: number,
  ) {}

  /** @param devices how many more are done. Default 1. */
  async advance(devices = 1): Promise<void> {
    this.done += devices;
    const at = performance.now();
    if (at - this.last < EVERY || this.done === this.total) {
      return;
    }
    this.last = at;
    const rate = (this.done / (at - this.start)) * 1000;
    const left = Math.ceil((this.total - this.done) / rate);
    await inform(
      this.urn,
      `${this.done.toLocaleString("en-US")} of ${this.total.toLocaleString("en-US")} (${Math.round(rate).toLocaleString("en-US")}/s, ${left} s left)`,
    );
  }
}
