import { X509Certificate } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readBundle } from "../../../pki/batch/bundles/read";
import { readBundleFileName } from "../../../pki/batch/bundles/readName";
import {
  checkInventory,
  checkSerialNumbers,
} from "../../../pki/batch/inventory/check";
import { InventoryDatabase } from "../../../pki/batch/inventory/database";
import { readPrivateKey } from "../../../pki/key";
import type { Bench } from "./batch";
import { NO_CHANGE, UPDATE } from "./batch";
import { batchInputs } from "./inputs";
import { urnOf } from "./plugin";
import type { Plugin } from "./plugin";
import type { Properties } from "./wire";

/** A batch in bundles as the engine would take it through its life: with the inputs that a check answers. */
export class LargeBatch {
  readonly urn: string;
  readonly output: string;
  /** As the program gives them. */
  asked: Properties;
  /** As they were checked. */
  inputs: Properties = {};
  outs: Properties = {};

  constructor(
    private readonly plugin: () => Plugin,
    folder: string,
    name: string,
    signer: Properties,
    overrides: Properties = {},
  ) {
    // In a stack of its own: its devices have the ids of another test's.
    this.urn = urnOf("DeviceBatch", basename(name), basename(name));
    this.output = join(folder, name);
    const { devices, ...rest } = batchInputs(signer, this.output, [], {});
    this.asked = { ...rest, format: "bundles", ...overrides };
  }

  static of(bench: Bench, name: string, overrides: Properties): LargeBatch {
    return new LargeBatch(
      () => bench.plugin,
      bench.folder,
      name,
      bench.above.signer,
      overrides,
    );
  }

  /** The same batch as another plugin sees it, such as one of another day. */
  on(plugin: Plugin, overrides: Properties = {}): LargeBatch {
    const other = new LargeBatch(() => plugin, "", "", {});
    return Object.assign(other, {
      urn: this.urn,
      output: this.output,
      asked: { ...this.asked, ...overrides },
      inputs: this.inputs,
      outs: this.outs,
    });
  }

  /** What a check refuses; empty where it refuses nothing. */
  async refusals(overrides: Properties = {}): Promise<string[]> {
    const asked = { ...this.asked, ...overrides };
    return this.plugin().check(this.urn, asked, this.inputs);
  }

  async create(): Promise<this> {
    this.inputs = await this.checked(this.asked, {});
    ({ outs: this.outs } = await this.plugin().create(this.urn, this.inputs));
    await this.expectSettled();
    return this;
  }

  /** Updates to other inputs, and sees that nothing is left to do; says what the preview said. */
  async update(overrides: Properties = {}): Promise<string> {
    this.asked = { ...this.asked, ...overrides };
    const news = await this.checked(this.asked, this.inputs);
    expect(await this.plugin().diff(this.urn, this.outs, news)).toEqual(UPDATE);
    const said = this.plugin().log.at(-1)?.text ?? "";
    this.outs = await this.plugin().update(this.urn, this.outs, news);
    this.inputs = news;
    await this.expectSettled();
    return said;
  }

  async expectSettled(): Promise<void> {
    const news = await this.checked(this.asked, this.inputs);
    expect(await this.plugin().diff(this.urn, this.outs, news)).toEqual(
      NO_CHANGE,
    );
  }

  /** The preview of an update, up to its end. */
  async preview(overrides: Properties = {}): Promise<unknown> {
    const news = await this.checked(
      { ...this.asked, ...overrides },
      this.inputs,
    );
    return this.plugin().diff(this.urn, this.outs, news);
  }

  private async checked(
    asked: Properties,
    olds: Properties,
  ): Promise<Properties> {
    const { inputs, failures } = await this.plugin().checkInputs(
      this.urn,
      asked,
      olds,
    );
    expect(failures).toEqual([]);
    return inputs;
  }
}

/** One device as an inventory has it. */
export interface Row {
  readonly id: string;
  readonly serialNumber: string;
  readonly sha256: string;
  readonly notAfter: string;
  readonly status: string;
  readonly bundle: number;
}

/** The view of an inventory, by id. */
export function readRows(output: string): Map<string, Row> {
  const inventory = InventoryDatabase.open(join(output, "inventory.sqlite"), {
    readOnly: true,
  });
  try {
    const rows = [...inventory.rows("SELECT * FROM inventory ORDER BY id")];
    return new Map(rows.map((row) => [String(row.id), row as unknown as Row]));
  } finally {
    inventory.close();
  }
}

