import type { IncomingMessage } from "node:http";
import { z } from "zod";
import type { ApiClient } from "./apiClient";

const eventSchema = z.object({
  type: z.enum(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]),
  object: z.looseObject({}),
});

/** A state that an object was in, as the API told those who watch it. */
export type WatchEvent = z.infer<typeof eventSchema>;

/**
 * Everything that becomes of an object from a moment on, in order and without a
 * gap: what the API server shows to a kubelet or a controller that watches it.
 *
 * @example
 * ```ts
 * const watch = await cluster.watch("/api/v1/namespaces/mqtt/secrets", "tb-mqtts");
 * // …
 * const seen = await watch.stop();
 * ```
 */
export class Watch {
  readonly events: WatchEvent[] = [];
  private readonly done: Promise<void>;
  private stopped = false;

  private constructor(private readonly answer: IncomingMessage) {
    this.done = this.read();
    // Whoever stops it hears of its failure.
    this.done.catch(() => undefined);
  }

  static async open(
    client: ApiClient,
    collection: string,
    name: string,
    resourceVersion: string,
  ): Promise<Watch> {
    const query = new URLSearchParams({
      watch: "1",
      resourceVersion,
      fieldSelector: `metadata.name=${name}`,
    });
    const answer = await client.open({
      method: "GET",
      path: `${collection}?${query.toString()}`,
    });
    if (answer.statusCode !== 200) {
      answer.destroy();
      throw new Error(`the watch answers ${answer.statusCode ?? 0}`);
    }
    return new Watch(answer);
  }

  /** Waits until the object has been in a state; fails where the watch ends before. */
  async until(reached: (event: WatchEvent) => boolean): Promise<void> {
    const ended = this.done.then(
      () => true,
      () => true,
    );
    while (!this.events.some(reached)) {
      const moment = new Promise<boolean>((resolve) =>
        setTimeout(resolve, 20, false),
      );
      if (await Promise.race([ended, moment])) {
        throw new Error("the watch has ended before the object got there");
      }
    }
  }

  /** Ends the watch; what it has seen. Fails where the server ended it before. */
  async stop(): Promise<readonly WatchEvent[]> {
    this.stopped = true;
    this.answer.destroy();
    await this.done;
    return this.events;
  }

  private async read(): Promise<void> {
    let rest = "";
    try {
      for await (const part of this.answer.setEncoding("utf8")) {
        const lines = (rest + String(part)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          this.events.push(eventSchema.parse(JSON.parse(line)));
        }
      }
    } catch (error) {
      if (!this.stopped) {
        throw error;
      }
    }
    if (!this.stopped) {
      throw new Error("the server has ended the watch");
    }
  }
}
