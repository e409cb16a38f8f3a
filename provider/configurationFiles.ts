import { createHash } from "node:crypto";
import { posix, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";
import { checkResult } from "./checks";
import { inform } from "./engineLog";
import { folderProblems } from "./folders";
import type { CustomResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";
import { holdsSecret, secret } from "./wire";
import type { FileContent } from "./writtenFiles";
import {
  FileCondition,
  WrittenFiles,
  digestOf,
  foldersAbove,
  isRecord,
} from "./writtenFiles";

const texts = z.record(z.string(), z.string());

const inputsSchema = z.strictObject({
  directory: z.string(),
  files: texts.exactOptional(),
  secretFiles: texts.exactOptional(),
  secretBinaryFiles: texts.exactOptional(),
});
type Inputs = z.infer<typeof inputsSchema>;

const KINDS = ["files", "secretFiles", "secretBinaryFiles"] as const;

const outputsSchema = z.object({
  directory: z.string(),
  /** Under which name the folder records the files; the resource may be renamed. */
  record: z.string(),
  paths: z.array(z.string()),
  sha256: z.string(),
  secretPaths: z.array(z.string()),
  /** SHA-256 by path. Secret: a password in a file could be tried on it. */
  digests: texts,
});
type Outputs = z.infer<typeof outputsSchema>;

/** What the resources that were checked in this process are to write, by URN: no record has that before the update. */
const claims = new Map<string, ReadonlySet<string>>();

/** `mqtt-pki:index:ConfigurationFiles`: files in a folder, public ones and secret ones. */
export const configurationFiles: CustomResource = {
  check(urn, oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(inputsSchema, news);
    if (draft === undefined) {
      return Promise.resolve(checkResult(news, problems));
    }
    const old = oldInputs && schema.parse(inputsSchema, oldInputs).draft;
    const wanted = wantedPaths(draft, unknown);
    const found = [
      ...problems,
      ...(KINDS.some((kind) => unknown.includes(kind))
        ? []
        : emptyProblems(wanted)),
      ...pathProblems(wanted),
      ...(holdsSecret(news.files)
        ? [
            {
              path: "files",
              message:
                "holds a secret, and its files are for everybody to read; move that file to secretFiles.",
            },
          ]
        : []),
      ...contentProblems(draft),
      ...schema.knownProblems(unknown, directoryProblems(draft.directory)),
    ];
    return Promise.resolve(
      checkResult(
        news,
        found.length > 0 || unknown.includes("directory")
          ? found
          : claimProblems(urn, draft, wanted, old),
      ),
    );
  },

  async diff(_id, urn, olds, news) {
    const { value: inputs, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    if (inputs === undefined || old === undefined || unknown.length > 0) {
      return { changes: true };
    }
    const edited = editedPaths(old);
    if (edited.length > 0) {
      await inform(
        urn,
        `${edited.map((path) => posix.join(old.directory, path)).join(", ")}: not as the last update left it; this one writes it again.`,
        "warning",
      );
    }
    return {
      changes:
        edited.length > 0 ||
        !isDeepStrictEqual(outputs(old.record, inputs), old),
    };
  },

  create(urn, inputs) {
    return Promise.resolve({
      id: nameOf(urn),
      outs: write(recordOf(urn), schema.required(inputsSchema, inputs)),
    });
  },

  update(_id, _urn, olds, news) {
    const old = schema.required(outputsSchema, olds);
    const inputs = schema.required(inputsSchema, news);
    const outs = write(old.record, inputs);
    if (old.directory !== inputs.directory) {
      removeFiles(old);
    }
    return Promise.resolve({ outs });
  },

  async delete(_id, urn, olds) {
    const old = schema.required(outputsSchema, olds);
    claims.delete(urn);
    const kept = removeFiles(old);
    if (kept.length > 0) {
      await inform(
        urn,
        `${kept.map((path) => posix.join(old.directory, path)).join(", ")}: edited by hand, and so left there.`,
        "warning",
      );
    }
  },
};

/** A path below the folder, with where it stands in the arguments. */
interface WantedPath {
  readonly path: string;
  readonly argument: string;
}

function wantedPaths(inputs: Inputs, unknown: readonly string[]): WantedPath[] {
  return KINDS.flatMap((kind) =>
    [
      ...Object.keys(inputs[kind] ?? {}),
      // Of what is not known yet, the name is.
      ...unknown
        .filter((place) => place.startsWith(`${kind}.`))
        .map((place) => place.slice(kind.length + 1)),
    ].map((path) => ({ path, argument: `${kind}[${quote(path)}]` })),
  );
}

function emptyProblems(wanted: readonly WantedPath[]): Problem[] {
  return wanted.length === 0
    ? [{ path: "files", message: "names no file; write one at least." }]
    : [];
}

function pathProblems(wanted: readonly WantedPath[]): Problem[] {
  // The first that stands there, and the first that stands below.
  const files = new Map<string, WantedPath>();
  const folders = new Map<string, WantedPath>();
  return wanted.flatMap((one) => {
    const { path, argument } = one;
    const above = foldersAbove(path);
    const other =
      files.get(path) ??
      folders.get(path) ??
      above.map((folder) => files.get(folder)).find(Boolean);
    files.set(path, files.get(path) ?? one);
    above.forEach((folder) => folders.set(folder, folders.get(folder) ?? one));
    return [
      ...(isPlainPath(path)
        ? []
        : [
            {
              path: argument,
              message: `is no path below the folder; write names with "/" between them, such as "conf.d/tls.conf".`,
            },
          ]),
      ...(other === undefined
        ? []
        : [
            {
              path: argument,
              message: `is the place of ${other.argument} as well; name another.`,
            },
          ]),
    ];
  });
}

function isPlainPath(path: string): boolean {
  return (
    // What is not printed would break the lines of the record.
    !/[\\\p{Cc}]/u.test(path) &&
    path.split("/").every((part) => !["", ".", ".."].includes(part)) &&
    !path.endsWith(".partial") &&
    !isRecord(path)
  );
}

function contentProblems({ secretBinaryFiles = {} }: Inputs): Problem[] {
  return Object.entries(secretBinaryFiles).flatMap(([path, text]) =>
    Buffer.from(text, "base64").toString("base64") === text
      ? []
      : [
          {
            path: `secretBinaryFiles[${quote(path)}]`,
            message: "is no base64; write the content in base64, in one line.",
          },
        ],
  );
}

function directoryProblems(directory: string): Problem[] {
  if (directory.trim() === "") {
    return [
      {
        path: "directory",
        message: `${quote(directory)} is no folder; write one, such as "rendered/dev/broker".`,
      },
    ];
  }
  return folderProblems("directory", directory);
}

/**
 * The name of a resource's record. The resource of the same name in another
 * stack, or below another parent, is another one: they do not share a record,
 * by which each would take the files of the other for its own.
 */
function recordOf(urn: string): string {
  const digest = createHash("sha256").update(urn).digest("hex");
  return `${nameOf(urn)}-${digest.slice(0, 8)}`;
}

/** Files that somebody else wrote, or writes, and what is in their way. */
function claimProblems(
  urn: string,
  inputs: Inputs,
  wanted: readonly WantedPath[],
  old: Inputs | undefined,
): Problem[] {
  const place = new WrittenFiles(inputs.directory, recordOf(urn));
  // A resource that was renamed by an alias left its record under its old name.
  const before =
    old?.directory === inputs.directory
      ? wantedPaths(old, []).map(({ path }) => path)
      : [];
  const own = new Set([...place.own(), ...before]);
  const ownFolders = new Set([...own].flatMap(foldersAbove));
  const others = place.others();
  const digests = digestsOf(contentsOf(inputs));
  const claimed = claim(urn, inputs.directory, wanted);
  return wanted.flatMap(({ path, argument }) => {
    const full = quote(posix.join(inputs.directory, path));
    const obstacle = place.obstacle(path, own);
    if (obstacle !== undefined) {
      return [
        {
          path: argument,
          message: `${quote(posix.join(inputs.directory, obstacle.path))} is ${obstacle.what}; move it away, or name another file or folder.`,
        },
      ];
    }
    const other =
      claimed.get(path) ?? (own.has(path) ? undefined : others.get(path));
    if (other !== undefined) {
      const name = other.replace(/-[0-9a-f]{8}$/, "");
      return [
        {
          path: argument,
          message:
            name === nameOf(urn)
              ? `${full} is written by a ConfigurationFiles of the same name already, of another stack or below another parent; put the stack's name into the folder, or name another file or folder.`
              : `${full} is written by the ConfigurationFiles ${quote(name)} already; name another file or folder.`,
        },
      ];
    }
    return !own.has(path) &&
      !ownFolders.has(path) &&
      place.condition(path, digests[path] ?? "", false) === FileCondition.Other
      ? [
          {
            path: argument,
            message: `${full} is there already, and not written by this resource; move it away, or name another file or folder.`,
          },
        ]
      : [];
  });
}

/** Says what a resource is to write, and answers which of it another one is, as names of records by path. */
function claim(
  urn: string,
  directory: string,
  wanted: readonly WantedPath[],
): Map<string, string> {
  const mine = new Map(
    wanted.map(({ path }) => [path, resolve(directory, path)]),
  );
  claims.set(urn, new Set(mine.values()));
  const taken = new Map<string, string>();
  for (const [other, files] of claims) {
    for (const [path, file] of mine) {
      if (other !== urn && files.has(file)) {
        taken.set(path, recordOf(other));
      }
    }
  }
  return taken;
}

function contentsOf(inputs: Inputs): Map<string, FileContent> {
  return new Map(
    KINDS.flatMap((kind) =>
      Object.entries(inputs[kind] ?? {}).map(([path, text]) => [
        path,
        {
          bytes: Buffer.from(
            text,
            kind === "secretBinaryFiles" ? "base64" : "utf8",
          ),
          secret: kind !== "files",
        },
      ]),
    ),
  );
}

function digestsOf(
  contents: ReadonlyMap<string, FileContent>,
): Record<string, string> {
  return Object.fromEntries(
    [...contents].map(([path, { bytes }]) => [path, digestOf(bytes)]),
  );
}

function outputs(record: string, inputs: Inputs): Outputs {
  const contents = contentsOf(inputs);
  const open = [...contents].filter(([, content]) => !content.secret);
  const secretPaths = [...contents.keys()].filter(
    (path) => contents.get(path)?.secret,
  );
  return {
    directory: inputs.directory,
    record,
    paths: [...contents.keys()].sort(),
    sha256: digestOf(
      Buffer.from(
        open
          .map(([path, { bytes }]) => `${path}\0${digestOf(bytes)}\n`)
          .sort()
          .join(""),
      ),
    ),
    secretPaths: secretPaths.sort(),
    digests: digestsOf(contents),
  };
}

function write(record: string, inputs: Inputs): Properties {
  new WrittenFiles(inputs.directory, record).write(contentsOf(inputs));
  const outs = outputs(record, inputs);
  return { ...outs, digests: secret(outs.digests) };
}

function removeFiles({ directory, record, digests }: Outputs): string[] {
  return new WrittenFiles(directory, record).remove(
    new Map(Object.entries(digests)),
  );
}

function editedPaths({
  directory,
  record,
  digests,
  secretPaths,
}: Outputs): string[] {
  const place = new WrittenFiles(directory, record);
  return Object.entries(digests)
    .filter(
      ([path, sha256]) =>
        place.condition(path, sha256, secretPaths.includes(path)) !==
        FileCondition.Same,
    )
    .map(([path]) => path);
}
