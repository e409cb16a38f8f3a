/** One block of a PEM file, as a line reader sees it. */
export interface PemObject {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  /** The block with its marker lines and headers. */
  readonly pem: string;
  /** Whether headers say that it is encrypted (RFC 1421: `Proc-Type: 4,ENCRYPTED`). */
  readonly encrypted: boolean;
}

/** What a line reader makes of a file. */
export interface PemObjects {
  readonly objects: readonly PemObject[];
  /** Whether the last block has no end. */
  readonly unfinished: boolean;
}

const BEGIN = /^-----BEGIN ([^-]+)-----\s*$/;

/**
 * The blocks of a PEM text as a line reader finds them, BouncyCastle's for
 * one: a marker counts only where it fills its line from the first character
 * on. So a byte order mark hides the first block, and a text without line
 * breaks has none.
 */
export function readPemObjects(text: string): PemObjects {
  const objects: PemObject[] = [];
  let open: { label: string; lines: string[] } | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const label = open === undefined ? BEGIN.exec(line)?.[1] : undefined;
    if (label !== undefined) {
      open = { label, lines: [line.trimEnd()] };
    } else if (open !== undefined) {
      open.lines.push(line.trim());
      if (line.includes(`-----END ${open.label}-----`)) {
        objects.push({
          label: open.label,
          pem: `${open.lines.join("\n")}\n`,
          encrypted: open.lines.some((header) =>
            /^Proc-Type:.*ENCRYPTED/.test(header),
          ),
        });
        open = undefined;
      }
    }
  }
  return { objects, unfinished: open !== undefined };
}
