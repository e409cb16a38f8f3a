import { X509Certificate } from "node:crypto";

/** One element of DER, read without any library of the product's. */
export interface Der {
  readonly tag: number;
  /** Content octets. */
  readonly content: Buffer;
  /** Empty for primitive elements. */
  readonly children: readonly Der[];
}

/** An extension as it stands in a certificate. */
export interface DerExtension {
  readonly critical: boolean;
  readonly value: Buffer;
}

/** A certificate taken apart (RFC 5280 §4.1). */
export interface DerCertificate {
  /** Content octets of the INTEGER. */
  readonly serialNumber: Buffer;
  readonly issuer: Der;
  readonly notBefore: Der;
  readonly notAfter: Der;
  readonly subject: Der;
  readonly publicKey: Der;
  /** By OID, in the order of the certificate. */
  readonly extensions: ReadonlyMap<string, DerExtension>;
}

/** One attribute of a name. */
export interface DerAttribute {
  readonly oid: string;
  /** 12 is UTF8String, 19 PrintableString. */
  readonly tag: number;
  readonly text: string;
}

/** Reads one element that fills the bytes; refuses every length that is not the shortest. */
export function readDer(bytes: Buffer): Der {
  const [element, rest] = readElement(bytes);
  if (rest.length > 0) {
    throw new Error(`${rest.length} octets follow the element`);
  }
  return element;
}

function readElement(bytes: Buffer): [Der, Buffer] {
  const tag = bytes.readUInt8(0);
  if ((tag & 0x1f) === 0x1f) {
    throw new Error("tags of several octets do not stand in certificates");
  }
  const first = bytes.readUInt8(1);
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80) {
    throw new Error("indefinite length");
  }
  const length = count === 0 ? first : bytes.readUIntBE(2, count);
  if (
    count > 0 &&
    (length < 0x80 || (count > 1 && length < 2 ** (8 * (count - 1))))
  ) {
    throw new Error("length is not the shortest");
  }
  const start = 2 + count;
  if (bytes.length < start + length) {
    throw new Error("content is cut off");
  }
  const content = bytes.subarray(start, start + length);
  const children = (tag & 0x20) === 0 ? [] : readAll(content);
  return [{ tag, content, children }, bytes.subarray(start + length)];
}

function readAll(bytes: Buffer): Der[] {
  const elements: Der[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const [element, after] = readElement(rest);
    elements.push(element);
    rest = after;
  }
  return elements;
}

/** The element at this place among the children. */
export function child(element: Der, index: number): Der {
  const found = element.children[index];
  if (found === undefined) {
    throw new Error(`no child ${index}`);
  }
  return found;
}

/** `2.5.29.19` */
export function readOid(element: Der): string {
  if (element.tag !== 6) {
    throw new Error(`tag ${element.tag} is no OBJECT IDENTIFIER`);
  }
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of element.content) {
    arc = arc * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - top * 40, ...rest].join(".");
}

/** The attributes of an X.501 name in their order. */
export function readName(name: Der): DerAttribute[] {
  return name.children.flatMap((set) =>
    set.children.map((attribute) => {
      const value = child(attribute, 1);
      return {
        oid: readOid(child(attribute, 0)),
        tag: value.tag,
        text: value.content.toString("utf8"),
      };
    }),
  );
}

/** Takes a certificate apart; fails on what is no canonical DER. */
export function readCertificate(pem: string): DerCertificate {
  const tbs = child(readDer(new X509Certificate(pem).raw), 0);
  const validity = child(tbs, 4);
  const extensions = new Map<string, DerExtension>();
  for (const extension of child(child(tbs, 7), 0).children) {
    const oid = readOid(child(extension, 0));
    if (extensions.has(oid)) {
      throw new Error(`extension ${oid} stands there twice`);
    }
    const critical = extension.children.length === 3;
    const flag = child(extension, 1);
    // DER leaves a default out: critical FALSE must not be written.
    if (critical && !flag.content.equals(Buffer.from([0xff]))) {
      throw new Error(`extension ${oid} writes critical other than TRUE`);
    }
    extensions.set(oid, {
      critical,
      value: child(extension, critical ? 2 : 1).content,
    });
  }
  return {
    serialNumber: child(tbs, 1).content,
    issuer: child(tbs, 3),
    notBefore: child(validity, 0),
    notAfter: child(validity, 1),
    subject: child(tbs, 5),
    publicKey: child(tbs, 6),
    extensions,
  };
}

/** Octets in hex; `undefined` where the certificate has no such extension. */
export function extensionHex(pem: string, oid: string): string | undefined {
  return readCertificate(pem).extensions.get(oid)?.value.toString("hex");
}
