import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { InputError, quote } from "../pki/problem";
import { codeOf } from "./failure";

const text = z.string().nullish();

const clusterSchema = z.object({
  server: z.string().min(1),
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": z.boolean().nullish(),
  "tls-server-name": text,
  "proxy-url": text,
});

const execSchema = z.object({
  apiVersion: text,
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  provideClusterInfo: z.boolean().nullish(),
});

const userSchema = z.object({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  "as-uid": text,
  "as-groups": z.array(z.string()).nullish(),
  "as-user-extra": z.record(z.string(), z.array(z.string())).nullish(),
  "auth-provider": z
    .object({
      name: z.string(),
      config: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
  exec: execSchema.nullish(),
});

const contextSchema = z.object({
  cluster: text,
  user: text,
  namespace: text,
});

const fileSchema = z.object({
  clusters: z
    .array(z.object({ name: z.string(), cluster: clusterSchema }))
    .nullish(),
  users: z
    .array(z.object({ name: z.string(), user: userSchema.nullish() }))
    .nullish(),
  contexts: z
    .array(z.object({ name: z.string(), context: contextSchema }))
    .nullish(),
  "current-context": text,
});

/** One cluster of a kubeconfig, by the names that the file uses. */
export type ClusterEntry = z.infer<typeof clusterSchema>;
/** One user of a kubeconfig. */
export type UserEntry = z.infer<typeof userSchema>;
/** A credential plugin of a kubeconfig. */
export type ExecEntry = z.infer<typeof execSchema>;
/** One context of a kubeconfig. */
export type ContextEntry = z.infer<typeof contextSchema>;

/** What one or several kubeconfigs hold together; paths in it are absolute. */
export interface KubeconfigFile {
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly currentContext?: string;
}

/** Where a kubeconfig comes from when nobody names one. */
export interface Ambient {
  readonly environment: NodeJS.ProcessEnv;
  /** The home folder. Default: the user's. */
  readonly home?: string;
}

/**
 * Reads a kubeconfig: the content itself, a path, or a list of paths with the
 * separator of `KUBECONFIG`.
 *
 * @throws InputError that quotes nothing of what the file holds
 */
export function readKubeconfig(
  pathOrContent: string,
  home = homedir(),
): KubeconfigFile {
  if (isContent(pathOrContent)) {
    return parseKubeconfig(pathOrContent, "the content given", process.cwd());
  }
  const path = withHome(pathOrContent, home);
  const content = contentOf(path);
  if (content !== undefined) {
    return parseKubeconfig(content, path, dirname(resolve(path)));
  }
  if (pathOrContent.includes(delimiter)) {
    return readFirst(pathOrContent.split(delimiter), home);
  }
  throw refusal(
    `${shown(pathOrContent)} is not there; write the path of a kubeconfig, or its content.`,
  );
}

/**
 * Reads the kubeconfig that kubectl would take: `KUBECONFIG`, whose files are
 * merged, else `~/.kube/config`.
 *
 * @returns `undefined` where there is none
 * @throws InputError that quotes nothing of what the files hold
 */
export function readAmbientKubeconfig({
  environment,
  home = homedir(),
}: Ambient): KubeconfigFile | undefined {
  const listed = environment.KUBECONFIG ?? "";
  const paths =
    listed === "" ? [join(home, ".kube", "config")] : listed.split(delimiter);
  const files = filesOf(paths, home);
  return files.length === 0 ? undefined : merged(files);
}

/** Is it the text of a kubeconfig, rather than where one is? */
export function isContent(pathOrContent: string): boolean {
  return (
    pathOrContent.includes("\n") || pathOrContent.trimStart().startsWith("{")
  );
}

function readFirst(paths: readonly string[], home: string): KubeconfigFile {
  const files = filesOf(paths, home);
  if (files.length === 0) {
    throw refusal(
      `none of ${paths.map(shown).join(", ")} is there; write the path of a kubeconfig, or its content.`,
    );
  }
  return merged(files);
}

/** Those of the files that are there: of a list, the others are passed over. */
function filesOf(paths: readonly string[], home: string): KubeconfigFile[] {
  return [...new Set(paths)]
    .filter((path) => path !== "")
    .flatMap((listed) => {
      const path = withHome(listed, home);
      const content = contentOf(path);
      return content === undefined
        ? []
        : [parseKubeconfig(content, path, dirname(resolve(path)))];
    });
}

/** The first file that has a name decides what it means, and the first that has a current context which it is. */
function merged(files: readonly KubeconfigFile[]): KubeconfigFile {
  const firsts = <T>(maps: readonly ReadonlyMap<string, T>[]) =>
    new Map(maps.toReversed().flatMap((map) => [...map]));
  const current = files.find(({ currentContext }) => currentContext);
  return {
    clusters: firsts(files.map(({ clusters }) => clusters)),
    users: firsts(files.map(({ users }) => users)),
    contexts: firsts(files.map(({ contexts }) => contexts)),
    ...(current?.currentContext !== undefined && {
      currentContext: current.currentContext,
    }),
  };
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = codeOf(error);
    switch (code) {
      case "ENOENT":
      case "ENOTDIR":
      case "ENAMETOOLONG":
        return undefined;
      case "EISDIR":
        throw refusal(`${shown(path)} is a folder; name the file within.`);
      default:
        throw refusal(
          `${shown(path)} cannot be read (${String(code)}); let this user read it.`,
        );
    }
  }
}

/** @param folder what relative paths in it start from */
function parseKubeconfig(
  content: string,
  place: string,
  folder: string,
): KubeconfigFile {
  let value: unknown;
  try {
    value = parse(content, { merge: true, logLevel: "error" });
  } catch {
    // The parser's message quotes the line, and that may be a token.
    throw refusal(`${shown(place)} is no kubeconfig: it is not YAML.`);
  }
  const result = fileSchema.safeParse(value ?? {});
  if (!result.success) {
    throw new InputError(
      result.error.issues.map(({ path, message }) => ({
        path: "kubeconfig",
        message: `${shown(place)} is no kubeconfig: ${pathText(path)}${message}.`,
      })),
    );
  }
  const { clusters, users, contexts } = result.data;
  const currentContext = result.data["current-context"] ?? "";
  return {
    clusters: new Map(
      (clusters ?? []).map(({ name, cluster }) => [
        name,
        absolute(cluster, ["certificate-authority"], folder),
      ]),
    ),
    users: new Map(
      (users ?? []).map(({ name, user }) => [
        name,
        absoluteUser(user ?? {}, folder),
      ]),
    ),
    contexts: new Map(
      (contexts ?? []).map(({ name, context }) => [name, context]),
    ),
    ...(currentContext !== "" && { currentContext }),
  };
}

function absoluteUser(user: UserEntry, folder: string): UserEntry {
  const paths = ["client-certificate", "client-key", "tokenFile"] as const;
  const made = absolute(user, paths, folder);
  const { exec } = made;
  // A command without a slash is looked up on PATH.
  return exec != null && /[/\\]/.test(exec.command)
    ? { ...made, exec: { ...exec, command: resolve(folder, exec.command) } }
    : made;
}

function absolute<T extends object>(
  entry: T,
  names: readonly (keyof T)[],
  folder: string,
): T {
  const made = { ...entry };
  for (const name of names) {
    const path = entry[name];
    if (typeof path === "string" && path !== "") {
      Object.assign(made, { [name]: resolve(folder, path) });
    }
  }
  return made;
}

/** A shell would do it; a configuration has none. */
function withHome(path: string, home: string): string {
  return path === "~" || /^~[/\\]/.test(path)
    ? join(home, path.slice(1))
    : path;
}

/** A path as it may stand in a message. What is longer may be something else, pasted where a path was asked for. */
function shown(path: string): string {
  return path.length > 120
    ? `the file that is named with ${path.length} characters`
    : quote(path);
}

/** Where in the file, by its keys and indices only. */
function pathText(path: readonly PropertyKey[]): string {
  const steps = path.map((step) =>
    typeof step === "number" ? `[${step}]` : `.${String(step)}`,
  );
  return steps.length === 0 ? "" : `${steps.join("").replace(/^\./, "")}: `;
}

function refusal(message: string): InputError {
  return new InputError([{ path: "kubeconfig", message }]);
}
