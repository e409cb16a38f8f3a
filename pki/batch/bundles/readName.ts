import { BundleFormat, Compression } from "./layout";
import type { BundleOptions } from "./layout";

/** What the name of a bundle's file says of it. */
export interface BundleFileName extends BundleOptions {
  readonly number: number;
  /** One of `BundleKind`. */
  readonly kind: string;
  /** Whether it is encrypted for recipients. */
  readonly sealed: boolean;
}

const NAME =
  /^(\d{6,})-(certificates|keys|keystores)\.(ndjson|tar)(\.gz|\.zst)?(\.age)?$/;

const COMPRESSIONS: Readonly<Record<string, string>> = {
  "": Compression.None,
  ".gz": Compression.Gzip,
  ".zst": Compression.Zstd,
};

/**
 * Reads what `bundleFileName` wrote; `undefined` for any other name.
 *
 * @example
 * ```ts
 * readBundleFileName("000001-keys.ndjson.zst.age");
 * // { number: 1, kind: "keys", format: "ndjson", compression: "zstd", sealed: true }
 * ```
 */
export function readBundleFileName(name: string): BundleFileName | undefined {
  const [, number, kind, format, suffix = "", age] = NAME.exec(name) ?? [];
  return number === undefined || kind === undefined
    ? undefined
    : {
        number: Number(number),
        kind,
        format: format === "tar" ? BundleFormat.Tar : BundleFormat.Ndjson,
        compression: COMPRESSIONS[suffix] ?? Compression.None,
        sealed: age !== undefined,
      };
}
