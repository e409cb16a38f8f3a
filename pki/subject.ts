import { isDeepStrictEqual } from "node:util";
import type { JsonNameParams } from "@peculiar/x509";
import { emailAddressProblem } from "./emailAddress";
import type { Problem } from "./problem";
import { quote } from "./problem";
import { x509 } from "./webcrypto";

/**
 * A distinguished name. The attributes are encoded in the order below, which
 * is the order OpenSSL users write them in.
 *
 * Lengths are the upper bounds of RFC 5280, appendix A.1.
 */
export interface Subject {
  /** C: two capital letters, ISO 3166. */
  readonly country?: string;
  /** ST: state or province. */
  readonly province?: string;
  /** L: city. */
  readonly locality?: string;
  /** O: organization. */
  readonly organization?: string;
  /** O, where there are several; instead of {@link organization}. */
  readonly organizations?: readonly string[];
  /** OU: department. */
  readonly organizationalUnit?: string;
  /** OU, where there are several; instead of {@link organizationalUnit}. */
  readonly organizationalUnits?: readonly string[];
  /** CN: the name of the authority, the server's first host name, or the device's MQTT client id. */
  readonly commonName: string;
  /** emailAddress (PKCS#9). New certificates put it among the alternative names; many old CAs have it here. */
  readonly emailAddress?: string;
  /** serialNumber (2.5.4.5): a device's own serial number, not the certificate's. */
  readonly serialNumber?: string;
}

interface Attribute {
  readonly field: keyof Subject;
  /** The member that takes several values in the place of `field`. */
  readonly list?: "organizations" | "organizationalUnits";
  /** As the X.509 library names it. */
  readonly type: string;
  /** As people name it, where that is something else. */
  readonly label?: string;
  readonly maximum: number;
  /** All but these are UTF8String (RFC 5280 §4.1.2.4). */
  readonly encoding?: "printableString" | "ia5String";
}

const ATTRIBUTES: readonly Attribute[] = [
  { field: "country", type: "C", maximum: 2, encoding: "printableString" },
  { field: "province", type: "ST", maximum: 128 },
  { field: "locality", type: "L", maximum: 128 },
  { field: "organization", list: "organizations", type: "O", maximum: 64 },
  {
    field: "organizationalUnit",
    list: "organizationalUnits",
    type: "OU",
    maximum: 64,
  },
  { field: "commonName", type: "CN", maximum: 64 },
  {
    field: "emailAddress",
    type: "1.2.840.113549.1.9.1",
    label: "emailAddress",
    maximum: 255,
    encoding: "ia5String",
  },
  {
    field: "serialNumber",
    type: "2.5.4.5",
    label: "serialNumber",
    maximum: 64,
    encoding: "printableString",
  },
];

/** Half of a surrogate pair is no character: UTF-8 would write another one in its place. */
const CONTROL_CHARACTER = /[\p{Cc}\p{Cs}]/u;
const PRINTABLE_STRING = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

/** The names of the attributes, in the order in which they are encoded. */
export const SUBJECT_ATTRIBUTES: readonly string[] = ATTRIBUTES.map(
  ({ field }) => field,
);

/** The values of one attribute, none where the subject has none. */
export function subjectValues(
  subject: Subject,
  attribute: string,
): readonly string[] {
  const found = ATTRIBUTES.find(({ field }) => field === attribute);
  return found === undefined ? [] : valuesOf(subject, found);
}

function valuesOf(
  subject: Subject,
  { field, list }: Attribute,
): readonly string[] {
  const one = subject[field] as string | undefined;
  return one === undefined
    ? list === undefined
      ? []
      : (subject[list] ?? [])
    : [one];
}

/** Every mistake in a subject; empty where it is good. */
export function checkSubject(subject: Subject): Problem[] {
  const problems: Problem[] = [];
  const known = new Set<string>(
    ATTRIBUTES.flatMap(({ field, list }) =>
      list === undefined ? [field] : [field, list],
    ),
  );
  for (const name of Object.keys(subject)) {
    if (!known.has(name)) {
      problems.push({
        path: name,
        message: `is no attribute of a subject; known are ${[...known].join(", ")}.`,
      });
    }
  }
  for (const attribute of ATTRIBUTES) {
    const { field, list } = attribute;
    const value: unknown = subject[field];
    const values = list === undefined ? undefined : subject[list];
    if (value !== undefined || field === "commonName") {
      problems.push(...checkValue(field, value, attribute));
    }
    if (list !== undefined && values !== undefined) {
      problems.push(...checkList(list, values, attribute, value));
    }
  }
  return problems;
}

