import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BUNDLES, BundleKind } from "../bundles/layout";
import { readBundle } from "../bundles/read";
import { readBundleFileName } from "../bundles/readName";
import { folderName } from "../folderName";
import { parseInventory } from "../inventory";
import type { InventoryDatabase } from "../inventory/database";
import { InputError } from "../../problem";

/** What an export says of one device; empty where the batch does not record it. */
export interface DeviceRecord {
  readonly id: string;
  /** Lowercase hex. */
  readonly serialNumber: string;
  /** Key identifier of the CA, lowercase hex. */
  readonly issuer: string;
  readonly generation: string;
  /** `2026-11-20T21:46:40Z` */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly renewAt: string;
  /** Lowercase hex. */
  readonly sha256: string;
  readonly thingsBoardCredentialsId: string;
  readonly bundle: string;
  readonly status: string;
}

/** The certificate that a device has now. */
export interface DeviceCertificate {
  readonly id: string;
  /** PEM. */
  readonly certificate: string;
}

/** A certificate that is to be listed as revoked. */
export interface RevokedCertificate {
  readonly id: string;
  /** Lowercase hex. */
  readonly serialNumber: string;
  readonly issuer: string;
  readonly notAfter: string;
}

/** Which devices are exported; all where nothing is said. */
export interface DeviceFilter {
  /** `active`, `removed` or `revoked`. */
  readonly status?: string;
  /** Id of the issuer's generation. */
  readonly generation?: string;
}

/** What exports read, some hundred devices at a time: a million never stand in memory. */
export interface ExportSource {
  /** Sorted by id. */
  devices(filter: DeviceFilter): Iterable<readonly DeviceRecord[]>;
  /**
   * In the order of the bundles.
   *
   * @throws InputError naming a file of certificates that is missing or damaged
   */
  certificates(
    filter: DeviceFilter,
  ): AsyncIterable<readonly DeviceCertificate[]>;
  /**
   * Of devices that were revoked, all certificates that they had until then
   * and that have not ended.
   */
  revoked(now: Date): Iterable<readonly RevokedCertificate[]>;
}

const PAGE = 1_000;

const COLUMNS =
  "id, serialNumber, issuer, generation, notBefore, notAfter, renewAt, sha256, thingsBoardCredentialsId, CAST(bundle AS TEXT) AS bundle, status";

/** A large batch: SQLite and bundles. */
export class BundleSource implements ExportSource {
  constructor(
    private readonly directory: string,
    private readonly inventory: InventoryDatabase,
  ) {}

  *devices({
    status,
    generation,
  }: DeviceFilter): Generator<readonly DeviceRecord[]> {
    // Page by page: a query that stays open would keep an update from writing.
    const page = this.inventory.prepare(
      `SELECT ${COLUMNS} FROM inventory
       WHERE id > :last AND (:status IS NULL OR status = :status) AND (:generation IS NULL OR generation = :generation)
       ORDER BY id LIMIT ${PAGE}`,
    );
    for (let last: string | undefined = ""; last !== undefined;) {
      const rows = page.all({
        last,
        status: status ?? null,
        generation: generation ?? null,
      }) as unknown as DeviceRecord[];
      if (rows.length > 0) {
        yield rows;
      }
      last = rows.length < PAGE ? undefined : rows.at(-1)?.id;
    }
  }

  async *certificates(
    filter: DeviceFilter,
  ): AsyncGenerator<readonly DeviceCertificate[]> {
    const device = this.inventory.prepare(
      "SELECT CAST(bundle AS REAL), status FROM device WHERE id = ?",
    );
    device.setReturnArrays(true);
    for (const { number, generation, files } of this.inventory.bundles()) {
      if (filter.generation !== undefined && filter.generation !== generation) {
        continue;
      }
      const isWanted = (id: string): boolean => {
        const row = device.get(id) as unknown as [number, string] | undefined;
        // Of a device that was renewed since, the certificate stands in a later bundle.
        return (
          row?.[0] === number &&
          (filter.status === undefined || row[1] === filter.status)
        );
      };
      for (const file of files) {
        const form = readBundleFileName(file.name);
        if (file.kind !== BundleKind.Certificates || form === undefined) {
          continue;
        }
        const path = join(this.directory, BUNDLES, file.name);
        for await (const entries of readBundle(path, form)) {
          yield entries.flatMap(({ id, certificate }) =>
            certificate !== undefined && isWanted(id)
              ? [{ id, certificate }]
              : [],
          );
        }
      }
    }
  }

  *revoked(now: Date): Generator<readonly RevokedCertificate[]> {
    const seconds = Math.floor(now.getTime() / 1000);
    // A device that came back after its revocation has a certificate that is good, and those before it stay revoked.
    const rows = this.inventory.connection
      .prepare(
        `WITH mark AS (
           SELECT id, bundle FROM device WHERE status = 'revoked'
           UNION ALL SELECT id, bundle FROM superseded WHERE status = 'revoked'),
         last AS (SELECT id, max(bundle) AS lastBundle FROM mark GROUP BY id),
         certificate AS (
           SELECT id, serialNumber, bundle, notAfter FROM last JOIN device USING (id) WHERE bundle <= lastBundle
           UNION ALL
           SELECT id, serialNumber, bundle, notAfter FROM last JOIN superseded USING (id) WHERE bundle <= lastBundle)
         SELECT id, lower(hex(serialNumber)) AS serialNumber, issuer,
           strftime('%Y-%m-%dT%H:%M:%SZ', notAfter, 'unixepoch') AS notAfter
         FROM certificate JOIN bundle ON bundle.number = certificate.bundle
         WHERE notAfter > ? ORDER BY id, serialNumber`,
      )
      .iterate(seconds);
    let page: RevokedCertificate[] = [];
    for (const row of rows) {
      page.push(row as unknown as RevokedCertificate);
      if (page.length === PAGE) {
        yield page;
        page = [];
      }
    }
    yield page;
  }
}

/** A small batch: an inventory in CSV, and a folder for each device. */
export class FileSource implements ExportSource {
  private readonly records: readonly DeviceRecord[];

  /** @throws InputError where the inventory is damaged */
  constructor(private readonly directory: string) {
    const path = join(directory, "inventory.csv");
    const none = { issuer: "", generation: "", renewAt: "", bundle: "" };
    this.records = parseInventory(readFileSync(path, "utf8"), path)
      .map((entry) => ({ ...entry, ...none }))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  *devices({ status, generation }: DeviceFilter): Generator<DeviceRecord[]> {
    yield this.records.filter(
      (record) =>
        (status === undefined || record.status === status) &&
        (generation === undefined || record.generation === generation),
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the other source waits
  async *certificates(
    filter: DeviceFilter,
  ): AsyncGenerator<readonly DeviceCertificate[]> {
    for (const records of this.devices(filter)) {
      yield records.map(({ id }) => {
        const path = join(this.directory, folderName(id), "cert.pem");
        if (!existsSync(path)) {
          throw new InputError([
            { path, message: "is not there; bring it back from a copy." },
          ]);
        }
        return { id, certificate: readFileSync(path, "utf8") };
      });
    }
  }

  *revoked(now: Date): Generator<readonly RevokedCertificate[]> {
    for (const records of this.devices({ status: "revoked" })) {
      yield records.filter(({ notAfter }) => new Date(notAfter) > now);
    }
  }
}
