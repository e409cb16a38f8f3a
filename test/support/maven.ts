import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** A jar of a Maven repository, and what it must be. */
export interface Artifact {
  /** `org.bouncycastle:bcprov-jdk18on:1.84`, and a classifier behind it where there is one. */
  readonly coordinates: string;
  /** Of the jar, lowercase hex. */
  readonly sha256: string;
}

/** The jars of a lock file; or why they cannot be had. */
export type Jars =
  | {
      /** Paths, in the order of the lock file. */
      readonly paths: readonly string[];
      /** The same as the argument of `java -cp`. */
      readonly classPath: string;
    }
  | { readonly paths: undefined; readonly reason: string };

const COORDINATES = /^[\w.-]+:[\w.-]+:[\w.-]+(:[\w.-]+)?$/;
const SHA256 = /^[0-9a-f]{64}$/;
const MAVEN_CENTRAL = "https://repo.maven.apache.org/maven2";
const SECONDS = 300;

/**
 * Reads a lock file: a line for each jar with its coordinates and its SHA-256,
 * divided by a blank; lines that begin with `#` are for people.
 *
 * @throws Error naming the line that is neither
 */
export function readLock(text: string): Artifact[] {
  return text.split("\n").flatMap((line, index) => {
    const [coordinates = "", sha256 = "", ...rest] = line.trim().split(/\s+/);
    if (coordinates === "" || coordinates.startsWith("#")) {
      return [];
    }
    if (
      !COORDINATES.test(coordinates) ||
      !SHA256.test(sha256) ||
      rest.length > 0
    ) {
      throw new Error(
        `line ${index + 1} of the lock file is no "group:artifact:version SHA-256": ${line}`,
      );
    }
    return [{ coordinates, sha256 }];
  });
}

/** Where a jar is below a repository's address. */
export function pathInRepository(coordinates: string): string {
  const [group = "", artifact = "", version = "", classifier] =
    coordinates.split(":");
  const suffix = classifier === undefined ? "" : `-${classifier}`;
  return `${group.replaceAll(".", "/")}/${artifact}/${version}/${artifact}-${version}${suffix}.jar`;
}

/**
 * The jars of a lock file, from the tests' cache or, the first time, from
 * `MAVEN_REPOSITORY` or Maven Central. Nothing is used that has another
 * SHA-256 than the lock file says.
 *
 * It waits for the network without a promise, so that a test file can decide
 * whether to skip: `describeWith({ name, path: jars.classPath }, jars.reason …)`.
 *
 * @param lockFile path; see {@link readLock}
 * @example
 * ```ts
 * const jars = mavenJars(join(PROGRAMS, "java", "bouncycastle.lock"));
 * ```
 */
export function mavenJars(
  lockFile: string,
  repository = process.env.MAVEN_REPOSITORY ?? MAVEN_CENTRAL,
): Jars {
  const folder = cacheFolder();
  const wanted = readLock(readFileSync(lockFile, "utf8")).map(
    ({ coordinates, sha256 }) => {
      const place = pathInRepository(coordinates);
      const name = place.slice(place.lastIndexOf("/") + 1);
      return {
        url: `${repository.replace(/\/+$/, "")}/${place}`,
        sha256,
        path: join(folder, sha256.slice(0, 16), name),
      };
    },
  );
  const missing = wanted.filter(
    ({ path, sha256 }) => !existsSync(path) || sha256Of(path) !== sha256,
  );
  const failure = missing.length === 0 ? "" : download(missing);
  if (failure !== "") {
    return {
      paths: undefined,
      reason: `it is not to be had from ${repository}: ${failure}`,
    };
  }
  const paths = wanted.map(({ path }) => path);
  return { paths, classPath: paths.join(delimiter) };
}

/** What went wrong; empty where nothing did. */
function download(wanted: readonly object[]): string {
  const { status, stderr, error } = spawnSync(
    process.execPath,
    // Whom the machine trusts, as its other programs do: a network may have a root of its own.
    ["--use-system-ca", join(__dirname, "mavenDownload.cjs")],
    {
      input: JSON.stringify(wanted),
      encoding: "utf8",
      timeout: SECONDS * 1000,
    },
  );
  return status === 0
    ? ""
    : stderr.trim() || (error?.message ?? `no answer in ${SECONDS} s`);
}

function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Beside what the tests compile; outside the checkout. */
function cacheFolder(): string {
  const home = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const folder = join(home, "mqtt-pki", "maven");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
