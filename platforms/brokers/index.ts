import { artemis } from "./artemis";
import type { BrokerGenerator } from "./broker";
import { emqx } from "./emqx";
import { hivemq } from "./hivemq";
import { mosquitto } from "./mosquitto";
import { nats } from "./nats";
import { rabbitmq } from "./rabbitmq";
import { vernemq } from "./vernemq";

export * from "./broker";
export * from "./settings";

/** What makes configuration, by kind of broker. */
export const BROKER_GENERATORS: Readonly<Record<string, BrokerGenerator>> =
  Object.fromEntries(
    [mosquitto, nats, rabbitmq, hivemq, artemis, emqx, vernemq].map(
      (generator) => [generator.kind, generator],
    ),
  );
