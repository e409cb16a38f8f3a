import type {
  handleUnaryCall,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";

/** Measures for how long at least one call was open: the time in which whoever calls may be waiting. */
export class OpenCalls {
  private open = 0;
  private since = 0;
  private past = 0;

  /** Starts over; to be called while nothing is open. */
  reset(): void {
    this.past = 0;
  }

  /** Milliseconds so far. */
  get milliseconds(): number {
    return this.past + (this.open > 0 ? performance.now() - this.since : 0);
  }

  /** The same service of unary calls, with its calls counted. */
  counted(service: UntypedServiceImplementation): UntypedServiceImplementation {
    return Object.fromEntries(
      Object.entries(service).map(([name, handle]) => [
        name,
        this.countedCall(handle as handleUnaryCall<unknown, unknown>),
      ]),
    );
  }

  private countedCall(
    handle: handleUnaryCall<unknown, unknown>,
  ): handleUnaryCall<unknown, unknown> {
    return (call, callback) => {
      this.enter();
      handle(call, (...results) => {
        this.leave();
        callback(...results);
      });
    };
  }

  private enter(): void {
    if (this.open === 0) {
      this.since = performance.now();
    }
    this.open += 1;
  }

  private leave(): void {
    this.open -= 1;
    if (this.open === 0) {
      this.past += performance.now() - this.since;
    }
  }
}
