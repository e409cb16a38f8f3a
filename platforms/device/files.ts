import { folderName } from "../../pki/batch/folderName";
import type { Connection } from "./connection";
import type { DeviceIdentity } from "./cHeader";
import { bundleHeader, identityHeader } from "./cHeader";
import { javaProperties } from "./java";
import {
  BUNDLE_FILE,
  ENTER_FOLDER,
  pathsFrom,
  pathsFromProject,
  publishCommand,
  publishScript,
} from "./mosquitto";
import { pythonProgram } from "./python";
import type { ReadmeOptions } from "./readme";
import { connectionReadme } from "./readme";

/** Texts by their paths below the connection's folder. */
export type Texts = Readonly<Record<string, string>>;

/**
 * What all devices have in common; nothing of it is secret.
 *
 * @example
 * ```ts
 * connectionFiles(connection, trustAnchorsPem, { trustStore: false })["publish.sh"];
 * ```
 */
export function connectionFiles(
  connection: Connection,
  bundlePem: string,
  options: ReadmeOptions,
): Texts {
  return {
    [BUNDLE_FILE]: bundlePem,
    "README.md": connectionReadme(connection, options),
    "client.properties": javaProperties(connection),
    "connection.json": connectionJson(connection),
    "mqtt_connection.h": bundleHeader(connection, bundlePem),
    "publish.py": pythonProgram(connection),
    "publish.sh": publishScript(connection),
  };
}

/** What one device needs beside what all have; nothing of it is secret. */
export function deviceFiles(connection: Connection, id: string): Texts {
  const folder = `devices/${folderName(id)}`;
  const own = connectionOf(connection, id);
  return {
    [`${folder}/client.properties`]: javaProperties(own),
    [`${folder}/connection.json`]: connectionJson(own, id),
    [`${folder}/publish.sh`]: [
      "#!/bin/sh",
      "set -eu",
      ENTER_FOLDER,
      publishCommand(own, pathsFrom(own, folder), { id: "", folder: "" }),
      "",
    ].join("\n"),
  };
}

/** The identity of one device, its private key included: secret. */
export function deviceSecretFiles(
  connection: Connection,
  identity: DeviceIdentity,
): Texts {
  return {
    [`devices/${folderName(identity.id)}/mqtt_device_identity.h`]:
      identityHeader(connection, identity),
  };
}

/** A connection with a device's id in the place of `{id}`. */
function connectionOf(connection: Connection, id: string): Connection {
  const filled = (template: string): string => template.replaceAll("{id}", id);
  const path = (template: string): string =>
    template.replaceAll("{id}", folderName(id));
  const { username } = connection;
  return {
    ...connection,
    topic: filled(connection.topic),
    clientId: filled(connection.clientId),
    ...(username !== undefined && { username: filled(username) }),
    chainFile: path(connection.chainFile),
    keyFile: path(connection.keyFile),
    keystoreFile: path(connection.keystoreFile),
  };
}

function connectionJson(connection: Connection, id?: string): string {
  const { platform, host, port, clientId, username, topic, payload } =
    connection;
  const { bundle, chain, key } = pathsFromProject(connection);
  return `${JSON.stringify(
    {
      platform,
      ...(id !== undefined && { id }),
      host,
      port,
      protocol: "mqtts",
      mqttVersion: "3.1.1",
      tlsVersions: ["1.2", "1.3"],
      cleanSession: true,
      clientId,
      username: username ?? null,
      topic,
      payload,
      files: {
        trustAnchors: bundle,
        chain,
        privateKey: key,
        keystore: connection.keystoreFile,
      },
    },
    undefined,
    2,
  )}\n`;
}
