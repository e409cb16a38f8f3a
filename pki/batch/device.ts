import { checkAlternativeNames } from "../alternativeNames";
import type { Problem } from "../problem";
import { below, quote } from "../problem";
import type { CertificateRequest } from "../request";
import { checkSubject } from "../subject";
import { checkValidityDays } from "../validity";
import { idProblem } from "./deviceId";
import { folderName } from "./folderName";

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
  /** Values of the list's free columns, for the placeholders of the batch's templates. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Its own request, where the device made its key itself and keeps it. */
  readonly request?: CertificateRequest;
  /** Where it stands, for messages: `devices/demo.csv:4` or `devices[3]`. */
  readonly source: string;
}

/** What {@link idProblem} takes, in one test. */
const FINE_ID = /^(?!\.+$)[A-Za-z0-9._@/-]{1,64}$/;
/** The usual forms of the other members; all else is looked at closely. */
const FINE_SERIAL_NUMBER = /^[A-Za-z0-9](?:[A-Za-z0-9/:.-]{0,62}[A-Za-z0-9])?$/;
const FINE_HOST_NAME =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const FINE_URI = /^urn:[a-z][a-z0-9-]*:[A-Za-z0-9:._-]+$/;
const MAXIMUM_FINE_NAME = 200;
const FINE_DAYS = 36_500;

const NONE: readonly Problem[] = [];

/**
 * Every mistake in one device: its id, names, serial number and validity.
 * Whether another device has the same id is asked apart, see {@link UniqueIds}.
 * Costs about as much as one regular expression where the device is plain.
 */
export function checkDevice(device: Device): readonly Problem[] {
  const { id, dnsNames, uris, serialNumber, validityDays } = device;
  return FINE_ID.test(id) &&
    (serialNumber === undefined || FINE_SERIAL_NUMBER.test(serialNumber)) &&
    fineNames(dnsNames, uris) &&
    (validityDays === undefined || fineDays(validityDays))
    ? NONE
    : lookClosely(device);
}

/** Whether these names are good at first sight: one at most of each kind, in its usual form. */
export function fineNames(
  dnsNames: readonly string[] = [],
  uris: readonly string[] = [],
): boolean {
  const [dnsName] = dnsNames;
  const [uri] = uris;
  return (
    dnsNames.length <= 1 &&
    uris.length <= 1 &&
    (dnsName === undefined ||
      (dnsName.length <= MAXIMUM_FINE_NAME && FINE_HOST_NAME.test(dnsName))) &&
    (uri === undefined || FINE_URI.test(uri))
  );
}

function fineDays(days: number): boolean {
  return Number.isInteger(days) && days >= 1 && days <= FINE_DAYS;
}

function lookClosely(device: Device): Problem[] {
  const message = idProblem(device.id);
  return below(device.source, [
    ...(message === undefined ? [] : [{ path: "id", message }]),
    ...checkAlternativeNames(device),
    ...checkSerialNumber(device),
    ...(device.validityDays === undefined
      ? []
      : checkValidityDays(device.validityDays)),
  ]);
}

/**
 * Finds ids that stand twice, and those that differ by capitals only. Holds all
 * of them in memory: a batch in bundles asks its inventory instead.
 */
export class UniqueIds {
  private readonly seen = new Map<string, string>();
  private readonly folders = new Map<string, Device>();

  /** What is wrong with this device beside those before it. */
  add(device: Device): Problem[] {
    const { id, source } = device;
    const problems: Problem[] = [];
    const first = this.seen.get(id);
    if (first === undefined) {
      this.seen.set(id, source);
    } else if (idProblem(id) === undefined) {
      problems.push({
        path: `${source}.id`,
        message: `${quote(id)} stands at ${first} already; every device needs an id of its own.`,
      });
    }
    const folder = folderName(id).toLowerCase();
    const twin = this.folders.get(folder);
    this.folders.set(folder, twin ?? device);
    if (twin !== undefined && twin.id !== id) {
      problems.push({
        path: `${source}.id`,
        message: `${quote(id)} differs from ${quote(twin.id)} at ${twin.source} by capitals only; where file names ignore them, one would overwrite the other's key.`,
      });
    }
    return problems;
  }
}

/** Every mistake in a list of devices: ids, duplicates with both places, names, validities. */
export function checkDevices(devices: readonly Device[]): Problem[] {
  const ids = new UniqueIds();
  return devices.flatMap((device) => [
    ...checkDevice(device),
    ...ids.add(device),
  ]);
}

function checkSerialNumber({ id, serialNumber }: Device): Problem[] {
  return serialNumber === undefined
    ? []
    : checkSubject({ commonName: id, serialNumber }).filter(
        ({ path }) => path === "serialNumber",
      );
}
