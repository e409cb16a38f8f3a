import type { ThingsBoardFiles } from "../../../../pki/examine/thingsBoard";
import type { KeyKind, Material } from "./thingsBoardMaterial";

/** What becomes of a server with some files. */
export const Fate = {
  /** It starts, and whoever connects gets a handshake. */
  Serves: "serves",
  /** It starts, and every handshake fails. */
  Starts: "starts",
  /** It does not start. */
  Refused: "refused",
} as const;

/** One row of the acceptance matrix. */
export interface Row {
  /** What is special about the files. */
  readonly input: string;
  readonly files: (material: Material) => ThingsBoardFiles;
  /** A member of {@link Fate}: the worst that the row allows, whatever the kind of key. */
  readonly fate: string;
  /** What the answer calls the row. */
  readonly row: RegExp;
  /** Which kinds of keys have such files; all by default. */
  readonly kinds?: (kind: KeyKind) => boolean;
  /** What TBMQ makes of them; as ThingsBoard by default. */
  readonly tbmq?: { readonly fate: string; readonly row: RegExp };
}

/** The worse of two fates. */
export function worse(one: string, other: string): string {
  const order: readonly string[] = [Fate.Serves, Fate.Starts, Fate.Refused];
  return order.indexOf(one) > order.indexOf(other) ? one : other;
}

/** What is expected of a row with a kind of key. */
export interface Expectation {
  readonly fate: string;
  /** What the answer may call it: where row and key are both bad, either. */
  readonly rows: readonly RegExp[];
}

/** What is expected of a row with a kind of key, and a product. */
export function expectation(
  row: Row,
  kind: KeyKind,
  loader: string,
): Expectation {
  const own = loader === "TBMQ" && row.tbmq !== undefined ? row.tbmq : row;
  return {
    fate: worse(own.fate, kind.fate),
    rows: [
      ...(own.fate === Fate.Serves && kind.row !== undefined ? [] : [own.row]),
      ...(kind.row !== undefined &&
      (own.fate !== Fate.Refused || kind.fate === Fate.Refused)
        ? [kind.row]
        : []),
    ],
  };
}

type Change = (material: Material) => Partial<ThingsBoardFiles>;

/** A good pair of files, but for what is said. */
export function but(change: Change): (material: Material) => ThingsBoardFiles {
  return (material) => ({
    certFileText: material.leaf + material.intermediate,
    keyFileText: material.key,
    ...change(material),
  });
}

/** A certificate file with these certificates, and a good key. */
export function chain(
  ...names: readonly (
    "leaf" | "intermediate" | "root" | "stranger" | "impostor"
  )[]
): Row["files"] {
  return but((material) => ({
    certFileText: names.map((name) => material[name]).join(""),
  }));
}

/** A certificate file changed as a whole. */
export function edited(
  edit: (text: string, material: Material) => string,
): Row["files"] {
  return but((material) => ({
    certFileText: edit(material.leaf + material.intermediate, material),
  }));
}

/** The fate that an answer of ours foretells. */
export function fateOf({
  ok,
  starts,
}: {
  readonly ok: boolean;
  readonly starts: boolean;
}): string {
  return ok ? Fate.Serves : starts ? Fate.Starts : Fate.Refused;
}

/** A block of PEM with this content, hex. */
export function pem(label: string, content: string): string {
  const body = Buffer.from(content, "hex").toString("base64");
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}

/** A block that BouncyCastle does not know. */
export const DH_PARAMETERS = pem("DH PARAMETERS", "3006020117020102");

/** What answers call rows, as often as not. */
export const Name = {
  Fine: /in PEM, with its chain$/,
  Right: /^traditional encrypted key, right password$/,
  Wrong: /^traditional encrypted key, wrong password$/,
  Pkcs8: /^encrypted PKCS#8$/,
  Order: /^chain out of order, with a gap, or with an unrelated CA$/,
  Twice: /^duplicate certificate$/,
  NoKey: /^no key$/,
  NoCertificate: /^no certificate$/,
  Mark: /^byte order mark in the (certificate|key) file$/,
} as const;

/** Kinds of keys with a traditional form. */
export const traditional = (kind: KeyKind): boolean =>
  kind.traditional !== undefined;

/** Kinds of keys on a curve that has a name of its own. */
export const elliptic = (kind: KeyKind): boolean =>
  kind.traditional === "EC PRIVATE KEY";
