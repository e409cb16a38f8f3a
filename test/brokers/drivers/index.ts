import type { BrokerDriver } from "../driver";
import { artemisDriver } from "./artemis";
import { emqxDriver, vernemqDriver } from "./erlang";
import { hivemqDriver } from "./hivemq";
import {
  mosquittoBySubjectDriver,
  mosquittoDriver,
  mosquittoWithoutListsDriver,
} from "./mosquitto";
import { natsDriver } from "./nats";
import { rabbitmqDriver, rabbitmqWithoutListsDriver } from "./rabbitmq";

/** Brokers of the table, in its order. */
export const DRIVERS: readonly BrokerDriver[] = [
  mosquittoDriver,
  mosquittoWithoutListsDriver,
  mosquittoBySubjectDriver,
  natsDriver,
  rabbitmqDriver,
  rabbitmqWithoutListsDriver,
  hivemqDriver,
  artemisDriver,
  emqxDriver,
  vernemqDriver,
];
