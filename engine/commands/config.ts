import type { Command } from "commander";

import { EngineError } from "../errors";
import { parsePath } from "../propertyPath";
import { table } from "../show/table";
import {
  appendSalt,
  asText,
  fullKey,
  holdsSecret,
  loadStackConfig,
  openValue,
  secureText,
  type StackConfig,
} from "../stack/config";
import { ConfigFile, type ConfigValue } from "../stack/configFile";
import { locateStack, type StackPlace } from "../stack/openStack";
import { Crypter, readPassphrase } from "../stack/secrets";
import {
  isMap,
  type PropertyMap,
  type PropertyValue,
  sortKeys,
} from "../values";
import {
  enterProject,
  type StackFlags,
  stackFlags,
  type Surroundings,
} from "./common";

interface ConfigFlags extends StackFlags {
  json?: boolean;
  path?: boolean;
  secret?: boolean;
  plaintext?: boolean;
  showSecrets?: boolean;
}

type Path = [string, ...(string | number)[]];

/** Adds the commands that read and change a stack's configuration. */
export function addConfigCommands(
  root: Command,
  surroundings: Surroundings,
): void {
  const config = stackFlags(
    root.command("config").description("Show the configuration of a stack"),
  )
    .option("--json", "write JSON")
    .option("--show-secrets", "show secrets in the open")
    .action(async (flags: ConfigFlags) => {
      await (await Configuration.open(flags, surroundings)).list(flags);
    });
  const add = (
    usage: string,
    description: string,
    run: (
      configuration: Configuration,
      key: string,
      flags: ConfigFlags,
      value?: string,
    ) => Promise<void>,
  ): Command =>
    stackFlags(config.command(usage).description(description))
      .option("--path", "the key is a path into a structured value")
      .action(async (key: string, ...rest: unknown[]) => {
        const value = rest.find((word) => typeof word === "string");
        // What the list has too, such as --stack, may stand before the command's name.
        const flags: ConfigFlags = (rest.at(-1) as Command).optsWithGlobals();
        await run(
          await Configuration.open(flags, surroundings),
          key,
          flags,
          value,
        );
      });
  add("get <key>", "Show a value", (configuration, key, flags) =>
    configuration.get(key, flags),
  ).option("--json", "write JSON");
  add(
    "set <key> [value]",
    "Set a value; without one it is read from the standard input",
    (configuration, key, flags, value) => configuration.set(key, value, flags),
  )
    .option("--secret", "encrypt the value")
    .option("--plaintext", "keep the value in the open");
  add("rm <key>", "Remove a value", (configuration, key, flags) =>
    configuration.remove(key, flags),
  );
}

/** The configuration of one stack, with what the commands do to it. */
class Configuration {
  private constructor(
    private readonly place: StackPlace,
    private readonly config: StackConfig,
    private readonly surroundings: Surroundings,
  ) {}

  static async open(
    flags: StackFlags,
    surroundings: Surroundings,
  ): Promise<Configuration> {
    enterProject(flags);
    const place = await locateStack(flags.stack, surroundings.environment);
    const config = await loadStackConfig(
      place.project,
      place.name,
      flags.configFile,
    );
    return new Configuration(place, config, surroundings);
  }

  async list({ json, showSecrets }: ConfigFlags): Promise<void> {
    const entries = Object.entries(this.config.values).sort(([a], [b]) =>
      a < b ? -1 : 1,
    );
    const decrypter =
      showSecrets === true
        ? await this.decrypter(Object.values(this.config.values))
        : () => ({ decrypt: () => "[secret]" });
    if (json === true) {
      const shown = entries.map(([key, value]): [string, PropertyValue] => {
        const opened = openValue(value, decrypter);
        return [
          key,
          opened.secret && showSecrets !== true
            ? { secret: true }
            : described(opened),
        ];
      });
      this.print(JSON.stringify(Object.fromEntries(shown), undefined, 2));
      return;
    }
    const own = `${this.place.project.name}:`;
    const rows = entries.map(([key, value]) => [
      key.startsWith(own) ? key.slice(own.length) : key,
      asText(openValue(value, decrypter).value),
    ]);
    this.print(table([["KEY", "VALUE"], ...rows]));
  }

