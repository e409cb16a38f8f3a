import { checkAlternativeNames } from "../alternativeNames";
import type { Problem } from "../problem";
import { below, quote } from "../problem";
import type { CertificateRequest } from "../request";
import { checkSubject } from "../subject";
import { checkValidityDays } from "../validity";

/** One device of a batch, as the manifest or the program names it. */
export interface Device {
  /** The MQTT client id, which becomes the common name. */
  readonly id: string;
  readonly dnsNames?: readonly string[];
  readonly uris?: readonly string[];
  /** The device's own serial number, for the subject. */
  readonly serialNumber?: string;
  /** Days, where this device differs from the batch. */
  readonly validityDays?: number;
  /** Its own request, where the device made its key itself and keeps it. */
  readonly request?: CertificateRequest;
  /** Where it stands, for messages: `devices/demo.csv:4` or `devices[3]`. */
  readonly source: string;
}

const ID = /^[A-Za-z0-9._@/-]{1,64}$/;

/** Every mistake in a list of devices: ids, duplicates with both places, names, validities. */
export function checkDevices(devices: readonly Device[]): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  const seenFolders = new Map<string, Device>();
  for (const device of devices) {
    const message = idProblem(device.id);
    if (message !== undefined) {
      problems.push({ path: `${device.source}.id`, message });
    }
    const first = seen.get(device.id);
    if (first === undefined) {
      seen.set(device.id, device.source);
    } else if (message === undefined) {
      problems.push({
        path: `${device.source}.id`,
        message: `${quote(device.id)} stands at ${first} already; every device needs an id of its own.`,
      });
    }
    const folder = folderName(device.id).toLowerCase();
    const twin = seenFolders.get(folder);
    seenFolders.set(folder, twin ?? device);
    if (twin !== undefined && twin.id !== device.id) {
      problems.push({
        path: `${device.source}.id`,
        message: `${quote(device.id)} differs from ${quote(twin.id)} at ${twin.source} by capitals only; where file names ignore them, one would overwrite the other's key.`,
      });
    }
    problems.push(
      ...below(device.source, [
        ...checkAlternativeNames(device),
        ...checkSerialNumber(device),
        ...(device.validityDays === undefined
          ? []
          : checkValidityDays(device.validityDays)),
      ]),
    );
  }
  return problems;
}

function checkSerialNumber({ id, serialNumber }: Device): Problem[] {
  return serialNumber === undefined
    ? []
    : checkSubject({ commonName: id, serialNumber }).filter(
        ({ path }) => path === "serialNumber",
      );
}

/**
 * Why this text is no device id, `undefined` where it is one. The id is common
 * name, MQTT client id and ThingsBoard device name at once, so the strictest
 * of the three counts.
 */
export function idProblem(id: string): string | undefined {
  const rule = "use A-Z a-z 0-9 . _ @ / - (1 to 64 characters)";
  if (id === "") {
    return `is empty; ${rule}.`;
  }
  if (id.includes(":")) {
    return `${quote(id)} contains ":"; MQTT client ids in Cumulocity may not; ${rule}.`;
  }
  if (id.length > 64) {
    return `${quote(id)} has ${id.length} characters, and a common name 64 at most; ${rule}.`;
  }
  if (!ID.test(id)) {
    return `${quote(id)} holds a character that a client id may not; ${rule}.`;
  }
  return /^\.+$/.test(id)
    ? `${quote(id)} is nothing but dots; ${rule}.`
    : undefined;
}

/**
 * The name of a device's folder: the id, with what a path cannot hold as
 * `%2F`. Two ids never share a folder, and none leaves its parent or takes the
 * place of the inventory.
 */
export function folderName(id: string): string {
  return id
    .replaceAll("/", "%2F")
    .replace(/^\./, "%2E")
    .replace(/^(inventory)\.(?=csv)/i, "$1%2E");
}
