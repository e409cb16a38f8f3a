import { posix } from "node:path";
import type { Connection } from "./connection";
import { shellTemplate, shellWord } from "./quoting";

/** Files as a device's commands name them. */
export interface DevicePaths {
  readonly bundle: string;
  /** Holds `{id}`, or not. */
  readonly chain: string;
  readonly key: string;
}

/** The name of the bundle among the files. */
export const BUNDLE_FILE = "ca-bundle.pem";

/** Paths from the project's folder. */
export function pathsFromProject(connection: Connection): DevicePaths {
  return {
    bundle: posix.join(connection.directory, BUNDLE_FILE),
    chain: connection.chainFile,
    key: connection.keyFile,
  };
}

/** Paths from a folder below the files', `.` for that itself. */
export function pathsFrom(connection: Connection, folder: string): DevicePaths {
  const from = posix.join(connection.directory, folder);
  const to = (path: string): string =>
    posix.isAbsolute(path) ? path : posix.relative(from, path);
  return {
    bundle: to(posix.join(connection.directory, BUNDLE_FILE)),
    chain: to(connection.chainFile),
    key: to(connection.keyFile),
  };
}

/**
 * The command that publishes once.
 *
 * @param variables names of the shell's variables with the device's id, and
 *   with the name of its folder, which differ where the id holds a slash
 * @example
 * ```ts
 * publishCommand(connection, pathsFromProject(connection), { id: "ID", folder: "ID" });
 * ```
 */
export function publishCommand(
  connection: Connection,
  { bundle, chain, key }: DevicePaths,
  variables: { readonly id: string; readonly folder: string },
): string {
  const { host, port, topic, payload, clientId, username, mqttVersion } =
    connection;
  const text = (template: string): string =>
    shellTemplate(template, variables.id);
  const path = (template: string): string =>
    shellTemplate(template, variables.folder);
  return [
    `mosquitto_pub -V ${mqttVersion} -h ${shellWord(host)} -p ${port}`,
    `--cafile ${shellWord(bundle)}`,
    `--cert ${path(chain)}`,
    `--key ${path(key)}`,
    `-i ${text(clientId)}${username === undefined ? "" : ` -u ${text(username)}`}`,
    `-q 1 -t ${text(topic)} -m ${shellWord(payload)}`,
  ].join(" \\\n  ");
}

/** To the folder of the script, and nowhere else that `CDPATH` may name. */
export const ENTER_FOLDER = 'CDPATH= cd -- "$(dirname -- "$0")"';

/** A script that publishes once, for whichever device it is told; it works from any folder. */
export function publishScript(connection: Connection): string {
  const paths = pathsFrom(connection, ".");
  return [
    "#!/bin/sh",
    "# Publishes once as a device: sh publish.sh DEVICE-ID",
    "set -eu",
    'ID="${1:?the id of a device}"',
    // A folder's name holds no slash; see folderName of the batch.
    `FOLDER="$(printf '%s\\n' "$ID" | sed 's|/|%2F|g; s|^\\.|%2E|; s|^\\([Ii][Nn][Vv][Ee][Nn][Tt][Oo][Rr][Yy]\\)\\.\\([Cc][Ss][Vv]\\)|\\1%2E\\2|')"`,
    ENTER_FOLDER,
    publishCommand(connection, paths, { id: "ID", folder: "FOLDER" }),
    "",
  ].join("\n");
}
