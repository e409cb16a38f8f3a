import type { Description } from "./description";
import {
  describeCertificate,
  describePublicKey,
  describeRequest,
} from "./description";
import type { Unreadable } from "./files";
import { findFolders, readFolder } from "./files";
import { certificatesOf } from "./judging";
import type { Measure } from "./judging";
import { Kind, sortOut } from "./sorting";
import type { Sorted } from "./sorting";

/** What stands in one file. */
export interface Inspected {
  readonly name: string;
  /** One of {@link Kind}. */
  readonly kind: string;
  readonly certificates: readonly Description[];
  readonly requests: readonly Description[];
  /** Kind of the key and the certificates it belongs to; nothing of the key itself. */
  readonly keys: readonly Description[];
}

/** Describes everything below the paths; answers the paths that cannot be read. */
export function inspectPaths(
  paths: readonly string[],
  { now, password }: Measure,
  take: (inspected: Inspected) => void,
): Unreadable[] {
  const { folders, unreadable } = findFolders(paths);
  for (const folder of folders) {
    const content = readFolder(folder);
    unreadable.push(...content.unreadable);
    for (const { name, object, materials } of content.groups) {
      const texts = materials
        .map((material) => sortOut(material, password, () => false))
        .filter(({ kind }) => kind !== Kind.Other);
      for (const text of texts) {
        take({
          name: `${name}${object ? " " : "/"}${text.name}`.replace(/^\.\//, ""),
          kind: text.kind,
          certificates: text.certificates.map((one) =>
            describeCertificate(one, now),
          ),
          requests: text.requests.map(
            (pem) => describeRequest(pem) ?? { subject: "cannot be read" },
          ),
          keys: text.keys.map((key) => describeKeyFile(key, texts)),
        });
      }
    }
  }
  return unreadable;
}

function describeKeyFile(
  found: Sorted["keys"][number],
  texts: readonly Sorted[],
): Description {
  if (found.key === undefined) {
    return {
      "private key": found.encrypted
        ? "encrypted; give its password with --password-file"
        : "cannot be read",
    };
  }
  const owners = certificatesOf(found, texts);
  return {
    "private key": `${describePublicKey(found.key)}${found.encrypted ? ", encrypted" : ""}`,
    "belongs to": owners.length > 0 ? owners.join(", ") : "no certificate here",
  };
}

/** One file for people. */
export function inspectedText(inspected: Inspected): string {
  const { name, kind, certificates, requests, keys } = inspected;
  const blocks = [...certificates, ...requests, ...keys].map((description) => {
    const width = Math.max(
      ...Object.keys(description).map((key) => key.length),
    );
    return Object.entries(description)
      .map(([key, value]) => `    ${key.padEnd(width)}  ${value}\n`)
      .join("");
  });
  return `${name}: ${kind}\n${blocks.join("\n")}`;
}
