const SEALED = ".age";

/** Names of the files of a device that hold its private key, where they are not sealed. */
export const SecretName = {
  Key: "key.pem",
  Keystore: "keystore.p12",
} as const;

/** A file that holds a private key. */
export interface SecretFile {
  readonly content: Uint8Array;
  /** Readable for recipients only; `.age` then stands at the end of its name. */
  readonly sealed: boolean;
}

/** The files of a device that hold its private key. */
export interface SecretFiles {
  readonly key: SecretFile;
  /** Left out where the batch makes none. */
  readonly keystore?: SecretFile;
}

/** The name of a file in its sealed form. */
export function sealedName(name: string): string {
  return `${name}${SEALED}`;
}

/** Both names of each of some files. */
export function bothForms(...names: readonly string[]): string[] {
  return names.flatMap((name) => [name, sealedName(name)]);
}

/** The contents under the names they are written to, the key first. */
export function namedContents({
  key,
  keystore,
}: SecretFiles): (readonly [string, Uint8Array])[] {
  return [
    [formOf(SecretName.Key, key), key.content] as const,
    ...(keystore === undefined
      ? []
      : [[formOf(SecretName.Keystore, keystore), keystore.content] as const]),
  ];
}

/** Names under which the same may still stand in its other form. */
export function otherForms({ key, keystore }: SecretFiles): string[] {
  const other = (name: string, { sealed }: SecretFile): string =>
    sealed ? name : sealedName(name);
  return [
    other(SecretName.Key, key),
    ...(keystore === undefined ? [] : [other(SecretName.Keystore, keystore)]),
  ];
}

function formOf(name: string, { sealed }: SecretFile): string {
  return sealed ? sealedName(name) : name;
}
