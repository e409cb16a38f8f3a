/** What devices connect to. */
export const DevicePlatform = {
  /** ThingsBoard, ThingsBoard Edge and TBMQ's integration of them. */
  ThingsBoard: "thingsboard",
  /** Cumulocity: Core MQTT on port 8883, MQTT Service on port 9883. */
  Cumulocity: "cumulocity",
  /** Any other broker. */
  Broker: "broker",
} as const;

/** Cumulocity's ports for devices with certificates. */
export const CumulocityPort = { Core: 8883, Service: 9883 } as const;

/** What a platform wants of a device, where nothing else is said. `{id}` stands for the device's id. */
export interface PlatformDefaults {
  readonly topic: string;
  readonly payload: string;
  readonly clientId: string;
  /** Version of MQTT for `mosquitto_pub -V`. */
  readonly mqttVersion: string;
}

const THINGSBOARD: PlatformDefaults = {
  // ThingsBoard's guide "MQTT device API": telemetry upload.
  topic: "v1/devices/me/telemetry",
  payload: '{"temperature":25}',
  clientId: "{id}",
  mqttVersion: "mqttv311",
};

const CORE: PlatformDefaults = {
  // SmartREST 2.0, static template 211: a measurement of temperature.
  topic: "s/us",
  payload: "211,25",
  // Connection type, then the common name; "d" is a device.
  clientId: "d:{id}",
  mqttVersion: "mqttv311",
};

const SERVICE: PlatformDefaults = {
  topic: "devices/{id}/telemetry",
  payload: '{"temperature":25}',
  // Here the common name has to be the client id, with nothing before it.
  clientId: "{id}",
  mqttVersion: "mqttv311",
};

const BROKER: PlatformDefaults = {
  ...SERVICE,
  topic: "devices/{id}/telemetry",
};

/** The defaults of a platform; of Cumulocity, those of the port. */
export function defaultsOf(platform: string, port: number): PlatformDefaults {
  switch (platform) {
    case DevicePlatform.ThingsBoard:
      return THINGSBOARD;
    case DevicePlatform.Cumulocity:
      return port === CumulocityPort.Service ? SERVICE : CORE;
    default:
      return BROKER;
  }
}

/** What a device has to know that no option says, a sentence each. */
export function remarksOn(platform: string, port: number): readonly string[] {
  switch (platform) {
    case DevicePlatform.ThingsBoard:
      return [
        "ThingsBoard accepts every TLS handshake and answers an unknown certificate with CONNACK 5: only a CONNECT that succeeds proves anything.",
        "Send the chain, not the certificate alone: a device that is not known yet is recognized by the CA above it.",
        "A Java client sends no certificate by itself, since ThingsBoard names no CA of the devices in its request for one: give it a key manager that always answers with its only key.",
      ];
    case DevicePlatform.Cumulocity:
      return [
        "The tenant is found by the certificate: no tenant id and no user stand before the client id.",
        "The chain has to reach the CA that was uploaded, that one included: where it is the root, issue the batch with `includeRoot: true`.",
        "Connect with a clean session; MQTT over WebSocket is not for certificates.",
        ...(port === CumulocityPort.Service
          ? [
              "MQTT Service registers no devices: they are registered before, in bulk or by their first connection to port 8883.",
              "Its topics are your own; the static templates of `s/us` are for port 8883.",
            ]
          : [
              "For a token to call the REST API with, subscribe to `s/dat`, then publish an empty message to `s/uat`.",
            ]),
      ];
    default:
      return [];
  }
}
