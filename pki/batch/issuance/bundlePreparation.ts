import { join } from "node:path";
import { generateKey, publicKeyDer } from "../../key";
import type { KeySpec } from "../../key";
import { decodePem, encodePem, splitCertificates } from "../../pem";
import { BUNDLES } from "../bundles/layout";
import type { Device } from "../device";
import { Shaper, textsOf } from "../fast/shape";
import type { CertificateTemplate } from "../fast/template";
import { buildTemplate } from "../fast/template";
import { OctetColumn } from "../inventory/octetColumn";
import { compileTemplates } from "../nameTemplates";
import { deviceOrder } from "../plan";
import type { PlannedRow } from "./bundlePlan";
import { Action } from "./bundlePlan";
import type { BundleOrder } from "./issueBundles";
import type { IssuanceJob, IssuanceSettings } from "./job";
import { readListed } from "./listing";

/** A bundle that a thread can issue, and what is recorded of it beside what the thread answers. */
export interface PreparedBundle {
  readonly job: IssuanceJob;
  /** What was asked for each device; see `orderSha256`. */
  readonly orders: readonly Uint8Array[];
  readonly lastId: string;
  /** Whether any of the devices had a certificate before. */
  readonly replaces: boolean;
  /** How many keep their key. */
  readonly keptKeys: number;
}

const NONE = new Uint8Array(0);

/** Octets in front of the key itself that are the same for all keys of one kind. */
const KEY_HEAD = 24;

/** Makes jobs of planned devices. Each shape of certificate is made by the library once, and filled in by the threads. */
export class BundlePreparation {
  readonly settings: IssuanceSettings;
  private readonly shaper: Shaper;
  /** Whether the batch gives its devices no names beside their own; the order of each is not made then. */
  private readonly isPlain: boolean;
  private readonly templates = new Map<string, CertificateTemplate>();
  /** A key of the batch's kind, to see whether another one is of it. */
  private readonly sampleKey: Buffer;

  /** @param number of the first bundle */
  constructor(
    private readonly order: BundleOrder,
    private number: number,
  ) {
    const { profile, signer, options, keystorePassword } = order;
    this.shaper = new Shaper(profile);
    this.isPlain =
      compileTemplates(profile).plain &&
      (profile.dnsNames ?? []).length + (profile.uris ?? []).length === 0;
    this.sampleKey = sampleOf(profile.key);
    this.settings = {
      ...options,
      folder: join(order.directory, BUNDLES),
      signingKey: order.signingKey,
      issuerCertificate: encodePem(
        "CERTIFICATE",
        Buffer.from(signer.certificate?.rawData ?? new ArrayBuffer(0)),
      ),
      key: profile.key,
      recipients: order.recipients,
      signedAt: Math.floor(order.at.getTime() / 1000),
      ...(profile.renewal?.beforeDays !== undefined && {
        renewalSeconds: profile.renewal.beforeDays * 86_400,
      }),
      ...(keystorePassword !== undefined && {
        keystore: {
          password: keystorePassword,
          chain: splitCertificates(order.chainPem).map((pem) =>
            decodePem("CERTIFICATE", pem, ""),
          ),
        },
      }),
    };
  }

  /** @param rows in the order of their ids; at least one */
  async prepare(rows: readonly PlannedRow[]): Promise<PreparedBundle> {
    const shapes = new BundleShapes(rows.length);
    const texts = new Map<number, readonly string[]>();
    const kept: Uint8Array[] = [];
    let keptKeys = 0;
    for (const [index, row] of rows.entries()) {
      const device = readListed(row.id, "", row.fields);
      const shape = this.shapeOf(device);
      if (!shapes.set(index, shape)) {
        shapes.add(index, shape, await this.template(shape, device));
      }
      const own = this.textsOf(device);
      if (own.length > 1) {
        texts.set(index, own);
      }
      const key = this.keptKey(row, device);
      kept.push(key ?? NONE);
      keptKeys += key !== undefined && row.action !== Action.Issue ? 1 : 0;
    }
    const { bytes, ends } = OctetColumn.of(kept);
    const job: IssuanceJob = {
      number: this.number,
      ids: rows.map(({ id }) => id),
      ...shapes.result,
      texts,
      keptKeys: bytes,
      keptKeyEnds: ends,
    };
    this.number += 1;
    return {
      job,
      orders: rows.map(({ orderSha256 }) => orderSha256),
      lastId: rows.at(-1)?.id ?? "",
      replaces: rows.some(({ action }) => action !== Action.Issue),
      keptKeys,
    };
  }

  private textsOf(device: Device): string[] {
    return this.isPlain
      ? this.shaper.texts(device)
      : textsOf(deviceOrder(device, this.order.profile));
  }

  /** What templates make of the subject beside common name and serial number counts with its texts, not with their lengths. */
  private shapeOf(device: Device): string {
    if (this.isPlain) {
      return this.shaper.shape(device);
    }
    const order = deviceOrder(device, this.order.profile);
    const { commonName, serialNumber, ...subject } = order.subject;
    const lengths = (texts: readonly string[] = []): number[] =>
      texts.map(({ length }) => length);
    return JSON.stringify([
      this.shaper.shape(device),
      subject,
      serialNumber?.length,
      lengths(order.dnsNames),
      lengths(order.uris),
    ]);
  }

  private async template(
    shape: string,
    device: Device,
  ): Promise<CertificateTemplate> {
    const { profile, signer, at } = this.order;
    const template =
      this.templates.get(shape) ??
      (await buildTemplate(
        deviceOrder(device, profile),
        signer,
        at,
        device.request?.publicKey,
      ));
    this.templates.set(shape, template);
    return template;
  }

  /** The key a device has and keeps: it may sit where nobody can write a new one, or have made it itself. */
  private keptKey(
    { action, publicKey }: PlannedRow,
    { request }: Device,
  ): Uint8Array | undefined {
    if (request !== undefined) {
      return request.publicKey;
    }
    const stays =
      action === Action.Change ||
      (action === Action.Renew && !this.order.newKeyOnRenewal);
    return stays && publicKey !== null && this.isOfKind(publicKey)
      ? publicKey
      : undefined;
  }

  private isOfKind(key: Uint8Array): boolean {
    return (
      key.length === this.sampleKey.length &&
      this.sampleKey.compare(key, 0, KEY_HEAD, 0, KEY_HEAD) === 0
    );
  }
}

/** Which template each device of a bundle takes. */
class BundleShapes {
  private readonly shapes: Uint16Array;
  private readonly templates: CertificateTemplate[] = [];
  private readonly places = new Map<string, number>();

  constructor(devices: number) {
    this.shapes = new Uint16Array(devices);
  }

  get result(): Pick<IssuanceJob, "shapes" | "templates"> {
    return { shapes: this.shapes, templates: this.templates };
  }

  /** Whether the shape has a template already. */
  set(index: number, shape: string): boolean {
    const place = this.places.get(shape);
    if (place === undefined) {
      return false;
    }
    this.shapes[index] = place;
    return true;
  }

  add(index: number, shape: string, template: CertificateTemplate): void {
    this.shapes[index] = this.templates.length;
    this.places.set(shape, this.templates.length);
    this.templates.push(template);
  }
}

function sampleOf(key: KeySpec): Buffer {
  return publicKeyDer(generateKey(key));
}
