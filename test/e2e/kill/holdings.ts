import { X509Certificate, createPrivateKey } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseInventory } from "../../../pki/batch/inventory";
import { certificateAt, splitPem } from "../../support/certificates";
import type { Fleet } from "../../support/fleet";
import { readObject, required } from "../../support/rendered";
import type { KilledState } from "./killedState";
import { nameOf } from "./killedState";

/** Who holds which keys and certificates at one moment: on disk, and in the state. Keys stand as digests. */
export interface Holdings {
  keys: Map<string, string>;
  /** Serial numbers, lowercase hex. */
  certificates: Map<string, string>;
  /** What does not fit together. */
  faults: string[];
}

/** Where a fleet's program lets its files land. */
export interface Places {
  /** The folder of a batch of devices. */
  devices: string;
  /** The file of the server's Secret. */
  server: string;
}

/** Those of this folder's own programs. */
function ownPlaces(fleet: Fleet): Places {
  const server = "v1-secret-fleet-server.yaml";
  return {
    devices: fleet.path("rendered", "devices"),
    server: fleet.path("rendered", "1-manifest", server),
  };
}

/** Looks at the files of a fleet and at its state. */
export function holdingsOf(
  fleet: Fleet,
  state: KilledState,
  { devices, server }: Places = ownPlaces(fleet),
): Holdings {
  const holdings: Holdings = {
    keys: new Map(),
    certificates: new Map(),
    faults: [],
  };
  lookAtDevices(devices, holdings);
  lookAtState(state, holdings);
  lookAtServer(server, holdings);
  return holdings;
}

/** The keys that somebody had at one moment and has no more at another. */
export function lostKeys(earlier: Holdings, after: Holdings): string[] {
  return [...earlier.keys]
    .filter(([holder, key]) => after.keys.get(holder) !== key)
    .map(([holder]) => `the key of ${holder} is lost`);
}

/**
 * What was made between two looks, and yet again after the second. The
 * server's own is issued anew at every growth, which the first look cannot know.
 */
export function signedTwice(
  before: Holdings | undefined,
  killed: Holdings,
  after: Holdings,
): string[] {
  return [...killed.certificates]
    .filter(
      ([holder, serial]) =>
        after.certificates.get(holder) !== serial &&
        before?.certificates.get(holder) !== serial &&
        (before !== undefined || !holder.includes("server")),
    )
    .map(([holder]) => `${holder} was given a certificate twice`);
}

/** What is wrong with the inventory: every certificate of a device stands in it, once. */
export function inventoryFaults(
  fleet: Fleet,
  { certificates }: Holdings,
  { devices }: Places = ownPlaces(fleet),
): string[] {
  const path = join(devices, "inventory.csv");
  const listed = parseInventory(readFileSync(path, "utf8"), path)
    .map(({ id, serialNumber }) => `device ${id}: ${serialNumber}`)
    .sort();
  const there = [...certificates]
    .filter(([holder]) => holder.startsWith("device "))
    .map(([holder, serial]) => `${holder}: ${serial}`)
    .sort();
  return [
    ...listed
      .filter((line, index) => listed.indexOf(line) !== index)
      .map((line) => `the inventory has ${line} twice`),
    ...there
      .filter((line) => !listed.includes(line))
      .map((line) => `the inventory lacks ${line}`),
    ...listed
      .filter((line) => !there.includes(line))
      .map((line) => `the inventory has ${line}, which is not there`),
  ];
}

function lookAtDevices(folder: string, holdings: Holdings): void {
  const ids = existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).filter((entry) =>
        entry.isDirectory(),
      )
    : [];
  for (const { name: id } of ids) {
    const file = (name: string): string => join(folder, id, name);
    // The certificate comes last; a key without one was handed to nobody.
    if (existsSync(file("cert.pem"))) {
      take(
        `device ${id}`,
        readFileSync(file("key.pem"), "utf8"),
        certificateAt(readFileSync(file("cert.pem"), "utf8")),
        holdings,
      );
    }
  }
}

function lookAtServer(file: string, holdings: Holdings): void {
  if (!existsSync(file)) {
    return;
  }
  const { data } = readObject(file);
  const chain = splitPem(required(data, "tls.crt")).map((pem) =>
    certificateAt(pem),
  );
  const [server] = chain;
  if (server === undefined) {
    holdings.faults.push("the server's Secret has no certificate");
    return;
  }
  const known = [...holdings.certificates.values()];
  for (const certificate of chain) {
    if (!known.includes(serialOf(certificate))) {
      holdings.faults.push(
        `the server's Secret has a certificate of ${certificate.subject} that the state does not know`,
      );
    }
  }
  take("server's Secret", required(data, "tls.key"), server, holdings);
}

const outputsSchema = z.object({
  publicKeyFingerprintSha256: z.string().exactOptional(),
  serialNumber: z.string().exactOptional(),
});

function lookAtState({ resources }: KilledState, holdings: Holdings): void {
  for (const { urn, outputs } of resources) {
    const { publicKeyFingerprintSha256: key, serialNumber } =
      outputsSchema.parse(outputs);
    if (key !== undefined) {
      holdings.keys.set(`state ${nameOf(urn)}`, key);
    }
    if (serialNumber !== undefined) {
      holdings.certificates.set(`state ${nameOf(urn)}`, serialNumber);
    }
  }
}

function take(
  holder: string,
  keyPem: string,
  certificate: X509Certificate,
  { keys, certificates, faults }: Holdings,
): void {
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) {
    faults.push(`key and certificate of ${holder} do not match`);
  }
  const { x = "" } = createPrivateKey(keyPem).export({ format: "jwk" });
  keys.set(holder, x);
  certificates.set(holder, serialOf(certificate));
}

function serialOf({ serialNumber }: X509Certificate): string {
  return serialNumber.toLowerCase();
}
