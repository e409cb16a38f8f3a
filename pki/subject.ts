import type { JsonNameParams } from "@peculiar/x509";
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
  /** OU: department. */
  readonly organizationalUnit?: string;
  /** CN: the name of the authority, the server's first host name, or the device's MQTT client id. */
  readonly commonName: string;
  /** serialNumber (2.5.4.5): a device's own serial number, not the certificate's. */
  readonly serialNumber?: string;
}

interface Attribute {
  readonly field: keyof Subject;
  readonly type: string;
  readonly maximum: number;
}

const ATTRIBUTES: readonly Attribute[] = [
  { field: "country", type: "C", maximum: 2 },
  { field: "province", type: "ST", maximum: 128 },
  { field: "locality", type: "L", maximum: 128 },
  { field: "organization", type: "O", maximum: 64 },
  { field: "organizationalUnit", type: "OU", maximum: 64 },
  { field: "commonName", type: "CN", maximum: 64 },
  { field: "serialNumber", type: "2.5.4.5", maximum: 64 },
];

const CONTROL_CHARACTER = /\p{Cc}/u;
const PRINTABLE_STRING = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

/** Every mistake in a subject; empty where it is good. */
export function checkSubject(subject: Subject): Problem[] {
  const problems: Problem[] = [];
  const known = new Set<string>(ATTRIBUTES.map(({ field }) => field));
  for (const name of Object.keys(subject)) {
    if (!known.has(name)) {
      problems.push({
        path: name,
        message: `is no attribute of a subject; known are ${[...known].join(", ")}.`,
      });
    }
  }
  for (const { field, maximum } of ATTRIBUTES) {
    const value: unknown = subject[field];
    if (value === undefined && field !== "commonName") {
      continue;
    }
    problems.push(...checkValue(field, value, maximum));
  }
  return problems;
}

function checkValue(
  field: keyof Subject,
  value: unknown,
  maximum: number,
): Problem[] {
  if (typeof value !== "string" || value.trim() === "") {
    return [
      {
        path: field,
        message: `${quote(value)} is empty; write 1 to ${maximum} characters.`,
      },
    ];
  }
  if (Array.from(value).length > maximum) {
    return [
      {
        path: field,
        message: `${quote(value)} has ${Array.from(value).length} characters; X.509 allows ${maximum} (RFC 5280, appendix A.1).`,
      },
    ];
  }
  if (CONTROL_CHARACTER.test(value) || value !== value.trim()) {
    return [
      {
        path: field,
        message: `${quote(value)} begins or ends with a blank or holds a control character; write it without.`,
      },
    ];
  }
  if (field === "country" && !/^[A-Z]{2}$/.test(value)) {
    return [
      {
        path: field,
        message: `${quote(value)} is no country code; write two capital letters of ISO 3166, such as "DE".`,
      },
    ];
  }
  if (field === "serialNumber" && !PRINTABLE_STRING.test(value)) {
    return [
      {
        path: field,
        message: `${quote(value)} holds a character that a PrintableString cannot; use A-Z a-z 0-9 blank ' ( ) + , - . / : = ?`,
      },
    ];
  }
  return [];
}

/**
 * The subject as an X.501 name. `country` and `serialNumber` are
 * PrintableString and all else UTF8String (RFC 5280 §4.1.2.4).
 */
export function encodeSubject(subject: Subject): x509.Name {
  const attributes: JsonNameParams = [];
  for (const { field, type } of ATTRIBUTES) {
    const value = subject[field];
    if (value !== undefined) {
      const printable = field === "country" || field === "serialNumber";
      attributes.push({
        [type]: [
          printable ? { printableString: value } : { utf8String: value },
        ],
      });
    }
  }
  return new x509.Name(attributes);
}

/** The subject for people: `C=DE, O=My IoT Cloud, CN=My IoT Cloud Root CA`. */
export function formatSubject(subject: Subject): string {
  return ATTRIBUTES.flatMap(({ field, type }) => {
    const value = subject[field];
    const label = type === "2.5.4.5" ? "serialNumber" : type;
    // Escaped as in RFC 4514, so that two subjects never read the same.
    return value === undefined
      ? []
      : [`${label}=${value.replace(/[,+"\\<>;=]/g, "\\$&")}`];
  }).join(", ");
}

/**
 * Would a client take one subject for the other? Names are compared without
 * regard to case and repeated blanks (RFC 5280 §7.1).
 */
export function equivalentSubjects(one: Subject, other: Subject): boolean {
  const fold = (value: string | undefined): string | undefined =>
    value?.toLowerCase().trim().replace(/\s+/g, " ");
  return ATTRIBUTES.every(
    ({ field }) => fold(one[field]) === fold(other[field]),
  );
}

/** Do two subjects mean the same name, whatever the order of their members? */
export function sameSubject(one: Subject, other: Subject): boolean {
  return ATTRIBUTES.every(({ field }) => one[field] === other[field]);
}
