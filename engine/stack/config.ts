import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { EngineError, outOfScope } from "../errors";
import {
  canonicalJson,
  isMap,
  type PropertyMap,
  type PropertyValue,
} from "../values";
import { writeFileAtomic } from "./atomic";
import { type Project, readYaml } from "./project";
import type { Crypter } from "./secrets";

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
  crypter: () => Crypter,
): ProgramConfig {
  const values: Record<string, string> = {};
  const secretKeys: string[] = [];
  for (const [key, value] of Object.entries(config.values).sort(byKey)) {
    const opened = open(value, crypter);
    values[key] = asText(opened.value);
    if (opened.secret) {
      secretKeys.push(key);
    }
  }
  return { values, secretKeys: secretKeys.sort() };
}

/** Whether anything in the configuration has to be decrypted. */
export function hasSecrets(config: StackConfig): boolean {
  const search = (value: PropertyValue): boolean =>
    secureText(value) !== undefined ||
    (Array.isArray(value)
      ? value.some(search)
      : isMap(value) && Object.values(value).some(search));
  return Object.values(config.values).some(search);
}

function open(
  value: PropertyValue,
  crypter: () => Crypter,
): { value: PropertyValue; secret: boolean } {
  const ciphertext = secureText(value);
  if (ciphertext !== undefined) {
    return { value: crypter().decrypt(ciphertext), secret: true };
  }
  if (Array.isArray(value)) {
    const elements = value.map((element) => open(element, crypter));
    return {
      value: elements.map((element) => element.value),
      secret: elements.some((element) => element.secret),
    };
  }
  if (isMap(value)) {
    const entries = Object.entries(value).map(([key, inner]) => ({
      key,
      ...open(inner, crypter),
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

function secureText(value: PropertyValue): string | undefined {
  return isMap(value) &&
    Object.keys(value).length === 1 &&
    typeof value.secure === "string"
    ? value.secure
    : undefined;
}

function asText(value: PropertyValue): string {
  if (value === null) {
    return "";
  }
  return typeof value === "object" ? canonicalJson(value) : String(value);
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** Old files write `project:config:key` for `project:key`. */
function shortKey(key: string): string {
  const [namespace, middle, ...name] = key.split(":");
  return middle === "config" && namespace !== undefined && name.length > 0
    ? `${namespace}:${name.join(":")}`
    : key;
}
