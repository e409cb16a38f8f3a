import { KEY_ROWS, PLACE_ROWS } from "./thingsBoardKeyRows";
import type { Row } from "./thingsBoardRow";
import {
  DH_PARAMETERS,
  Fate,
  Name,
  but,
  chain,
  edited,
  pem,
  traditional,
} from "./thingsBoardRow";

const { Serves, Starts, Refused } = Fate;

/** Which certificates stand in which order. */
const CHAIN_ROWS: readonly Row[] = [
  { input: "leaf", files: chain("leaf"), fate: Serves, row: Name.Fine },
  {
    input: "leaf, intermediate, root",
    files: chain("leaf", "intermediate", "root"),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "intermediate, leaf",
    files: chain("intermediate", "leaf"),
    fate: Refused,
    row: Name.Order,
  },
  {
    input: "leaf, root, intermediate",
    files: chain("leaf", "root", "intermediate"),
    fate: Refused,
    row: Name.Order,
  },
  {
    input: "leaf, leaf",
    files: chain("leaf", "leaf"),
    fate: Refused,
    row: Name.Twice,
  },
  {
    input: "leaf, intermediate, intermediate",
    files: chain("leaf", "intermediate", "intermediate"),
    fate: Refused,
    row: Name.Twice,
  },
  {
    input: "leaf, intermediate, root, root",
    files: chain("leaf", "intermediate", "root", "root"),
    fate: Refused,
    row: Name.Twice,
  },
  {
    input: "leaf, root: a gap",
    files: chain("leaf", "root"),
    fate: Refused,
    row: Name.Order,
  },
  {
    input: "an unrelated CA at the end",
    files: chain("leaf", "intermediate", "stranger"),
    fate: Refused,
    row: Name.Order,
  },
  {
    input: "an unrelated CA behind the root",
    files: chain("leaf", "intermediate", "root", "stranger"),
    fate: Refused,
    row: Name.Order,
  },
  {
    input: "the issuer's namesake, which did not sign",
    files: chain("leaf", "impostor"),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "intermediate alone",
    files: chain("intermediate", "root"),
    fate: Refused,
    row: /^key of another kind|^other key of the certificate's kind$/,
    kinds: ({ traditional: form }) => form !== "EC PRIVATE KEY",
  },
  {
    input: "no certificate",
    files: but(() => ({ certFileText: "" })),
    fate: Refused,
    row: Name.NoCertificate,
  },
];

/** How the files are written. */
const TEXT_ROWS: readonly Row[] = [
  {
    input: "CRLF",
    files: but(({ leaf, intermediate, key }) => ({
      certFileText: (leaf + intermediate).replaceAll("\n", "\r\n"),
      keyFileText: key.replaceAll("\n", "\r\n"),
    })),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "CR",
    files: edited((text) => text.replaceAll("\n", "\r")),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "Bag Attributes",
    files: edited(
      (text) => `Bag Attributes\n    friendlyName: x\nsubject=CN = x\n${text}`,
    ),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "openssl x509 -text",
    files: but(({ chainWithText }) => ({ certFileText: chainWithText })),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "text behind the marker lines' end",
    files: edited((text) => text.replaceAll(/(-----END .*-----)/g, "$1 # end")),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "headers and blank lines within a block",
    files: edited((text) =>
      text.replaceAll(/(-----BEGIN .*-----\n)/g, "$1X-Comment: of ours\n\n"),
    ),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "X509 CERTIFICATE",
    files: edited((text) =>
      text.replaceAll(" CERTIFICATE", " X509 CERTIFICATE"),
    ),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "a byte order mark hides the leaf",
    files: edited((text) => `\uFEFF${text}`),
    fate: Starts,
    row: Name.Mark,
    kinds: ({ name }) => name === "P-256" || name === "P-384",
  },
  {
    input:
      "a byte order mark hides the leaf, before a CA with another kind of key",
    files: edited((text) => `\uFEFF${text}`),
    fate: Refused,
    row: Name.Mark,
    kinds: ({ traditional: form }) => form !== "EC PRIVATE KEY",
  },
  {
    input: "a byte order mark hides the only certificate",
    files: but(({ leaf }) => ({ certFileText: `\uFEFF${leaf}` })),
    fate: Refused,
    row: Name.Mark,
  },
  {
    input: "a byte order mark hides the key",
    files: but(({ key }) => ({ keyFileText: `\uFEFF${key}` })),
    fate: Refused,
    row: Name.Mark,
  },
  {
    input: "TRUSTED CERTIFICATE",
    files: edited((text) =>
      text.replaceAll(" CERTIFICATE", " TRUSTED CERTIFICATE"),
    ),
    fate: Refused,
    row: Name.NoCertificate,
  },
  {
    input: "PEM without line breaks",
    files: edited((text) => text.replaceAll("\n", "")),
    fate: Refused,
    row: Name.NoCertificate,
  },
  {
    input: "indented PEM",
    files: edited((text) => text.replaceAll(/^/gm, "  ")),
    fate: Refused,
    row: Name.NoCertificate,
  },
  {
    input: "indented end of a block",
    files: edited((text) => text.replaceAll("-----END", " -----END")),
    fate: Refused,
    row: /^unfinished PEM block$/,
  },
  {
    input: "PEM that is cut off",
    files: edited((text) => text.slice(0, -60)),
    fate: Refused,
    row: /^unfinished PEM block$/,
  },
  {
    input: "key that is cut off",
    files: but(({ key }) => ({ keyFileText: key.slice(0, -20) })),
    fate: Refused,
    row: /^unfinished PEM block$/,
  },
  {
    input: "letters that are no base64",
    files: edited((text) => text.replace(/\n(....)/, "\n$1*")),
    fate: Refused,
    row: /^unreadable certificate$/,
  },
  {
    input: "DH PARAMETERS beside the certificates",
    files: edited((text) => text + DH_PARAMETERS),
    fate: Refused,
    row: /^unknown kind of PEM block$/,
  },
  {
    input: "an EC key's parameters beside the certificates",
    files: edited(
      (text) => pem("EC PARAMETERS", "06082a8648ce3d030107") + text,
    ),
    fate: Serves,
    row: Name.Fine,
  },
];

/** The acceptance matrix of ThingsBoard's and TBMQ's PEM files. */
export const PEM_ROWS: readonly Row[] = [
  ...KEY_ROWS,
  {
    input: "traditional form encrypted with ThingsBoard's own password",
    files: but(({ form }) => ({ keyFileText: form("default password") })),
    kinds: traditional,
    fate: Serves,
    row: Name.Right,
  },
  ...PLACE_ROWS,
  ...CHAIN_ROWS,
  ...TEXT_ROWS,
];
