import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readPrivateKey } from "../../../pki/key";
import { splitCertificates } from "../../../pki/pem";

/** What a device has on disk, read without the product's own reader. */
export interface DeviceOnDisk {
  readonly certificatePem: string;
  readonly chainPem: string;
  readonly keyPem: string;
  readonly certificate: X509Certificate;
}

/** Reads the three files of a device's folder. */
export function readDevice(output: string, folder: string): DeviceOnDisk {
  const read = (name: string): string =>
    readFileSync(join(output, folder, name), "utf8");
  const certificatePem = read("cert.pem");
  return {
    certificatePem,
    chainPem: read("chain.pem"),
    keyPem: read("key.pem"),
    certificate: new X509Certificate(certificatePem),
  };
}

/** Every folder of a batch. */
export function deviceFolders(output: string): string[] {
  return existsSync(output)
    ? readdirSync(output, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : [];
}

/** The inventory, one record a line. */
export function readInventory(output: string): Record<string, string>[] {
  const [header = "", ...lines] = readFileSync(
    join(output, "inventory.csv"),
    "utf8",
  )
    .trimEnd()
    .split("\n");
  const columns = header.split(",");
  return lines.map((line) => {
    const fields = line.split(",");
    return Object.fromEntries(
      columns.map((column, index) => [column, fields[index] ?? ""]),
    );
  });
}

/** Every file below a folder: its path there, its mode and its text. */
export function snapshot(output: string): Map<string, string> {
  const entries = readdirSync(output, {
    recursive: true,
    withFileTypes: true,
  });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(output.length + 1), readFileSync(path, "utf8")];
      }),
  );
}

/** The paths whose text is not the same in both. */
export function changedPaths(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) => before.get(path) !== after.get(path))
    .sort();
}

/** The permission bits of a path, as `ls` would count them. */
export function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

/**
 * What is wrong with a batch on disk: every device must have exactly one
 * certificate, for its own key, signed by the CA, and stand in the inventory
 * with it.
 */
export function faults(
  output: string,
  ids: readonly string[],
  caPem: string,
): string[] {
  const ca = new X509Certificate(caPem);
  const found: string[] = [];
  const inventory = new Map(
    readInventory(output).map((record) => [record.id ?? "", record]),
  );
  if (inventory.size !== ids.length) {
    found.push(`${inventory.size} of ${ids.length} stand in the inventory`);
  }
  for (const id of ids) {
    const { certificate, chainPem, certificatePem, keyPem } = readDevice(
      output,
      id,
    );
    if (certificate.subject.split("\n").at(-1) !== `CN=${id}`) {
      found.push(`${id} has the certificate of ${certificate.subject}`);
    }
    if (!certificate.checkPrivateKey(readPrivateKey(keyPem, "key"))) {
      found.push(`${id} has a key that is not its certificate's`);
    }
    if (!certificate.verify(ca.publicKey)) {
      found.push(`${id} has a certificate of another CA`);
    }
    if (splitCertificates(chainPem)[0] !== certificatePem) {
      found.push(`${id} has a chain with another certificate`);
    }
    if (
      inventory.get(id)?.serialNumber !== certificate.serialNumber.toLowerCase()
    ) {
      found.push(`${id} has another serial number in the inventory`);
    }
  }
  const leftovers = [...snapshot(output).keys()].filter((path) =>
    path.endsWith(".partial"),
  );
  return [...found, ...leftovers.map((path) => `${path} is left over`)];
}
