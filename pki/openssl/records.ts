import { posix } from "node:path";
import type { Database } from "./database";
import {
  canonicalHex,
  looksLikeDatabase,
  parseDatabase,
  parseNumberFile,
} from "./database";
import type { ReadFile } from "./files";
import { ownerFolder, stemOf } from "./names";

/** A number in a file of its own. */
export interface NumberFile {
  readonly file: string;
  /** Lowercase hex without leading zeros; `undefined` where the file holds no number. */
  readonly value: string | undefined;
}

/** What `openssl ca` wrote down beside a CA. */
export interface AuthorityRecords {
  readonly database?: Database & { readonly file: string };
  /** The serial number of the next certificate, from `serial`. */
  readonly nextSerial?: NumberFile;
  /** The serial number of the last certificate, from the `.srl` file of `openssl x509 -CAcreateserial`. */
  readonly lastSerial?: NumberFile;
  /** The number of the next revocation list, from `crlnumber`. */
  readonly crlNumber?: NumberFile;
}

/** A CA that records may belong to. */
export interface RecordsOwner {
  readonly files: readonly string[];
  /** Serial numbers of the certificates found that it issued, lowercase hex without leading zeros. */
  readonly issued: ReadonlySet<string>;
}

/** Records, each with its owner. */
export interface AssignedRecords<T> {
  readonly owned: ReadonlyMap<T, AuthorityRecords>;
  /** Files whose CA is not to be found. */
  readonly ownerless: readonly string[];
}

/** Finds the records of `openssl ca` and `openssl x509` among files, and whose they are. */
export function assignRecords<T extends RecordsOwner>(
  files: readonly ReadFile[],
  owners: readonly T[],
): AssignedRecords<T> {
  const owned = new Map<T, AuthorityRecords>();
  const ownerless: string[] = [];
  const give = (
    owner: T | undefined,
    file: string,
    records: AuthorityRecords,
  ): void => {
    if (owner === undefined) {
      ownerless.push(file);
    } else {
      owned.set(owner, { ...owned.get(owner), ...records });
    }
  };
  const homes = new Map<string, T>();
  for (const { path, content } of files.filter(isDatabase)) {
    const database = { file: path, ...parseDatabase(content.toString("utf8")) };
    const owner = ownerOfDatabase(database, owners);
    if (owner !== undefined) {
      homes.set(posix.dirname(path), owner);
    }
    give(owner, path, { database });
  }
  for (const { path, content } of files) {
    const text = content.toString("latin1").slice(0, 200);
    const number: NumberFile = { file: path, value: parseNumberFile(text) };
    const folder = posix.dirname(path);
    switch (posix.basename(path)) {
      case "serial":
        give(homes.get(folder) ?? nearest(path, owners), path, {
          nextSerial: number,
        });
        break;
      case "crlnumber":
        give(
          homes.get(folder) ??
            homes.get(posix.dirname(folder)) ??
            nearest(path, owners),
          path,
          { crlNumber: number },
        );
        break;
      default:
        if (path.endsWith(".srl")) {
          give(
            owners.find(({ files: own }) =>
              own.some(
                (file) =>
                  posix.dirname(file) === folder &&
                  stemOf(file) === stemOf(path),
              ),
            ),
            path,
            { lastSerial: number },
          );
        }
    }
  }
  return { owned, ownerless };
}

function isDatabase({ path, content }: ReadFile): boolean {
  const name = posix.basename(path);
  return (
    !/\.(old|attr|new)$/.test(name) &&
    (name === "index.txt" ||
      name === "database.txt" ||
      looksLikeDatabase(content.toString("latin1", 0, 4096)))
  );
}

/** The CA that issued most of what the database lists, else the one beside it. */
function ownerOfDatabase<T extends RecordsOwner>(
  { file, entries }: Database & { readonly file: string },
  owners: readonly T[],
): T | undefined {
  const counted = owners
    .map((owner) => ({
      owner,
      count: entries.filter(({ serialNumber }) =>
        owner.issued.has(canonicalHex(serialNumber)),
      ).length,
    }))
    .sort((one, other) => other.count - one.count);
  const [first, second] = counted;
  return first !== undefined && first.count > 0 && first.count !== second?.count
    ? first.owner
    : nearest(file, owners);
}

/** The one CA with a file in the folder of a record, or below it, or else above it. */
function nearest<T extends RecordsOwner>(
  path: string,
  owners: readonly T[],
): T | undefined {
  let folder = ownerFolder(path);
  const home = (file: string): string => ownerFolder(file);
  for (;;) {
    const here = folder;
    const within = (file: string): boolean =>
      home(file) === here || here === "" || home(file).startsWith(`${here}/`);
    const same = owners.filter(({ files }) =>
      files.some((file) => home(file) === here),
    );
    const below = owners.filter(({ files }) => files.some(within));
    const found = same.length > 0 ? same : below;
    if (found.length > 0) {
      return found.length === 1 ? found[0] : undefined;
    }
    if (here === "") {
      return undefined;
    }
    folder = here.includes("/") ? posix.dirname(here) : "";
  }
}