function checkList(
  path: string,
  values: readonly string[],
  attribute: Attribute,
  single: unknown,
): Problem[] {
  if (single !== undefined) {
    return [
      {
        path,
        message: `stands beside ${attribute.field}; write all values into ${path} and leave ${attribute.field} out.`,
      },
    ];
  }
  return values.flatMap((value, index) => {
    const here = `${path}[${index}]`;
    const first = values.indexOf(value);
    return first < index
      ? [
          {
            path: here,
            message: `${quote(value)} stands at ${path}[${first}] already; leave one out.`,
          },
        ]
      : checkValue(here, value, attribute);
  });
}

function checkValue(
  path: string,
  value: unknown,
  { field, maximum }: Attribute,
): Problem[] {
  if (typeof value !== "string" || value.trim() === "") {
    return [
      {
        path,
        message: `${quote(value)} is empty; write 1 to ${maximum} characters.`,
      },
    ];
  }
  if (Array.from(value).length > maximum) {
    return [
      {
        path,
        message: `${quote(value)} has ${Array.from(value).length} characters; X.509 allows ${maximum} (RFC 5280, appendix A.1).`,
      },
    ];
  }
  if (CONTROL_CHARACTER.test(value) || value !== value.trim()) {
    return [
      {
        path,
        message: `${quote(value)} begins or ends with a blank or holds a control character; write it without.`,
      },
    ];
  }
  if (field === "country" && !/^[A-Z]{2}$/.test(value)) {
    return [
      {
        path,
        message: `${quote(value)} is no country code; write two capital letters of ISO 3166, such as "DE".`,
      },
    ];
  }
  if (field === "serialNumber" && !PRINTABLE_STRING.test(value)) {
    return [
      {
        path,
        message: `${quote(value)} holds a character that a PrintableString cannot; use A-Z a-z 0-9 blank ' ( ) + , - . / : = ?`,
      },
    ];
  }
  if (field === "emailAddress" && emailAddressProblem(value) !== undefined) {
    return [{ path, message: emailAddressProblem(value) ?? "" }];
  }
  return [];
}

/**
 * The subject as an X.501 name. `country` and `serialNumber` are
 * PrintableString, `emailAddress` is IA5String and all else UTF8String
 * (RFC 5280 §4.1.2.4, §4.1.2.6).
 */
export function encodeSubject(subject: Subject): x509.Name {
  const attributes: JsonNameParams = ATTRIBUTES.flatMap((attribute) => {
    const { type, encoding = "utf8String" } = attribute;
    return valuesOf(subject, attribute).map((value) => ({
      [type]: [{ [encoding]: value }],
    }));
  });
  return new x509.Name(attributes);
}

/** The subject for people: `C=DE, O=My IoT Cloud, CN=My IoT Cloud Root CA`. */
export function formatSubject(subject: Subject): string {
  return ATTRIBUTES.flatMap((attribute) =>
    valuesOf(subject, attribute).map(
      (value) =>
        // Escaped as in RFC 4514, so that two subjects never read the same.
        `${attribute.label ?? attribute.type}=${value.replace(/[,+"\\<>;=]/g, "\\$&")}`,
    ),
  ).join(", ");
}

/**
 * Would a client take one subject for the other? Names are compared without
 * regard to case and repeated blanks (RFC 5280 §7.1).
 */
export function equivalentSubjects(one: Subject, other: Subject): boolean {
  return haveSameValues(one, other, foldName);
}

/** A value as RFC 5280 §7.1 compares it: without regard to case and repeated blanks. */
export function foldName(value: string): string {
  return value.toLowerCase().trim().replace(/\s+/g, " ");
}

/** Do two subjects mean the same name, whatever the order of their members? */
export function sameSubject(one: Subject, other: Subject): boolean {
  return haveSameValues(one, other, (value) => value);
}

function haveSameValues(
  one: Subject,
  other: Subject,
  fold: (value: string) => string,
): boolean {
  return ATTRIBUTES.every((attribute) =>
    isDeepStrictEqual(
      valuesOf(one, attribute).map(fold),
      valuesOf(other, attribute).map(fold),
    ),
  );
}

/** A subject as a certificate or a request carries it; attributes of kinds we do not write are left out. */
export function readSubject(name: x509.Name): Subject {
  const subject: Record<string, string | string[]> = { commonName: "" };
  for (const { field, list, type } of ATTRIBUTES) {
    const [first, ...more] = name.getField(type);
    if (first !== undefined) {
      if (list !== undefined && more.length > 0) {
        subject[list] = [first, ...more];
      } else {
        subject[field] = first;
      }
    }
  }
  return subject as unknown as Subject;
}
