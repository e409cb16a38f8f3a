/** The record of a large batch, within its output directory. */
export const INVENTORY = "inventory.sqlite";

/** The folder of the bundles, within the output directory. */
export const BUNDLES = "bundles";

/** What follows each certificate of a chain, once for all devices, within {@link BUNDLES}. */
export const CHAIN = "chain.pem";

/** Every certificate that ever stood in {@link CHAIN}: bundles that older generations signed stay, and are verified with them. */
export const ISSUERS = "issuers.pem";

/** What bundles there are, for people and programs without SQLite, within {@link BUNDLES}. */
export const INDEX = "index.json";

/** What a file is called until it is whole. */
export const PARTIAL = ".partial";

/** What a file of a bundle holds. */
export const BundleKind = {
  Certificates: "certificates",
  Keys: "keys",
  Keystores: "keystores",
} as const;

/** How the entries of a file stand there. */
export const BundleFormat = { Ndjson: "ndjson", Tar: "tar" } as const;

/** How a file is compressed. */
export const Compression = {
  None: "none",
  Gzip: "gzip",
  Zstd: "zstd",
} as const;

const SUFFIX: Readonly<Record<string, string>> = {
  [Compression.None]: "",
  [Compression.Gzip]: ".gz",
  [Compression.Zstd]: ".zst",
};

/** How the files of a bundle are written. */
export interface BundleOptions {
  /** One of {@link BundleFormat}. */
  readonly format: string;
  /** One of {@link Compression}. */
  readonly compression: string;
}

/**
 * The name of a file of a bundle: `000001-keys.ndjson.zst.age`.
 *
 * @param sealed whether it is encrypted for recipients
 */
export function bundleFileName(
  number: number,
  kind: string,
  { format, compression }: BundleOptions,
  sealed: boolean,
): string {
  const padded = String(number).padStart(6, "0");
  return `${padded}-${kind}.${format}${SUFFIX[compression] ?? ""}${sealed ? ".age" : ""}`;
}
