const COLUMNS = /.{1,64}/g;

/** Wraps bytes as PEM, 64 characters a line, with a newline at the end. */
export function toPem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(COLUMNS) ?? [];
  return [
    `-----BEGIN ${label}-----`,
    ...lines,
    `-----END ${label}-----`,
    "",
  ].join("\n");
}
