import type { CertificateOrder } from "../../order";
import type { Device } from "../device";
import type { DeviceProfile } from "../plan";

/**
 * The texts of a certificate that are its device's own, in the order in which
 * a template holds them: common name, serial number of the subject, DNS names,
 * URIs, serial number of the hardware module. Everything else in an order is
 * the same for all certificates of one template.
 */
export function textsOf(order: CertificateOrder): string[] {
  const { subject, dnsNames = [], uris = [], hardwareModuleName } = order;
  return [
    subject.commonName,
    ...(subject.serialNumber === undefined ? [] : [subject.serialNumber]),
    ...dnsNames,
    ...uris,
    ...(hardwareModuleName === undefined
      ? []
      : [hardwareModuleName.serialNumber]),
  ];
}

/** Ids have 64 characters at most. */
const LONGEST_ID = 64;

/**
 * Tells which devices of a batch can share a template, without making the
 * order of each. The devices have been checked (see `checkDevices`), so that
 * their texts are ASCII.
 *
 * @example
 * ```ts
 * const shaper = new Shaper(profile);
 * const template = templates.get(shaper.shape(device)); // from deviceOrder(device, profile)
 * writer.write(shaper.texts(device), publicKey, serialNumber);
 * ```
 */
export class Shaper {
  /** Shapes of devices with nothing but an id, by its length. */
  private readonly plain = Array.from({ length: LONGEST_ID + 1 }, (_, length) =>
    String(length),
  );
  private readonly serialNumber: string | undefined;
  private readonly hasHardware: boolean;

  constructor({ subject, hardwareType }: DeviceProfile) {
    this.serialNumber = subject.serialNumber;
    this.hasHardware = hardwareType !== undefined;
  }

  /**
   * The shape of a device's certificate within this batch: the length of every
   * text, its validity where that is its own, and its key where it made that
   * itself. Which string type a text has follows from where it stands, not
   * from its characters. Devices of one shape share a template, so every
   * member of a device that `deviceOrder` reads is read here too.
   *
   * @example
   * ```ts
   * shaper.shape(device); // "13", or "13 s8 d20,24 u45 v90"
   * ```
   */
  shape(device: Device): string {
    const { id, serialNumber, dnsNames, uris, validityDays, request } = device;
    const plain = this.plain[id.length] ?? String(id.length);
    if (
      serialNumber === undefined &&
      validityDays === undefined &&
      request === undefined &&
      (dnsNames === undefined || dnsNames.length === 0) &&
      (uris === undefined || uris.length === 0)
    ) {
      return plain;
    }
    let shape = plain;
    if (serialNumber !== undefined) {
      shape += ` s${serialNumber.length}`;
    }
    shape += lengths(" d", dnsNames) + lengths(" u", uris);
    if (validityDays !== undefined) {
      shape += ` v${validityDays}`;
    }
    if (request !== undefined) {
      const { algorithm, ecdsaCurve = "", rsaBits = "" } = request.key;
      // Points may be compressed and exponents long, so that one kind of key has several lengths.
      shape += ` k${algorithm}${ecdsaCurve}${rsaBits}/${request.publicKey.length}`;
    }
    return shape;
  }

  /** What {@link textsOf} says of the device's order. */
  texts(device: Device): string[] {
    const { id, dnsNames, uris } = device;
    const serialNumber = device.serialNumber ?? this.serialNumber;
    const texts = serialNumber === undefined ? [id] : [id, serialNumber];
    append(texts, dnsNames);
    append(texts, uris);
    if (this.hasHardware && device.serialNumber !== undefined) {
      texts.push(device.serialNumber);
    }
    return texts;
  }
}

function lengths(mark: string, texts: readonly string[] | undefined): string {
  if (texts === undefined || texts.length === 0) {
    return "";
  }
  let shape = "";
  for (const text of texts) {
    shape += `${shape === "" ? mark : ","}${text.length}`;
  }
  return shape;
}

function append(texts: string[], more: readonly string[] | undefined): void {
  if (more !== undefined) {
    for (const text of more) {
      texts.push(text);
    }
  }
}
