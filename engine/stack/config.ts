import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { EngineError, outOfScope } from "../errors";
import { goJson, isMap, type PropertyMap, type PropertyValue } from "../values";
import { writeFileAtomic } from "./atomic";
import { type Project, readYaml } from "./project";

/** Opens one ciphertext. */
interface Decrypter {
  decrypt: (ciphertext: string) => string;
}

/** A stack's configuration file, Pulumi.<stack>.yaml. */
export interface StackConfig {
  file: string;
  values: Record<string, PropertyValue>;
  encryptionSalt: string | undefined;
}

/** The configuration as a program gets it: every value as text, and which keys are secret. */
export interface ProgramConfig {
  values: Record<string, string>;
  secretKeys: string[];
}

/** Reads a stack's configuration; a file that does not exist is an empty one. */
export async function loadStackConfig(
  project: Project,
  stack: string,
  explicitFile: string | undefined,
): Promise<StackConfig> {
  const file =
    explicitFile ?? join(project.configDirectory, `Pulumi.${stack}.yaml`);
  if (explicitFile !== undefined && !existsSync(file)) {
    throw new EngineError(`The configuration file ${file} does not exist.`);
  }
  const yaml: PropertyMap = existsSync(file) ? await readYaml(file) : {};
  for (const member of ["environment", "encryptedkey"]) {
    if (yaml[member] !== undefined) {
      throw outOfScope(`"${member}" in ${file}`);
    }
  }
  const secretsProvider = yaml.secretsprovider;
  if (
    typeof secretsProvider === "string" &&
    !["", "default", "passphrase"].includes(secretsProvider)
  ) {
    throw outOfScope(
      `The secrets provider "${secretsProvider}" in ${file} (this engine has "passphrase")`,
    );
  }
  const values: Record<string, PropertyValue> = { ...project.configDefaults };
  for (const [key, value] of Object.entries(
    isMap(yaml.config) ? yaml.config : {},
  )) {
    values[shortKey(key)] = value;
  }
  const salt = yaml.encryptionsalt;
  return {
    file,
    values,
    encryptionSalt: typeof salt === "string" ? salt : undefined,
  };
}

/** Adds the salt at the end of the configuration file and leaves the rest of its text alone. */
export async function appendSalt(file: string, salt: string): Promise<void> {
  const before = existsSync(file) ? await readFile(file, "utf8") : "";
  const separator = before === "" || before.endsWith("\n") ? "" : "\n";
  await writeFileAtomic(
    file,
    `${before}${separator}encryptionsalt: ${salt}\n`,
    0o644,
  );
}

/** Decrypts the configuration and turns structured values into JSON text. */
export function programConfig(
  config: StackConfig,
  crypter: () => Decrypter,
): ProgramConfig {
  const values: Record<string, string> = {};
  const secretKeys: string[] = [];
  for (const [key, value] of Object.entries(config.values).sort(byKey)) {
    const opened = openValue(value, crypter);
    values[key] = asText(opened.value);
    if (opened.secret) {
      secretKeys.push(key);
    }
  }
  return { values, secretKeys: secretKeys.sort() };
}

/** Whether anything in the configuration has to be decrypted. */
export function hasSecrets(config: StackConfig): boolean {
  return Object.values(config.values).some(holdsSecret);
}

/** Whether anything in a value has to be decrypted. */
export function holdsSecret(value: PropertyValue): boolean {
  return (
    secureText(value) !== undefined ||
    (Array.isArray(value)
      ? value.some(holdsSecret)
      : isMap(value) && Object.values(value).some(holdsSecret))
  );
}

/** Decrypts what is secret in a value. */
export function openValue(
  value: PropertyValue,
  crypter: () => Decrypter,
): { value: PropertyValue; secret: boolean } {
  const ciphertext = secureText(value);
  if (ciphertext !== undefined) {
    return { value: crypter().decrypt(ciphertext), secret: true };
  }
  if (Array.isArray(value)) {
    const elements = value.map((element) => openValue(element, crypter));
    return {
      value: elements.map((element) => element.value),
      secret: elements.some((element) => element.secret),
    };
  }
  if (isMap(value)) {
    const entries = Object.entries(value).map(([key, inner]) => ({
      key,
      ...openValue(inner, crypter),
    }));
    return {
      value: Object.fromEntries(
        entries.map((entry) => [entry.key, entry.value]),
      ),
      secret: entries.some((entry) => entry.secret),
    };
  }
  return { value, secret: false };
}

/** The ciphertext, if the value is a secret. */
export function secureText(value: PropertyValue): string | undefined {
  return isMap(value) &&
    Object.keys(value).length === 1 &&
    typeof value.secure === "string"
    ? value.secure
    : undefined;
}

/** A value as a program gets it. */
export function asText(value: PropertyValue): string {
  if (value === null) {
    return "";
  }
  return typeof value === "object" ? goJson(value) : String(value);
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** A key as it is given: without a namespace it is the project's; old ones are `project:config:key`. */
export function fullKey(key: string, project: string): string {
  const short = shortKey(key.includes(":") ? key : `${project}:${key}`);
  if (!/^[^:]+:[^:]+$/.test(short)) {
    throw new EngineError(
      `"${key}" is not a configuration key: it has the form <name> or <namespace>:<name>.`,
    );
  }
  return short;
}

/** Old files write `project:config:key` for `project:key`. */
function shortKey(key: string): string {
  const [namespace, middle, ...name] = key.split(":");
  return middle === "config" && namespace !== undefined && name.length > 0
    ? `${namespace}:${name.join(":")}`
    : key;
}
