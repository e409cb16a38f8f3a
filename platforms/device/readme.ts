import { posix } from "node:path";
import { folderName } from "../../pki/batch/folderName";
import type { Connection } from "./connection";
import { PasswordVariable, TRUST_STORE_FILE } from "./java";
import { BUNDLE_FILE, pathsFromProject, publishCommand } from "./mosquitto";
import { DevicePlatform, remarksOn } from "./platform";
import { shellWord } from "./quoting";

const TITLES: Readonly<Record<string, string>> = {
  [DevicePlatform.ThingsBoard]: "ThingsBoard",
  [DevicePlatform.Cumulocity]: "Cumulocity",
  [DevicePlatform.Broker]: "the broker",
};

/** What the README tells beside the connection. */
export interface ReadmeOptions {
  /** Id of the device in the command; `DEVICE-ID` where none is known. */
  readonly example?: string;
  /** Whether there is a trust store. */
  readonly trustStore: boolean;
}

/** Tells in Markdown how a device connects, with a command that works when it is pasted. */
export function connectionReadme(
  connection: Connection,
  { example = "DEVICE-ID", trustStore }: ReadmeOptions,
): string {
  const { platform, host, port, clientId, username, topic } = connection;
  const remarks = remarksOn(platform, port);
  const script = (name: string): string =>
    shellWord(posix.join(connection.directory, name));
  return [
    `# How a device connects to ${TITLES[platform] ?? platform}`,
    "",
    "`{id}` stands for the device's id, which is its common name; in paths, a `/` of it is written `%2F`.",
    "",
    "| setting | value |",
    "| --- | --- |",
    `| address | \`${host}\`, port ${port}, MQTT 3.1.1 over TLS 1.2 or 1.3 |`,
    `| client id | \`${clientId}\` |`,
    `| user name | ${username === undefined ? "none" : `\`${username}\``} |`,
    "| password | none |",
    `| topic | \`${topic}\` |`,
    `| recognizes the broker by | \`${BUNDLE_FILE}\` |`,
    `| shows | \`${connection.chainFile}\` |`,
    `| private key | \`${connection.keyFile}\` |`,
    `| the same for Java | \`${connection.keystoreFile}\`, PKCS#12, one key |`,
    "",
    "## Try it",
    "",
    "In the project's folder, with mosquitto's clients:",
    "",
    "```sh",
    `ID=${example} FOLDER=${folderName(example)}`,
    publishCommand(connection, pathsFromProject(connection), {
      id: "ID",
      folder: "FOLDER",
    }),
    "```",
    "",
    `For any device: \`sh ${script("publish.sh")} DEVICE-ID\`, or with Eclipse Paho: \`python3 ${script("publish.py")} DEVICE-ID\`; the files find each other from any folder.`,
    "",
    "## In firmware",
    "",
    "`mqtt_connection.h` holds address, topic and the roots as C strings: `MQTT_CA_BUNDLE_PEM` is what ESP-IDF's `esp_mqtt_client_config_t.broker.verification.certificate` and Arduino's `WiFiClientSecure::setCACert` take. Chain and key belong into the device's protected storage, not into the firmware that all share.",
    "",
    "## In Java",
    "",
    "`client.properties` names the settings as Eclipse Paho's `SSLSocketFactoryFactory` does. The key store comes with the batch (`output.keystore`).",
    trustStore
      ? `The trust store is \`${TRUST_STORE_FILE}\`.`
      : `The trust store is made by \`keytool -importcert -noprompt -alias servercertificate -file ${BUNDLE_FILE} -keystore ${TRUST_STORE_FILE} -storetype PKCS12 -storepass:env ${PasswordVariable.TrustStore}\` here; of several roots, it takes the first.`,
    `Passwords stand in the variables \`${PasswordVariable.Keystore}\` and \`${PasswordVariable.TrustStore}\`, and in none of these files.`,
    "",
    "For MQTT.fx and other clients with a form: address, port and client id as above, SSL/TLS with self-signed certificates in key stores, the trust store with the alias `servercertificate`, the key store with the device's id in lower case as alias, and both passwords.",
    "",
    ...(remarks.length === 0
      ? []
      : ["## To know", "", ...remarks.map((remark) => `- ${remark}`), ""]),
  ].join("\n");
}
