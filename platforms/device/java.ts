import { posix } from "node:path";
import type { Connection } from "./connection";
import { javaProperty } from "./quoting";

/** The name of the trust store among the files. */
export const TRUST_STORE_FILE = "truststore.p12";
/** Names of the variables that hold the passwords. */
export const PasswordVariable = {
  Keystore: "MQTT_KEYSTORE_PASSWORD",
  TrustStore: "MQTT_TRUSTSTORE_PASSWORD",
} as const;

/**
 * Properties for Eclipse Paho's `SSLSocketFactoryFactory`, under its own names,
 * and for its constructor. Passwords are not among them: those stand in the
 * variables that are named.
 *
 * @param connection with a device's id filled in, or with `{id}`
 */
export function javaProperties(connection: Connection): string {
  const { host, port, clientId, username, topic } = connection;
  const trustStore = posix.join(connection.directory, TRUST_STORE_FILE);
  const entries = {
    brokerUrl: `ssl://${host.includes(":") ? `[${host}]` : host}:${port}`,
    clientId,
    ...(username !== undefined && { username }),
    topic,
    "com.ibm.ssl.protocol": "TLS",
    "com.ibm.ssl.keyStore": connection.keystoreFile,
    "com.ibm.ssl.keyStoreType": "PKCS12",
    keyStorePasswordVariable: PasswordVariable.Keystore,
    "com.ibm.ssl.trustStore": trustStore,
    "com.ibm.ssl.trustStoreType": "PKCS12",
    trustStorePasswordVariable: PasswordVariable.TrustStore,
  };
  return [
    "# Paths are relative to the project's folder. Set com.ibm.ssl.keyStorePassword and com.ibm.ssl.trustStorePassword",
    "# in the program, from the variables of the environment that are named here.",
    ...Object.entries(entries).map(
      ([name, value]) => `${name}=${javaProperty(value)}`,
    ),
    "",
  ].join("\n");
}
