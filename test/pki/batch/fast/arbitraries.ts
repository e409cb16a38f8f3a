import fc from "fast-check";
import type { Device } from "../../../../pki/batch/device";
import type { DeviceProfile } from "../../../../pki/batch/plan";
import { DEVICE_KEYS } from "./support";

function text(
  characters: string,
  minLength: number,
  maxLength: number,
): fc.Arbitrary<string> {
  return fc.string({
    unit: fc.constantFrom(...characters.split("")),
    minLength,
    maxLength,
  });
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const ALPHANUMERIC = `${LETTERS}${LETTERS.toUpperCase()}0123456789`;

const label = fc
  .tuple(text(ALPHANUMERIC, 1, 9), text(`${ALPHANUMERIC}-`, 0, 9))
  .map(([begin, more]) => `${begin}${more}x`);
const dnsName = fc
  .tuple(fc.boolean(), label, label, text(LETTERS, 2, 5))
  .map(([any, ...labels]) => `${any ? "*." : ""}${labels.join(".")}`);
const uri = fc.oneof(
  fc.uuid().map((uuid) => `urn:uuid:${uuid}`),
  text(`${ALPHANUMERIC}-._~!$&'()*+,;=:@/?%20`, 1, 150).map(
    (path) => `https://example.com/${path}`,
  ),
);
const optional = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(values, { nil: undefined, freq: 2 });

/** Without its members that are undefined. */
function defined<T extends object>(object: T): T {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as T;
}

/** A device with any of the names a device may have. */
export const device: fc.Arbitrary<Device> = fc
  .record({
    id: text(`${ALPHANUMERIC}._@/-`, 1, 64),
    dnsNames: optional(fc.array(dnsName, { maxLength: 3 })),
    uris: optional(fc.array(uri, { maxLength: 2 })),
    serialNumber: optional(
      text(`${ALPHANUMERIC} '()+,-./:=?`, 1, 64).map(
        (some) => some.trim() || "0",
      ),
    ),
    validityDays: optional(fc.integer({ min: 1, max: 36_500 })),
    source: fc.constant("devices[0]"),
  })
  .map((some) => defined(some) as Device);

const name = fc.oneof(
  fc.constantFrom("Größe & Söhne", "株式会社", 'Ünï, "quoted" #1', "🦊"),
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    // Braces are for placeholders, which have tests of their own.
    .map((text) => text.replace(/[{}]/g, "(")),
);

const span = fc.oneof(
  fc.integer({ min: 1, max: 36_500 }).map((validityDays) => ({ validityDays })),
  fc.constantFrom(
    { validity: { notAfter: "99991231235959Z" } },
    { validity: { notAfter: "2049-12-31T23:59:59Z" } },
    { validity: { notAfter: "2050-01-01T00:00:00Z" } },
    {
      validity: {
        notBefore: "2050-01-01T00:00:00Z",
        notAfter: "20500101000001Z",
      },
    },
  ),
);

const extensions = fc
  .record({
    keyUsage: optional(
      fc.constantFrom(
        ["digitalSignature"],
        ["digitalSignature", "nonRepudiation"],
      ),
    ),
    extendedKeyUsage: optional(
      fc.constantFrom(["clientAuth"], ["clientAuth", "1.3.6.1.4.1.32473.5"]),
    ),
    crlDistributionPoints: optional(
      fc.constant(["http://pki.example.com/ca.crl"]),
    ),
    ocspUrls: optional(fc.constant(["http://ocsp.example.com/"])),
    issuerUrls: optional(fc.constant(["http://pki.example.com/ca.der"])),
    policies: optional(
      fc.constant([
        {
          oid: "1.3.6.1.4.1.32473.1",
          practiceStatementUrl: "https://example.com/cps",
        },
      ]),
    ),
    custom: optional(
      text(ALPHANUMERIC, 0, 200).map((value) => {
        const content = Buffer.from(value);
        const head =
          content.length < 128
            ? [0x0c, content.length]
            : [0x0c, 0x81, content.length];
        return [
          {
            oid: "1.3.6.1.4.1.32473.2",
            critical: content.length % 2 === 0,
            valueBase64: Buffer.from([...head, ...content]).toString("base64"),
          },
        ];
      }),
    ),
  })
  .map(defined);

/** What a batch may say for all its devices. */
export const profile: fc.Arbitrary<DeviceProfile> = fc
  .tuple(
    fc.record({
      profile: optional(fc.constantFrom("device", "initialDeviceIdentity")),
      subject: fc
        .record({
          country: optional(fc.constant("DE")),
          province: optional(name),
          locality: optional(name),
          organizations: optional(
            fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
          ),
          organizationalUnit: optional(name),
          emailAddress: optional(fc.constant("devices@example.com")),
          serialNumber: optional(text(ALPHANUMERIC, 1, 20)),
        })
        .map((some) => defined(some) as DeviceProfile["subject"]),
      key: fc.constantFrom(...DEVICE_KEYS),
      truncate: optional(fc.boolean()),
      extensions: optional(extensions),
      hardwareType: optional(fc.constant("1.3.6.1.4.1.32473.10")),
    }),
    span,
  )
  .map(([rest, dates]) => defined({ ...rest, ...dates }) as DeviceProfile);

/** What orders of devices can hold, each by the name it has there. */
export const MEMBERS = [
  "serialNumber",
  "uris",
  "dnsNames",
  "validityDays",
  "validity",
  "truncate",
  "country",
  "organizations",
  "emailAddress",
  "hardwareModuleName",
  "keyUsage",
  "extendedKeyUsage",
  "crlDistributionPoints",
  "ocspUrls",
  "issuerUrls",
  "policies",
  "custom",
];

/** Another text of the same length and as good: letters and digits give way to their neighbours. */
function neighbour(some: string, from = 0): string {
  return (
    some.slice(0, from) +
    some.slice(from).replace(/[0-9a-zA-Z]/g, (character) => {
      const next = String.fromCharCode(character.charCodeAt(0) + 1);
      return /[0-9a-zA-Z]/.test(next) ? next : character;
    })
  );
}

/** Another device of the same shape. */
export function sibling(some: Device): Device {
  const { id, dnsNames, uris, serialNumber } = some;
  return defined({
    ...some,
    id: neighbour(id),
    dnsNames: dnsNames?.map((one) => neighbour(one)),
    uris: uris?.map((one) => neighbour(one, one.lastIndexOf(":") + 1)),
    serialNumber: serialNumber && neighbour(serialNumber),
  } as Device);
}
