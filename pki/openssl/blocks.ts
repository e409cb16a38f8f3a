/** One PEM block of a file (RFC 7468), whatever is in it. */
export interface PemBlock {
  /** Such as `CERTIFICATE` or `EC PRIVATE KEY`. */
  readonly label: string;
  /** From the `BEGIN` line to the `END` line, with a line break at its end. */
  readonly text: string;
  /** The line of the file it begins on, from 1. */
  readonly line: number;
}

/** What was read of a PEM file. */
export interface PemBlocks {
  readonly blocks: readonly PemBlock[];
  /** Lines on which a block begins that never ends. */
  readonly unfinished: readonly number[];
}

const MARKER = /-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----/g;

/**
 * The PEM blocks of a text, in their order. Text between them, such as
 * `openssl x509 -text` writes, is passed over.
 */
export function readPemBlocks(text: string): PemBlocks {
  const blocks: PemBlock[] = [];
  const unfinished: number[] = [];
  const lines = new LineCounter(text);
  let open: { label: string; start: number } | undefined;
  // Marker by marker: a pattern from BEGIN to END would read a hostile file again from each of its thousand BEGINs.
  for (const match of text.matchAll(MARKER)) {
    const [marker, kind, label = ""] = match;
    if (kind === "BEGIN") {
      if (open !== undefined) {
        unfinished.push(lines.at(open.start));
      }
      open = { label, start: match.index };
    } else if (open?.label === label) {
      const end = match.index + marker.length;
      blocks.push({
        label,
        text: `${text.slice(open.start, end)}\n`,
        line: lines.at(open.start),
      });
      open = undefined;
    }
  }
  if (open !== undefined) {
    unfinished.push(lines.at(open.start));
  }
  return { blocks, unfinished };
}

/** Line numbers of growing places in a text. */
class LineCounter {
  private place = 0;
  private line = 1;

  constructor(private readonly text: string) {}

  at(place: number): number {
    for (;;) {
      const next = this.text.indexOf("\n", this.place);
      if (next < 0 || next >= place) {
        return this.line;
      }
      this.place = next + 1;
      this.line += 1;
    }
  }
}

/** Is this PEM block of a private key encrypted, in the traditional form (RFC 1421) or in PKCS#8's (RFC 5958)? */
export function isEncryptedKey({ label, text }: PemBlock): boolean {
  return (
    label === "ENCRYPTED PRIVATE KEY" ||
    /^Proc-Type:\s*4,\s*ENCRYPTED/m.test(text)
  );
}
