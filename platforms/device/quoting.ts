/** Text for a POSIX shell: as one word, whatever it holds. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * A template for a POSIX shell, with `"$NAME"` in the place of `{id}`. The
 * variable is quoted, and all else is literal.
 */
export function shellTemplate(template: string, variable: string): string {
  return template
    .split("{id}")
    .map((part) => (part === "" ? "" : shellWord(part)))
    .join(`"$${variable}"`);
}

/** A string literal of C, and of C++: printable ASCII, with octal escapes for all else. */
export function cString(text: string): string {
  const escaped = [...Buffer.from(text)].map((octet) => {
    const character = String.fromCharCode(octet);
    if (character === "\n") {
      return "\\n";
    }
    if (octet < 0x20 || octet > 0x7e) {
      // Three digits always: a digit that follows would count otherwise.
      return `\\${octet.toString(8).padStart(3, "0")}`;
    }
    // Two question marks may begin a trigraph.
    return ['"', "\\", "?"].includes(character) ? `\\${character}` : character;
  });
  return `"${escaped.join("")}"`;
}

/** A value of a Java properties file, as `java.util.Properties.load` reads it. */
export function javaProperty(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replace(/^ /, "\\ ")
    .replaceAll(
      /[^\x20-\x7e]/g,
      (character) =>
        `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

/** A string literal of Python, which for text without lone surrogates is one of JSON. */
export function pythonString(text: string): string {
  return JSON.stringify(text);
}
