/** ConfigMaps of ThingsBoard's and TBMQ's own manifests: writing them would take the broker's configuration away. */
const THINGSBOARD_CONFIG_MAPS = [
  "tb-mqtt-transport-config",
  "tb-http-transport-config",
  "tb-coap-transport-config",
  "tb-lwm2m-transport-config",
  "tb-snmp-transport-config",
  "tb-node-config",
  "tb-node-db-config",
  "tb-kafka-config",
  "tb-cache-config",
  "tb-redis-config",
  "tb-zookeeper-config",
  "tb-js-executor-config",
  "tb-web-ui-config",
  "tb-edqs-config",
  "tb-vc-executor-config",
  "tb-mqtts-config",
  "tbmq-mqtts-config",
  "tbmq-node-mqtts-config",
];

/** Why a ConfigMap cannot be called so. */
export function ownedByThingsBoard(name: string): string | undefined {
  return THINGSBOARD_CONFIG_MAPS.includes(name)
    ? `${JSON.stringify(name)} is a ConfigMap of ThingsBoard's own manifests; choose another name, such as "tb-mqtts-env".`
    : undefined;
}
