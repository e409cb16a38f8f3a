import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { parse as parseYaml } from "yaml";

import { EngineError, messageOf, outOfScope } from "../errors";
import {
  isMap,
  parse,
  type PropertyMap,
  type PropertyValue,
  textOf,
} from "../values";
import { CLI_SCALARS } from "./yamlScalars";

/** A provider plugin that Pulumi.yaml names by its folder. */
export interface LocalPlugin {
  name: string;
  path: string;
  version: string | undefined;
}

/** What Pulumi.yaml says. */
export interface Project {
  name: string;
  /** The folder of Pulumi.yaml. */
  root: string;
  /** Where the program runs, and what is run there. */
  programDirectory: string;
  entryPoint: string;
  typescript: boolean;
  nodeArguments: string[];
  plugins: LocalPlugin[];
  backendUrl: string | undefined;
  /** Folder of the stacks' configuration files. */
  configDirectory: string;
  /** Defaults of the project's configuration, by full key. */
  configDefaults: Record<string, PropertyValue>;
}

/** Reads the Pulumi.yaml of a folder, or of the nearest folder above it. */
export async function loadProject(start: string): Promise<Project> {
  const file = findProjectFile(resolve(start));
  const yaml = await readYaml(file);
  const root = dirname(file);
  const name = yaml.name;
  if (typeof name !== "string" || name === "") {
    throw new EngineError(`${file} has no "name".`);
  }
  const runtime = yaml.runtime;
  const runtimeName = isMap(runtime) ? runtime.name : runtime;
  if (runtimeName !== "nodejs") {
    throw outOfScope(
      `A program with "runtime: ${textOf(runtimeName)}" (this engine runs "nodejs")`,
    );
  }
  const options =
    isMap(runtime) && isMap(runtime.options) ? runtime.options : {};
  if (isMap(yaml.options) && yaml.options.refresh !== undefined) {
    throw outOfScope('"options.refresh" in Pulumi.yaml');
  }
  const main = typeof yaml.main === "string" ? yaml.main : ".";
  const target = resolve(root, main);
  const isFolder = existsSync(target) && statSync(target).isDirectory();
  const backend = isMap(yaml.backend) ? yaml.backend.url : undefined;
  return {
    name,
    root,
    programDirectory: isFolder ? target : dirname(target),
    entryPoint: isFolder ? "." : basename(target),
    typescript: options.typescript !== false,
    nodeArguments:
      typeof options.nodeargs === "string"
        ? options.nodeargs.split(/\s+/).filter(Boolean)
        : [],
    plugins: localPlugins(yaml, root),
    backendUrl: typeof backend === "string" ? backend : undefined,
    configDirectory:
      typeof yaml.stackConfigDir === "string"
        ? join(root, yaml.stackConfigDir)
        : root,
    configDefaults: configDefaults(yaml.config, name),
  };
}

/** Reads a YAML file that holds a map; an empty file is an empty map. */
export async function readYaml(file: string): Promise<PropertyMap> {
  let parsed: PropertyValue;
  try {
    const text = await readFile(file, "utf8");
    parsed = parse(
      parseYaml(text, { customTags: (tags) => [...CLI_SCALARS, ...tags] }) ??
        {},
    );
  } catch (error) {
    throw new EngineError(`${file} cannot be read: ${messageOf(error)}`);
  }
  if (!isMap(parsed)) {
    throw new EngineError(`${file} does not hold a map.`);
  }
  return parsed;
}

function findProjectFile(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    for (const name of ["Pulumi.yaml", "Pulumi.yml"]) {
      if (existsSync(join(folder, name))) {
        return join(folder, name);
      }
    }
    if (dirname(folder) === folder) {
      throw new EngineError(
        `There is no Pulumi.yaml in ${start} or above it. Name the project's folder with --cwd.`,
      );
    }
  }
}

function localPlugins(yaml: PropertyMap, root: string): LocalPlugin[] {
  const plugins = isMap(yaml.plugins) ? yaml.plugins : {};
  for (const kind of ["analyzers", "languages"]) {
    if (Array.isArray(plugins[kind]) && plugins[kind].length > 0) {
      throw outOfScope(`"plugins.${kind}" in Pulumi.yaml`);
    }
  }
  const providers = Array.isArray(plugins.providers) ? plugins.providers : [];
  return providers.filter(isMap).map(({ name, path, version }) => {
    if (typeof name !== "string" || typeof path !== "string") {
      throw new EngineError(
        'Each of "plugins.providers" in Pulumi.yaml needs a "name" and a "path".',
      );
    }
    return {
      name,
      path: resolve(root, path),
      version: typeof version === "string" ? version : undefined,
    };
  });
}

function configDefaults(
  config: PropertyValue | undefined,
  project: string,
): Record<string, PropertyValue> {
  const defaults: Record<string, PropertyValue> = {};
  for (const [key, entry] of Object.entries(isMap(config) ? config : {})) {
    const value = isMap(entry) ? (entry.value ?? entry.default) : entry;
    if (value !== undefined) {
      defaults[key.includes(":") ? key : `${project}:${key}`] = value;
    }
  }
  return defaults;
}