  async get(name: string, { json, path }: ConfigFlags): Promise<void> {
    const [key, ...steps] = this.locate(name, path);
    const value = this.config.values[key];
    const found = value === undefined ? undefined : follow(value, steps);
    if (found === undefined) {
      throw new EngineError(
        `The stack "${this.place.name}" has no configuration "${name}".`,
      );
    }
    const opened = openValue(found, await this.decrypter([found]));
    this.print(
      json === true
        ? JSON.stringify(described(opened), undefined, 2)
        : asText(opened.value),
    );
  }

  async set(
    name: string,
    given: string | undefined,
    flags: ConfigFlags,
  ): Promise<void> {
    if (flags.secret === true && flags.plaintext === true) {
      throw new EngineError("A value is either --secret or --plaintext.");
    }
    const path = this.locate(name, flags.path);
    const text =
      given ??
      (await this.surroundings.readInput(`Value of ${name}: `)).replace(
        /\r?\n$/,
        "",
      );
    if (
      flags.secret !== true &&
      flags.plaintext !== true &&
      text.includes("PRIVATE KEY-----")
    ) {
      throw new EngineError(
        `The value of "${name}" is a private key. Add --secret to encrypt it, or --plaintext if it may be read by everyone who reads ${this.config.file}.`,
      );
    }
    const value =
      flags.secret === true
        ? { secure: await this.encrypt(text) }
        : typed(text, path);
    const file = await ConfigFile.open(this.config.file);
    file.set(path, value);
    await file.save();
  }

  async remove(name: string, { path }: ConfigFlags): Promise<void> {
    const file = await ConfigFile.open(this.config.file);
    file.remove(this.locate(name, path));
    await file.save();
  }

  private locate(name: string, isPath: boolean | undefined): Path {
    const [key, ...steps] = isPath === true ? parsePath(name) : [name];
    return [fullKey(String(key ?? ""), this.place.project.name), ...steps];
  }

  private async encrypt(text: string): Promise<string> {
    const crypter = await this.crypter();
    if (this.config.encryptionSalt === undefined) {
      await appendSalt(this.config.file, crypter.salt);
    }
    return crypter.encrypt(text);
  }

  /** Opens what is secret in some values; without any it needs no passphrase. */
  private async decrypter(values: PropertyValue[]): Promise<() => Crypter> {
    const crypter = values.some(holdsSecret) ? await this.crypter() : undefined;
    return () => {
      if (crypter === undefined) {
        throw new EngineError("The configuration holds no secret.");
      }
      return crypter;
    };
  }

  private async crypter(): Promise<Crypter> {
    const [passphrase, stored] = await Promise.all([
      readPassphrase(this.surroundings.environment),
      this.place.backend.read(),
    ]);
    return Crypter.forStack(
      passphrase,
      this.config.encryptionSalt ?? stored?.salt,
    );
  }

  private print(text: string): void {
    this.surroundings.out(`${text}\n`);
  }
}

/** Within a structured value, texts that read as a number or a truth value are one; a value of its own is always a text. */
function typed(text: string, path: Path): ConfigValue {
  if (path.length > 1) {
    if (text === "true" || text === "false") {
      return text === "true";
    }
    if (/^[+-]?(0|[1-9]\d{0,14})$/.test(text)) {
      return Number(text);
    }
  }
  return text;
}

function follow(
  value: PropertyValue,
  steps: (string | number)[],
): PropertyValue | undefined {
  let found: PropertyValue | undefined = value;
  for (const step of steps) {
    if (Array.isArray(found)) {
      found = found[Number(step)];
    } else {
      found =
        isMap(found) && secureText(found) === undefined
          ? found[step]
          : undefined;
    }
  }
  return found;
}

function described({
  value,
  secret,
}: {
  value: PropertyValue;
  secret: boolean;
}): PropertyMap {
  return {
    value: asText(value),
    ...(typeof value === "object" && value !== null
      ? { objectValue: sortKeys(value) }
      : {}),
    secret,
  };
}
