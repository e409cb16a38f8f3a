import { required } from "../../../support/rendered";
import type { LiveDevice } from "./device";

const TOPIC = "telemetry";
const PATIENCE = 20_000;
const GIVEN_BACK_AFTER = 100;

/** How many messages there were; what lies between two moments is a difference of two of these. */
export interface MessageCounts {
  readonly published: number;
  /** For which the publisher had the broker's PUBACK. */
  readonly acknowledged: number;
  /** Without duplicates. */
  readonly arrived: number;
  /** Acknowledged, and never arrived. */
  readonly lost: number;
  /** QoS 1 promises at least once, and no more. */
  readonly duplicates: number;
}

interface Publisher {
  readonly device: LiveDevice;
  published: number;
  readonly acknowledged: Set<number>;
  readonly arrived: Set<number>;
}

/** Devices that publish at QoS 1 without end, and one that counts what arrives. */
export class Telemetry {
  private readonly publishers: Readonly<Record<string, Publisher>>;
  private timers: NodeJS.Timeout[] = [];
  private duplicates = 0;

  constructor(
    devices: readonly LiveDevice[],
    private readonly subscriber: LiveDevice,
    private readonly period: number,
  ) {
    this.publishers = Object.fromEntries(
      devices.map((device) => [
        device.id,
        {
          device,
          published: 0,
          acknowledged: new Set<number>(),
          arrived: new Set<number>(),
        },
      ]),
    );
  }

  /** Listens before anybody speaks. */
  async start(): Promise<void> {
    this.subscriber.client.on("message", (topic, payload) => {
      this.arrive(topic.slice(TOPIC.length + 1), Number(payload));
    });
    await this.subscriber.client.subscribeAsync(`${TOPIC}/+`, { qos: 1 });
    this.resume();
  }

  /** Publishes on, where that was paused. */
  resume(): void {
    this.pause();
    this.timers = Object.values(this.publishers).map((publisher) =>
      setInterval(() => {
        publishNext(publisher);
      }, this.period),
    );
  }

  pause(): void {
    this.timers.forEach((timer) => {
      clearInterval(timer);
    });
    this.timers = [];
  }

  /** Lets what is under way arrive, and counts. What has not moved for long is not waited for. */
  async settle(): Promise<MessageCounts> {
    this.pause();
    let counts = this.counts();
    let movedAt = Date.now();
    while (!isComplete(counts) && Date.now() - movedAt < PATIENCE) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const now = this.counts();
      movedAt = sameCounts(now, counts) ? movedAt : Date.now();
      counts = now;
    }
    return counts;
  }

  counts(): MessageCounts {
    const all = Object.values(this.publishers);
    const sum = (count: (publisher: Publisher) => number) =>
      all.reduce((total, publisher) => total + count(publisher), 0);
    return {
      published: sum(({ published }) => published),
      acknowledged: sum(({ acknowledged }) => acknowledged.size),
      arrived: sum(({ arrived }) => arrived.size),
      lost: sum(
        ({ acknowledged, arrived }) =>
          [...acknowledged].filter((sequence) => !arrived.has(sequence)).length,
      ),
      duplicates: this.duplicates,
    };
  }

  private arrive(id: string, sequence: number): void {
    const { arrived } = required(this.publishers, id);
    this.duplicates += arrived.has(sequence) ? 1 : 0;
    arrived.add(sequence);
  }
}

function publishNext(publisher: Publisher): void {
  publisher.published += 1;
  publish(publisher, publisher.published);
}

function publish(publisher: Publisher, sequence: number): void {
  publisher.device.client.publish(
    `${TOPIC}/${publisher.device.id}`,
    String(sequence),
    { qos: 1 },
    (error) => {
      if (error == null) {
        publisher.acknowledged.add(sequence);
      } else if (!publisher.device.client.disconnecting) {
        // Cut off while it sends again what it holds, the client gives back what came meanwhile.
        setTimeout(() => {
          publish(publisher, sequence);
        }, GIVEN_BACK_AFTER);
      }
    },
  );
}

function isComplete(counts: MessageCounts): boolean {
  return (
    counts.acknowledged === counts.published &&
    counts.arrived === counts.published
  );
}

function sameCounts(one: MessageCounts, other: MessageCounts): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
