import type { AlternativeNames } from "../../alternativeNames";
import type { Subject } from "../../subject";
import {
  contentOf,
  readChildren,
  readOnly,
  readValue,
  Tag,
  unexpected,
} from "./derValue";
import type { DerValue } from "./derValue";

/** A run of bytes. */
export interface Field {
  readonly offset: number;
  readonly length: number;
}

/** Contents of OBJECT IDENTIFIERs, in hex. */
const COMMON_NAME = "550403";
const SERIAL_NUMBER = "550405";
const SUBJECT_KEY_IDENTIFIER = "551d0e";
const SUBJECT_ALTERNATIVE_NAME = "551d11";
const HARDWARE_MODULE_NAME = "2b06010505070804";

/** Tags of GeneralName (RFC 5280 §4.2.1.6). */
const NameTag = {
  Other: 0xa0,
  Email: 0x81,
  Dns: 0x82,
  Uri: 0x86,
  Ip: 0x87,
} as const;

/** The texts of the subject that are the device's own: common name, then serial number. */
export function findSubjectTexts(
  tbs: Buffer,
  subject: DerValue,
  { commonName, serialNumber }: Subject,
): Field[] {
  const attributes = readChildren(tbs, subject, "the subject").map((set) => {
    const attribute = readOnly(tbs, set, "a name of the subject", Tag.Sequence);
    const [type, value] = readChildren(tbs, attribute, "a name of the subject");
    if (set.tag !== Tag.Set || type === undefined || value === undefined) {
      throw unexpected("the subject", "is of an unknown form");
    }
    return { type: contentOf(tbs, type).toString("hex"), value };
  });
  const find = (wanted: string, tag: number, text: string): Field => {
    const [found, second] = attributes.filter(({ type }) => type === wanted);
    if (found?.value.tag !== tag || second !== undefined) {
      throw unexpected("the subject", "has other names than ordered");
    }
    return textField(tbs, found.value, text);
  };
  return [
    find(COMMON_NAME, Tag.Utf8String, commonName),
    ...(serialNumber === undefined
      ? []
      : [find(SERIAL_NUMBER, Tag.PrintableString, serialNumber)]),
  ];
}

/** The alternative names that are the device's own: DNS names, URIs, serial number of the hardware module. */
export function findNames(
  tbs: Buffer,
  extensions: DerValue,
  names: AlternativeNames,
): Field[] {
  const { dnsNames = [], uris = [], hardwareModuleName } = names;
  const serialNumber = hardwareModuleName?.serialNumber;
  // Texts for those that differ; the others only have to be there.
  const wanted: (readonly [tag: number, text?: string])[] = [
    ...dnsNames.map((name) => [NameTag.Dns, name] as const),
    ...(names.ipAddresses ?? []).map(() => [NameTag.Ip] as const),
    ...uris.map((uri) => [NameTag.Uri, uri] as const),
    ...(names.emailAddresses ?? []).map(() => [NameTag.Email] as const),
    ...(names.otherNames ?? []).map(() => [NameTag.Other] as const),
    ...(serialNumber === undefined
      ? []
      : [[NameTag.Other, serialNumber] as const]),
  ];
  const what = "the list of alternative names";
  const extension = findExtension(tbs, extensions, SUBJECT_ALTERNATIVE_NAME);
  if (extension === undefined || wanted.length === 0) {
    if (extension === undefined && wanted.length === 0) {
      return [];
    }
    throw unexpected(what, "is not the one ordered");
  }
  const found = readChildren(
    tbs,
    readOnly(tbs, extension, what, Tag.Sequence),
    what,
    wanted.map(([tag]) => tag),
  );
  return found.flatMap((name, index) => {
    const [tag, text] = wanted[index] ?? [];
    return text === undefined
      ? []
      : [
          textField(
            tbs,
            tag === NameTag.Other ? hardwareSerialNumber(tbs, name) : name,
            text,
          ),
        ];
  });
}

/** The hwSerialNum in a hardwareModuleName (RFC 4108 §5). */
function hardwareSerialNumber(tbs: Buffer, name: DerValue): DerValue {
  const what = "the hardware module name";
  const [type, value] = readChildren(tbs, name, what, [
    Tag.ObjectIdentifier,
    Tag.Explicit0,
  ]);
  if (
    type === undefined ||
    value === undefined ||
    contentOf(tbs, type).toString("hex") !== HARDWARE_MODULE_NAME
  ) {
    throw unexpected(what, "is of an unknown form");
  }
  const module = readOnly(tbs, value, what, Tag.Sequence);
  const [, serialNumber] = readChildren(tbs, module, what, [
    Tag.ObjectIdentifier,
    Tag.OctetString,
  ]);
  if (serialNumber === undefined) {
    throw unexpected(what, "is of an unknown form");
  }
  return serialNumber;
}

/** The octets of the subject key identifier. */
export function findKeyIdentifier(
  tbs: Buffer,
  extensions: DerValue,
  keyIdentifier: string,
): Field {
  const what = "the subject key identifier";
  const extension = findExtension(tbs, extensions, SUBJECT_KEY_IDENTIFIER);
  const value = extension && readOnly(tbs, extension, what, Tag.OctetString);
  if (
    value === undefined ||
    keyIdentifier.length !== 40 ||
    contentOf(tbs, value).toString("hex") !== keyIdentifier
  ) {
    throw unexpected(what, "is not SHA-1 over the key");
  }
  return { offset: value.start, length: value.end - value.start };
}

/** The value of the one extension of this kind; `undefined` where there is none. */
function findExtension(
  tbs: Buffer,
  extensions: DerValue,
  wanted: string,
): DerValue | undefined {
  const what = "the list of extensions";
  const list = readOnly(tbs, extensions, what, Tag.Sequence);
  const [found, second] = readChildren(tbs, list, what).filter((extension) => {
    const type = readValue(
      tbs,
      extension.start,
      extension.end,
      what,
      Tag.ObjectIdentifier,
    );
    return contentOf(tbs, type).toString("hex") === wanted;
  });
  if (second !== undefined) {
    throw unexpected(what, "names one twice");
  }
  const value = found && readChildren(tbs, found, what).at(-1);
  if (value !== undefined && value.tag !== Tag.OctetString) {
    throw unexpected(what, "is of an unknown form");
  }
  return value;
}

/** Of all the device's own texts the characters are ASCII, so that one is one octet. */
function textField(tbs: Buffer, value: DerValue, text: string): Field {
  if (
    /[^\x20-\x7e]/.test(text) ||
    !contentOf(tbs, value).equals(Buffer.from(text))
  ) {
    throw unexpected(
      "one of the device's texts",
      "is not ASCII or not the one ordered",
    );
  }
  return { offset: value.start, length: value.end - value.start };
}
