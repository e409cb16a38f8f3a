import {
  isMap,
  isSecret,
  type PropertyMap,
  type PropertyValue,
  reveal,
} from "../../../values";

/** What is shorter says nothing, and would take words out of sentences. */
const SHORTEST = 4;

const SHOWN = "[secret]";

const PRIVATE_KEY =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** Takes an object's secrets out of texts: the API quotes what it does not like. */
export class Redaction {
  private readonly words: string[];

  /** @param inputs the objects as the program has them, with what is secret in them */
  constructor(...inputs: PropertyMap[]) {
    const found = new Set<string>();
    for (const object of inputs) {
      const isWholly = reveal(object.kind) === "Secret";
      collect(object, false, found);
      for (const name of isWholly ? ["data", "stringData"] : []) {
        collect(object[name] ?? null, true, found);
      }
    }
    // The longest first: a part of a value may be one of its own.
    this.words = [...found].sort((a, b) => b.length - a.length);
  }

  apply(text: string): string {
    let shown = text.replaceAll(PRIVATE_KEY, SHOWN);
    for (const word of this.words) {
      shown = shown.replaceAll(word, SHOWN);
    }
    return shown;
  }
}

function collect(
  value: PropertyValue,
  hidden: boolean,
  into: Set<string>,
): void {
  if (isSecret(value)) {
    collect(reveal(value), true, into);
  } else if (typeof value === "string") {
    if (hidden) {
      add(value, into);
    }
  } else if (Array.isArray(value)) {
    for (const element of value) {
      collect(element, hidden, into);
    }
  } else if (isMap(value)) {
    for (const element of Object.values(value)) {
      collect(element, hidden, into);
    }
  }
}

/** A value, what it is encoded from, and both as quoted in JSON; line by line too. */
function add(value: string, into: Set<string>): void {
  const decoded = Buffer.from(value, "base64");
  const isBase64 = decoded.toString("base64") === value;
  for (const text of [value, isBase64 ? decoded.toString("utf8") : ""]) {
    const quoted = JSON.stringify(text).slice(1, -1);
    for (const form of [text, quoted, ...text.split("\n")]) {
      if (form.length >= SHORTEST) {
        into.add(form);
      }
    }
  }
}
