import type { Hash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { quote } from "../../problem";
import { codeOf, refusal } from "./fileBytes";

const SUFFIX = /^[^.].*\.(csr|req|pem|p10|der)$/i;

/** No request is larger. */
export const MAXIMUM_REQUEST_BYTES = 256 * 1024;

/** A file that is to hold one certificate request. */
export interface RequestFile {
  /** Where it stands, for messages. */
  readonly source: string;
  /** What it holds, or why it cannot be one. */
  readonly content: Buffer | string;
}

/** Is this a name for a certificate request? Hidden files, as some systems put beside each file, are not looked at. */
export function isRequestName(name: string): boolean {
  return SUFFIX.test(name);
}

/** Why a file of so many bytes is no request. */
export function tooLarge(bytes: number): string {
  return `has ${bytes} bytes, which no request has; put nothing but requests into this folder.`;
}

/**
 * The requests of a folder in the order of their file names, which are all held;
 * names and contents are put into `hash`.
 *
 * @throws InputError where there is none
 */
export function* requestsOfFolder(
  folder: string,
  hash: Hash,
): Generator<RequestFile> {
  const names = readFolder(folder).filter(isRequestName).sort();
  if (names.length === 0) {
    throw refusal(
      "requests",
      `${quote(folder)} holds no request; put files that end with .csr, .req, .pem, .p10 or .der there.`,
    );
  }
  for (const name of names) {
    const source = join(folder, name);
    const content = readContent(source);
    // Lengths keep one name with its content from reading like another.
    hash.update(`${Buffer.byteLength(name)}:${name}:${content.length}:`);
    hash.update(content);
    yield { source, content };
  }
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = codeOf(error);
    throw refusal(
      "requests",
      code === "ENOENT"
        ? `${quote(folder)} is not there; name a folder relative to the folder of Pulumi.yaml.`
        : `${quote(folder)} cannot be read (${code}); name a folder of certificate requests, or an archive of them that ends with .tar, .tar.gz or .tgz.`,
    );
  }
}

function readContent(source: string): Buffer | string {
  try {
    const found = statSync(source);
    return !found.isFile()
      ? "is no file; put nothing but requests into this folder."
      : found.size > MAXIMUM_REQUEST_BYTES
        ? tooLarge(found.size)
        : readFileSync(source);
  } catch (error) {
    return `cannot be read (${codeOf(error)}); let this user read it.`;
  }
}