/** A certificate or a key, as a bundle has it. */
export interface Entry {
  readonly id: string;
  readonly pem: string;
  /** Hex; empty for keys. */
  readonly serialNumber: string;
}

/** Certificates or keys of all bundles, by file and id. */
export async function readEntries(
  output: string,
  kind: string,
): Promise<Entry[]> {
  const folder = join(output, "bundles");
  const found: Entry[] = [];
  for (const name of readdirSync(folder).sort()) {
    const file = readBundleFileName(name);
    if (file?.kind === kind && !name.endsWith(".age")) {
      for await (const entries of readBundle(join(folder, name), file)) {
        found.push(
          ...entries.map(
            ({ id, certificate, privateKey, serialNumber = "" }) => ({
              id,
              pem: certificate ?? privateKey ?? "",
              serialNumber,
            }),
          ),
        );
      }
    }
  }
  return found;
}

/** Whatever is wrong with a batch's folder, as far as no key is needed that is not there. */
export async function bundleFaults(
  output: string,
  ids: readonly string[],
  issuerPem: string,
): Promise<string[]> {
  const faults: string[] = [];
  const issuer = new X509Certificate(issuerPem);
  const path = join(output, "inventory.sqlite");
  const inventory = InventoryDatabase.open(path, { readOnly: true });
  for (const { place, message } of [
    ...checkInventory(inventory),
    ...checkSerialNumbers(inventory),
  ]) {
    faults.push(`${place} ${message}`);
  }
  inventory.close();
  const rows = readRows(output);
  const keys = new Map(
    (await readEntries(output, "keys")).map(({ id, pem }) => [id, pem]),
  );
  const certificates = await readEntries(output, "certificates");
  const current = new Map<string, X509Certificate>();
  for (const { id, pem } of certificates) {
    current.set(id, new X509Certificate(pem));
  }
  for (const id of ids) {
    const [row, certificate] = [rows.get(id), current.get(id)];
    if (row === undefined || certificate === undefined) {
      faults.push(`${id} has no ${row === undefined ? "row" : "certificate"}`);
      continue;
    }
    const key = keys.get(id);
    if (
      certificate.serialNumber.toLowerCase() !== row.serialNumber ||
      certificate.fingerprint256.replaceAll(":", "").toLowerCase() !==
        row.sha256
    ) {
      faults.push(`${id} has another certificate than its row`);
    }
    if (!certificate.verify(issuer.publicKey)) {
      faults.push(`${id} is not signed by the issuer`);
    }
    if (
      key !== undefined &&
      !certificate.checkPrivateKey(readPrivateKey(key, "key"))
    ) {
      faults.push(`${id} has a key of another certificate`);
    }
  }
  const partial = existsSync(join(output, "bundles"))
    ? readdirSync(join(output, "bundles")).filter((name) =>
        name.endsWith(".partial"),
      )
    : [];
  return [...faults, ...partial.map((name) => `${name} is left over`)];
}

/** Ids `device-0` … */
export function ids(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `device-${from + index}`);
}

/** Batches of one test file, each with a manifest and a folder of its own. */
export class LargeBatches {
  private batches = 0;

  constructor(private readonly bench: Bench) {}

  /** A name that no other batch of the file has. */
  nextName(): string {
    this.batches += 1;
    return `large-${this.batches}`;
  }

  /** Writes a manifest; its path relative to the project. */
  manifest(rows: readonly string[], header = "id"): string {
    const name = `fleet-${this.nextName()}.csv`;
    this.write(name, rows, header);
    return name;
  }

  /** Replaces a manifest. */
  write(name: string, rows: readonly string[], header = "id"): void {
    writeFileSync(
      join(this.bench.folder, name),
      [header, ...rows, ""].join("\n"),
    );
  }

  /** A batch that is created, in bundles of 100 devices. */
  async created(
    rows: readonly string[],
    overrides: Properties = {},
  ): Promise<{ batch: LargeBatch; list: string }> {
    const list = this.manifest(rows);
    const batch = LargeBatch.of(this.bench, this.nextName(), {
      manifest: list,
      bundles: { devices: 100 },
      ...overrides,
    });
    await batch.create();
    return { batch, list };
  }
}
