import { InputError } from "./problem";

const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";

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

/**
 * The certificates of a PEM file in their order, each as PEM with a line break
 * at its end.
 *
 * @throws InputError naming `path` where what stands between the lines is no base64.
 */
export function splitCertificates(pem: string, path = ""): string[] {
  const blocks: string[] = [];
  let begin = pem.indexOf(BEGIN);
  let end = pem.indexOf(END, begin);
  // Once only over the text: a pattern would look for the end again from every beginning.
  while (begin >= 0 && end >= 0) {
    const block = pem.slice(begin, end + END.length);
    blocks.push(
      encodePem("CERTIFICATE", decodePem("CERTIFICATE", block, path)),
    );
    begin = pem.indexOf(BEGIN, end);
    end = begin < 0 ? -1 : pem.indexOf(END, begin);
  }
  return blocks;
}

/**
 * Joins PEM texts into one: every certificate once, in the order of its first
 * appearance, so that the same input always gives the same bytes.
 */
export function joinCertificates(...pems: readonly string[]): string {
  return [...new Set(pems.flatMap((pem) => splitCertificates(pem)))].join("");
}

/** The first certificate of a PEM text; refused by name where there is none. */
export function firstCertificate(pem: string, path: string): string {
  const [first] = splitCertificates(pem, path);
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
