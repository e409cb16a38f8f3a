import { OctetColumn } from "../../../../pki/batch/inventory/octetColumn";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import {
  BUNDLES,
  BundleFormat,
  BundleKind,
  CHAIN,
  Compression,
  INVENTORY,
  bundleFileName,
} from "../../../../pki/batch/bundles/layout";
import type { BundleOptions } from "../../../../pki/batch/bundles/layout";
import { folderName } from "../../../../pki/batch/folderName";
import { InventoryDatabase } from "../../../../pki/batch/inventory/database";
import type { IssuedRows } from "../../../../pki/batch/inventory/issuedRows";
import { hashRows } from "../../../../pki/batch/inventory/issuedRows";
import type { BundleFile } from "../../../../pki/batch/inventory/schema";
import { exportPkcs8, publicKeyDer } from "../../../../pki/key";
import { thingsBoardCredentialsId } from "../../../../pki/thingsBoard";
import type { Party } from "../../support/authority";
import { intermediate, issue, root } from "../../support/authority";

/** All the ways in which a file of a bundle is written. */
export const BUNDLE_OPTIONS: readonly BundleOptions[] = Object.values(
  BundleFormat,
).flatMap((format) =>
  Object.values(Compression).map((compression) => ({ format, compression })),
);

/** A CA below a root. */
export interface Authorities {
  readonly top: Party;
  readonly ca: Party;
}

/** Makes one. */
export async function makeAuthorities(): Promise<Authorities> {
  const top = await root({ pathLength: 1 });
  return { top, ca: await intermediate(top) };
}

/** The bytes of a file of certificates or keys. */
export async function bundleBytes(
  kind: string,
  devices: ReadonlyMap<string, Party>,
  { format, compression }: BundleOptions,
): Promise<Buffer> {
  const isKeys = kind === BundleKind.Keys;
  const text = (party: Party): string =>
    isKeys ? exportPkcs8(party.key) : party.certificatePem;
  const plain =
    format === BundleFormat.Tar
      ? await tar(
          [...devices].map(([id, party]) => [
            `${folderName(id)}/${isKeys ? "key" : "cert"}.pem`,
            text(party),
          ]),
        )
      : Buffer.from(
          [...devices]
            .map(([id, party]) =>
              JSON.stringify(
                isKeys
                  ? { id, privateKey: text(party) }
                  : {
                      id,
                      serialNumber: party.serialNumber,
                      certificate: text(party),
                    },
              ),
            )
            .join("\n") + "\n",
        );
  return compression === Compression.Gzip
    ? gzipSync(plain)
    : compression === Compression.Zstd
      ? zstdCompressSync(plain)
      : plain;
}

async function tar(
  files: readonly (readonly [name: string, text: string])[],
): Promise<Buffer> {
  const archive = pack();
  for (const [name, text] of files) {
    archive.entry({ name, mode: 0o600, mtime: new Date(0) }, text);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A large batch on the disk, as updates leave it. */
export class TestBatch {
  readonly inventory: InventoryDatabase;

  constructor(
    readonly directory: string,
    readonly authorities: Authorities,
    private readonly options: BundleOptions = {
      format: BundleFormat.Ndjson,
      compression: Compression.Zstd,
    },
  ) {
    mkdirSync(join(directory, BUNDLES), { recursive: true });
    writeFileSync(
      join(directory, BUNDLES, CHAIN),
      authorities.ca.certificatePem,
    );
    this.inventory = InventoryDatabase.open(join(directory, INVENTORY));
  }

  /** The path of a file within the batch. */
  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  /** Issues certificates for devices in one bundle, as one update does. */
  async issue(
    ids: readonly string[],
    { validityDays = 90, generation = "2026a" } = {},
  ): Promise<Map<string, Party>> {
    const devices = new Map<string, Party>();
    for (const id of ids.toSorted()) {
      devices.set(
        id,
        await issue(this.authorities.ca, {
          subject: { commonName: id },
          validityDays,
        }),
      );
    }
    const number = this.inventory.nextBundle();
    const files: BundleFile[] = [];
    for (const kind of [BundleKind.Certificates, BundleKind.Keys]) {
      const bytes = await bundleBytes(kind, devices, this.options);
      const name = bundleFileName(number, kind, this.options, false);
      writeFileSync(this.path(BUNDLES, name), bytes);
      files.push({
        kind,
        name,
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
    }
    const rows = issuedRows(devices);
    this.inventory.addBundle(
      {
        number,
        issuer: this.authorities.ca.subjectKeyIdentifier,
        generation,
        signedAt: 1_795_176_000,
        devices: devices.size,
        firstId: rows.ids[0] ?? "",
        lastId: rows.ids.at(-1) ?? "",
        reissue: "",
        files,
        rowsSha256: hashRows(rows),
      },
      rows,
      true,
    );
    return devices;
  }

  /** Changes the inventory as nobody should. */
  tamper(sql: string): void {
    this.inventory.connection.exec("PRAGMA foreign_keys = OFF");
    this.inventory.connection.exec(sql);
  }
}

function issuedRows(devices: ReadonlyMap<string, Party>): IssuedRows {
  const parties = [...devices.values()];
  const seconds = (date: (party: Party) => Date): Float64Array =>
    Float64Array.from(parties, (party) => date(party).getTime() / 1000);
  const hexes = (text: (party: Party) => string): Uint8Array =>
    Buffer.from(parties.map(text).join(""), "hex");
  return {
    ids: [...devices.keys()],
    serialNumbers: hexes((party) => party.serialNumber),
    notBefore: seconds(({ validity }) => validity.notBefore),
    notAfter: seconds(({ validity }) => validity.notAfter),
    renewAt: seconds(
      ({ validity }) => new Date(validity.notAfter.getTime() - 30 * 86_400_000),
    ),
    sha256: hexes((party) => party.fingerprintSha256),
    credentialsIds: hexes(({ certificatePem }) =>
      thingsBoardCredentialsId(certificatePem),
    ),
    publicKeys: OctetColumn.of(parties.map(({ key }) => publicKeyDer(key))),
    orders: parties.map(({ serialNumber }) =>
      createHash("sha256").update(serialNumber).digest(),
    ),
  };
}
