/** A private key of a store, still under its password. */
export interface StoredKey {
  /** In lower case, as Java keeps it. */
  readonly alias: string;
  /** The certificates that Java finds for it, DER, leaf first. */
  readonly chain: readonly Buffer[];
  /**
   * Opens it: PKCS#8, DER.
   *
   * @throws Error with another password
   */
  readonly open: (password: string) => Buffer;
}

/** What Java finds in a key store. */
export interface StoreContent {
  /** In Java's order. */
  readonly keys: readonly StoredKey[];
  /** Aliases of trusted certificates. */
  readonly trusted: readonly string[];
}

/** Why a store cannot be opened. */
export class StoreError extends Error {
  constructor(
    message: string,
    /** Whether another password might help. */
    readonly password: boolean,
  ) {
    super(message);
  }
}
