import { PASSWORD } from "./thingsBoardMaterial";
import type { Row } from "./thingsBoardRow";
import {
  DH_PARAMETERS,
  Fate,
  Name,
  but,
  edited,
  elliptic,
  pem,
  traditional,
} from "./thingsBoardRow";

const { Serves, Starts, Refused } = Fate;

/** How the key is written. */
export const KEY_ROWS: readonly Row[] = [
  { input: "PKCS#8", files: but(() => ({})), fate: Serves, row: Name.Fine },
  {
    input: "PKCS#8, with an empty password",
    files: but(() => ({ keyPassword: "" })),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "traditional form",
    files: but(({ traditional: keyFileText }) => ({ keyFileText })),
    kinds: traditional,
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "traditional form, with an empty password",
    files: but(({ traditional: keyFileText }) => ({
      keyFileText,
      keyPassword: "",
    })),
    kinds: traditional,
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "SEC1 behind EC PARAMETERS",
    files: but(({ form, traditional: key }) => ({
      keyFileText: form("parameters") + key,
    })),
    kinds: (kind) => elliptic(kind) && !kind.name.includes(" "),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "SEC1 without its public key",
    files: but(({ form }) => ({ keyFileText: form("no public key") })),
    kinds: elliptic,
    fate: Refused,
    row: /^SEC1 without public key$/,
  },
  ...(["AES-256", "AES-128", "3DES"] as const).map((cipher) => ({
    input: `traditional form encrypted by ${cipher}, right password`,
    files: but(({ form }) => ({
      keyFileText: form(cipher),
      keyPassword: PASSWORD,
    })),
    kinds: traditional,
    fate: Serves,
    row: Name.Right,
  })),
  ...[
    { name: "wrong", password: { keyPassword: "wrong" } },
    { name: "empty", password: { keyPassword: "" } },
    { name: "default", password: {} },
  ].map(({ name, password }) => ({
    input: `traditional form encrypted, ${name} password`,
    files: but(({ form }) => ({ keyFileText: form("AES-256"), ...password })),
    kinds: traditional,
    fate: Refused,
    row: Name.Wrong,
  })),
  ...(["PBES2", "PBES2 3DES", "PBE 3DES"] as const).map((form) => ({
    input: `encrypted PKCS#8 (${form}), right password`,
    files: but((material) => ({
      keyFileText: material.form(form),
      keyPassword: PASSWORD,
    })),
    fate: Refused,
    row: Name.Pkcs8,
    tbmq: { fate: Serves, row: /^encrypted PKCS#8, right password$/ },
  })),
  {
    input: "encrypted PKCS#8 (scrypt), right password",
    files: but(({ form }) => ({
      keyFileText: form("scrypt"),
      keyPassword: PASSWORD,
    })),
    fate: Refused,
    row: Name.Pkcs8,
    tbmq: { fate: Refused, row: /^encrypted PKCS#8 by scrypt$/ },
  },
  {
    input: "encrypted PKCS#8, wrong password",
    files: but(({ form }) => ({
      keyFileText: form("PBES2"),
      keyPassword: "wrong",
    })),
    fate: Refused,
    row: Name.Pkcs8,
    tbmq: { fate: Refused, row: /^encrypted PKCS#8, wrong password$/ },
  },
  {
    input: "key that spells its curve out, certificate that names it",
    files: but(({ form }) => ({ keyFileText: form("explicit curve") })),
    kinds: (kind) => elliptic(kind) && !kind.name.includes(" "),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "key of another kind",
    files: but(({ foreignKey }) => ({ keyFileText: foreignKey })),
    fate: Refused,
    row: /^key of another kind than the certificate's$/,
  },
  {
    input: "another key of the same kind",
    files: but(({ otherKey }) => ({ keyFileText: otherKey })),
    fate: Starts,
    row: /^other key of the certificate's kind$/,
  },
];

/** In which file the key stands. */
export const PLACE_ROWS: readonly Row[] = [
  {
    input: "key before the certificates",
    files: (material) => ({
      certFileText: material.key + material.leaf + material.intermediate,
    }),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "key behind the certificates",
    files: (material) => ({
      certFileText: material.leaf + material.intermediate + material.key,
    }),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "key in the certificate file, and rubbish in the key file",
    files: but(({ leaf, intermediate, key }) => ({
      certFileText: leaf + intermediate + key,
      keyFileText: DH_PARAMETERS,
    })),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "two keys in the certificate file: the last one counts",
    files: edited((text, { key, otherKey }) => key + text + otherKey),
    fate: Starts,
    row: /^other key of the certificate's kind$/,
  },
  {
    input: "two keys in PKCS#8: the last one counts",
    files: but(({ key, otherKey }) => ({ keyFileText: otherKey + key })),
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "two keys in the traditional form: the first one counts",
    files: but(({ traditional: key, otherKey }) => ({
      keyFileText: key + otherKey,
    })),
    kinds: traditional,
    fate: Serves,
    row: Name.Fine,
  },
  {
    input: "no key file",
    files: ({ leaf, intermediate }) => ({ certFileText: leaf + intermediate }),
    fate: Refused,
    row: Name.NoKey,
  },
  {
    input: "empty key file",
    files: but(() => ({ keyFileText: "" })),
    fate: Refused,
    row: Name.NoKey,
  },
  {
    input: "certificate for a key",
    files: but(({ leaf }) => ({ keyFileText: leaf })),
    fate: Refused,
    row: Name.NoKey,
  },
  {
    input: "key file in OpenSSH's form",
    files: but(() => ({
      keyFileText: pem("OPENSSH PRIVATE KEY", "6f70656e7373682d6b65792d7631"),
    })),
    fate: Refused,
    row: /^unknown kind of PEM block$/,
  },
];
