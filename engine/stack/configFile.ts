import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";

import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  parse,
  parseDocument,
  Scalar,
} from "yaml";

import { EngineError, messageOf } from "../errors";
import { writeFileAtomic } from "./atomic";

/** A configuration value as the file has it. */
export type ConfigValue = string | number | boolean | { secure: string };

/** A stack's configuration file while it is changed; comments and order of what is in it stay. */
export class ConfigFile {
  private constructor(
    private readonly file: string,
    private readonly document: Document.Parsed,
  ) {}

  /** Reads the file; one that does not exist is an empty one. */
  static async open(file: string): Promise<ConfigFile> {
    const text = existsSync(file) ? await readFile(file, "utf8") : "";
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error !== undefined) {
      throw new EngineError(`${file} cannot be read: ${messageOf(error)}`);
    }
    if (!/\n\s*\n(#.*\n?)+$/.test(text) && isMap(document.contents)) {
      // A comment of the document itself would get an empty line before it that was not there.
      document.contents.comment ??= document.comment;
      document.comment = null;
    }
    return new ConfigFile(file, document);
  }

  /** Puts a value at a path, whose first step is the full key. What stands in the way of it is replaced. */
  set(
    [key, ...path]: [string, ...(string | number)[]],
    value: ConfigValue,
  ): void {
    const whole = ["config", this.spelling(key), ...path];
    for (let depth = 1; depth < whole.length; depth += 1) {
      const container = this.document.getIn(whole.slice(0, depth), true);
      const step = whole[depth];
      const isList = typeof step === "number";
      if (isList && step > (isSeq(container) ? container.items.length : 0)) {
        throw new EngineError(
          `There is no place [${step}] in "${key}": its list is shorter than that.`,
        );
      }
      if (
        container !== undefined &&
        (isList ? !isSeq(container) : !isOpenMap(container))
      ) {
        this.document.deleteIn(whole.slice(0, depth));
      }
    }
    const node =
      typeof value === "string"
        ? textNode(value)
        : this.document.createNode(value);
    const before = this.document.getIn(whole, true);
    if (isScalar(before)) {
      node.comment = before.comment ?? null;
    }
    this.document.setIn(whole, node);
  }

  /** Takes out what is at a path. */
  remove([key, ...path]: [string, ...(string | number)[]]): void {
    const whole = ["config", this.spelling(key), ...path];
    if (this.document.hasIn(whole)) {
      this.document.deleteIn(whole);
    }
    const config = this.document.get("config");
    if (isMap(config) && config.items.length === 0) {
      this.document.delete("config");
    }
  }

  async save(): Promise<void> {
    const mode = existsSync(this.file)
      ? statSync(this.file).mode & 0o777
      : 0o644;
    await writeFileAtomic(
      this.file,
      // A folded line would read the same and make every diff larger than the change.
      this.document.toString({ lineWidth: 0 }),
      mode,
    );
  }

  /** The key as the file writes it: old files have `project:config:key` for `project:key`. */
  private spelling(key: string): string {
    const old = key.replace(":", ":config:");
    return this.document.hasIn(["config", old]) ? old : key;
  }
}

function isOpenMap(node: unknown): boolean {
  return isMap(node) && !(node.items.length === 1 && node.has("secure"));
}

/** A text in quotes wherever any version of YAML could take it for something else, such as `yes`, `1_000` or a date. */
function textNode(text: string): Scalar {
  const scalar = new Scalar(text);
  if (!text.includes("\n") && !staysText(text)) {
    scalar.type = Scalar.QUOTE_DOUBLE;
  }
  return scalar;
}

function staysText(text: string): boolean {
  try {
    return parse(text, { version: "1.1" }) === text;
  } catch {
    return false;
  }
}
