const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/** The PEM blocks of a text, each with a line break at its end; what stands between them is left out. */
export function splitPem(text: string): string[] {
  return (text.match(BLOCK) ?? []).map((block) => `${block}\n`);
}
