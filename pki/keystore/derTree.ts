import {
  BmpString,
  Constructed,
  Integer,
  ObjectIdentifier,
  OctetString,
  Primitive,
  fromBER,
} from "asn1js";
import type { AsnType } from "asn1js";

/** A value of BER, and what is in it: for formats of which few members matter. */
export interface Der {
  /** Of a SEQUENCE, a SET, a context-specific tag around values, or an OCTET STRING in pieces. */
  readonly children: readonly Der[];
  /** Of an OCTET STRING or a context-specific tag; pieces are put together. */
  readonly octets: Buffer;
  /** Of an INTEGER of four octets at most; 0 for all else. */
  readonly integer: number;
  /** Of an OBJECT IDENTIFIER, with dots; empty for all else, so that it can be looked up in a table. */
  readonly identifier: string;
  /** Of a BMPString. */
  readonly text: string;
}

/** More is no key store: of what a Secret holds (1 MiB), a certificate takes some 30 of a kilobyte. */
const LIMITS = { maxDepth: 32, maxNodes: 100_000, parseEmbedded: false };

/**
 * Reads one value of BER, and what stands in it (X.690 §8). Bytes after it are
 * passed over, as Java does.
 *
 * @throws RangeError where there is none, or where it is longer than the bytes are
 */
export function readDer(bytes: Uint8Array): Der {
  const { offset, result } = parsed(bytes);
  if (offset === -1) {
    throw new RangeError(result.error);
  }
  return derOf(result);
}

/** Most of what is wrong the parser says in its result, and of a time that is none it throws. */
function parsed(bytes: Uint8Array): ReturnType<typeof fromBER> {
  try {
    return fromBER(bytes, LIMITS);
  } catch (error) {
    throw new RangeError(String(error), { cause: error });
  }
}

function derOf(value: AsnType): Der {
  const children = partsOf(value).map(derOf);
  return {
    children,
    octets: value.idBlock.isConstructed
      ? Buffer.concat(children.map(({ octets }) => octets))
      : value instanceof OctetString || value instanceof Primitive
        ? Buffer.from(value.valueBlock.valueHexView)
        : Buffer.alloc(0),
    integer: value instanceof Integer ? value.valueBlock.valueDec : 0,
    identifier: value instanceof ObjectIdentifier ? value.getValue() : "",
    text: value instanceof BmpString ? value.getValue() : "",
  };
}

function partsOf(value: AsnType): readonly AsnType[] {
  return value instanceof Constructed ||
    (value instanceof OctetString && value.idBlock.isConstructed)
    ? value.valueBlock.value
    : [];
}
