import { existsSync } from "node:fs";
import { join } from "node:path";
import { INVENTORY } from "../pki/batch/bundles/layout";
import type { ExportSource } from "../pki/batch/exports/source";
import { BundleSource, FileSource } from "../pki/batch/exports/source";
import { InventoryDatabase } from "../pki/batch/inventory/database";
import { Status } from "../pki/batch/inventory/schema";
import { InputError, quote } from "../pki/problem";
import { deviceNameOf } from "../platforms/thingsBoard/namePattern";
import { thingsBoardCredentialsId } from "../pki/thingsBoard";
import { INVENTORY_FILE } from "./outputDirectory";

/** A device as ThingsBoard is told of it. */
export interface DeviceToImport {
  readonly name: string;
  readonly credentialsId: string;
  /** PEM. */
  readonly certificate: string;
}

/**
 * Reads the active devices of a batch, some hundred at a time, each under the
 * name that the pattern makes of its common name, which is its id.
 *
 * @throws InputError where the batch is not there or damaged, or the pattern makes no names of its ids
 */
export async function withBatch<T>(
  outputDirectory: string,
  pattern: string,
  action: (batch: BatchToImport) => Promise<T>,
): Promise<T> {
  if (existsSync(join(outputDirectory, INVENTORY))) {
    const inventory = InventoryDatabase.open(join(outputDirectory, INVENTORY), {
      readOnly: true,
    });
    try {
      const source = new BundleSource(outputDirectory, inventory);
      return await action(new BatchToImport(source, pattern));
    } finally {
      inventory.close();
    }
  }
  if (!existsSync(join(outputDirectory, INVENTORY_FILE))) {
    throw new InputError([
      {
        path: "outputDirectory",
        message: `${quote(outputDirectory)} holds neither ${INVENTORY} nor ${INVENTORY_FILE}; give the outputDirectory of a DeviceCertificateBatch.`,
      },
    ]);
  }
  return action(new BatchToImport(new FileSource(outputDirectory), pattern));
}

/** The active devices of a batch. */
export class BatchToImport {
  constructor(
    private readonly source: ExportSource,
    private readonly pattern: string,
  ) {}

  /** As tables of exports read it: ids are names already. */
  get named(): ExportSource {
    const { source } = this;
    const nameOf = (id: string): string => this.nameOf(id);
    return {
      devices: (filter) => source.devices(filter),
      revoked: (now) => source.revoked(now),
      async *certificates(filter) {
        for await (const page of source.certificates(filter)) {
          yield page.map(({ id, certificate }) => ({
            id: nameOf(id),
            certificate,
          }));
        }
      },
    };
  }

  /** Names and credentials alone, from the inventory: no file of certificates is opened. */
  *names(): Generator<Omit<DeviceToImport, "certificate">> {
    for (const page of this.source.devices({ status: Status.Active })) {
      for (const { id, thingsBoardCredentialsId: credentialsId } of page) {
        yield { name: this.nameOf(id), credentialsId };
      }
    }
  }

  async *devices(): AsyncGenerator<DeviceToImport[]> {
    const filter = { status: Status.Active };
    for await (const page of this.named.certificates(filter)) {
      yield page.map(({ id, certificate }) => ({
        name: id,
        credentialsId: thingsBoardCredentialsId(certificate),
        certificate,
      }));
    }
  }

  private nameOf(id: string): string {
    const name = deviceNameOf(this.pattern, id);
    if (name === undefined) {
      throw new InputError([
        {
          path: "commonNamePattern",
          message: `${quote(this.pattern)} makes no name of ${quote(id)}; write one that fits every id of the batch, as in the device profile.`,
        },
      ]);
    }
    return name;
  }
}
