import type { Connection } from "./connection";
import { cString } from "./quoting";

/** What stands in a header for one device only. */
export interface DeviceIdentity {
  readonly id: string;
  /** PEM, leaf first. */
  readonly chainPem: string;
  /** PEM. */
  readonly privateKeyPem: string;
}

/**
 * A header for firmware, in C and C++: host, port and topic as macros, the
 * bundle as a string that ends with a zero octet, as `esp_mqtt_client_config_t`
 * (`broker.verification.certificate`) and Arduino's
 * `WiFiClientSecure::setCACert` take it.
 */
export function bundleHeader(
  connection: Connection,
  bundlePem: string,
): string {
  const { host, port, topic, username } = connection;
  // RFC 3986 §3.2.2: an IPv6 address stands in brackets.
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return guarded("MQTT_CONNECTION_H", [
    `#define MQTT_HOST ${cString(host)}`,
    `#define MQTT_PORT ${port}`,
    `#define MQTT_URI ${cString(`mqtts://${authority}`)}`,
    "/* The device puts its id in the place of each {id}. */",
    `#define MQTT_CLIENT_ID ${cString(connection.clientId)}`,
    `#define MQTT_TOPIC ${cString(topic)}`,
    ...(username === undefined
      ? []
      : [`#define MQTT_USERNAME ${cString(username)}`]),
    "",
    "/* The roots by which the broker is recognized, PEM. */",
    ...array("MQTT_CA_BUNDLE_PEM", bundlePem),
  ]);
}

/** A header with the identity of one device, its private key included: nobody else may have it. */
export function identityHeader(
  connection: Connection,
  { id, chainPem, privateKeyPem }: DeviceIdentity,
): string {
  const filled = (template: string): string => template.replaceAll("{id}", id);
  return guarded("MQTT_DEVICE_IDENTITY_H", [
    `#define MQTT_DEVICE_ID ${cString(id)}`,
    `#define MQTT_DEVICE_CLIENT_ID ${cString(filled(connection.clientId))}`,
    `#define MQTT_DEVICE_TOPIC ${cString(filled(connection.topic))}`,
    "",
    "/* The device's certificate, then the CAs above it, PEM. */",
    ...array("MQTT_DEVICE_CHAIN_PEM", chainPem),
    "",
    "/* Secret. PKCS#8, PEM. */",
    ...array("MQTT_DEVICE_KEY_PEM", privateKeyPem),
  ]);
}

function guarded(name: string, lines: readonly string[]): string {
  return `${[`#ifndef ${name}`, `#define ${name}`, "", ...lines, "", `#endif /* ${name} */`].join("\n")}\n`;
}

/** Not every translation unit that includes it need use it, so it is a static one. */
function array(name: string, text: string): string[] {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [""];
  return [
    `static const char ${name}[] =`,
    ...lines.map(
      (line, index) =>
        `    ${cString(line)}${index === lines.length - 1 ? ";" : ""}`,
    ),
  ];
}
