import { InputError } from "./problem";

const CERTIFICATE =
  /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * DER bytes as PEM (RFC 7468): 64 characters a line, a line break at the end.
 *
 * @example
 * ```ts
 * encodePem("CERTIFICATE", der); // "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n"
 * ```
 */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/**
 * The bytes of the one PEM block with this label.
 *
 * @throws InputError naming `path` where there is no such block.
 */
export function decodePem(label: string, pem: string, path: string): Buffer {
  const match = new RegExp(
    `-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`,
  ).exec(pem);
  if (match?.[1] === undefined) {
    throw new InputError([
      {
        path,
        message: `holds no PEM block "BEGIN ${label}"; give the PEM text itself, not a file name.`,
      },
    ]);
  }
  return Buffer.from(match[1], "base64");
}

/** The certificates of a PEM file in their order, each as PEM with a line break at its end. */
export function splitCertificates(pem: string): string[] {
  return [...pem.matchAll(CERTIFICATE)].map(([block]) =>
    encodePem("CERTIFICATE", decodePem("CERTIFICATE", block, "")),
  );
}

/**
 * Joins PEM texts into one: every certificate once, in the order of its first
 * appearance, so that the same input always gives the same bytes.
 */
export function joinCertificates(...pems: readonly string[]): string {
  return [...new Set(pems.flatMap(splitCertificates))].join("");
}

/** The first certificate of a PEM text; refused by name where there is none. */
export function firstCertificate(pem: string, path: string): string {
  const [first] = splitCertificates(pem);
  if (first === undefined) {
    throw new InputError([
      {
        path,
        // Nothing of the value: what stands here by mistake may be a key.
        message:
          'holds no PEM certificate; give the text that begins with "-----BEGIN CERTIFICATE-----".',
      },
    ]);
  }
  return first;
}
