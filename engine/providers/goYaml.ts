import { isMap, type PropertyMap, type PropertyValue } from "../values";

const WIDTH = 80;
const INDENT = 2;

/**
 * Writes YAML to the byte as Go's Kubernetes libraries do, so that a rendered file does not change
 * when another engine renders the same object: keys in natural order, sequences not indented,
 * plain text where it reads back as the same text, folded after column 80.
 */
export function toGoYaml(value: PropertyMap): string {
  return mapLines(value, 0).join("\n") + "\n";
}

function mapLines(map: PropertyMap, indent: number): string[] {
  const pad = " ".repeat(indent);
  return Object.keys(map)
    .sort(naturally)
    .flatMap((key) => {
      const name = `${pad}${scalar(key, indent, indent)}:`;
      return entryLines(name, map[key] ?? null, indent);
    });
}

function entryLines(
  name: string,
  value: PropertyValue,
  indent: number,
): string[] {
  if (Array.isArray(value) && value.length > 0) {
    return [name, ...sequenceLines(value, indent)];
  }
  if (isMap(value) && Object.keys(value).length > 0) {
    return [name, ...mapLines(value, indent + INDENT)];
  }
  return `${name} ${leaf(value, name.length + 1, indent + INDENT)}`.split("\n");
}

function sequenceLines(values: PropertyValue[], indent: number): string[] {
  const pad = " ".repeat(indent);
  return values.flatMap((value) => {
    const lines = Array.isArray(value)
      ? value.length > 0
        ? sequenceLines(value, indent + INDENT)
        : [`${pad}  []`]
      : isMap(value) && Object.keys(value).length > 0
        ? mapLines(value, indent + INDENT)
        : `${pad}  ${leaf(value, indent + 2, indent + INDENT)}`.split("\n");
    return lines.map((line, index) =>
      index === 0 ? `${pad}- ${line.slice(indent + INDENT)}` : line,
    );
  });
}

function leaf(value: PropertyValue, column: number, indent: number): string {
  if (typeof value === "string") {
    return scalar(value, column, indent);
  }
  if (Array.isArray(value)) {
    return "[]";
  }
  return isMap(value) ? "{}" : String(value);
}

function scalar(text: string, column: number, indent: number): string {
  const traits = analyze(text);
  if (text.includes("\n") && traits.literalAllowed) {
    return literal(text, indent);
  }
  if (text.includes("\n") || readsAsSomethingElse(text)) {
    return doubleQuoted(text, column, indent);
  }
  if (traits.plainAllowed) {
    return fold(text, column, indent);
  }
  return traits.singleAllowed
    ? fold(`'${text.replaceAll("'", "''")}'`, column, indent)
    : doubleQuoted(text, column, indent);
}

/** Which styles can carry a text, by the rules of the reference YAML emitter. */
function analyze(text: string): {
  plainAllowed: boolean;
  singleAllowed: boolean;
  literalAllowed: boolean;
} {
  const indicator =
    /^[#,[\]{}&*!|>'"%@`]/.test(text) ||
    /^[?:-](\s|$)/.test(text) ||
    /^(---|\.\.\.)/.test(text) ||
    /:(\s|$)/.test(text) ||
    /\s#/.test(text);
  const special =
    /(?![\n\u0085])\p{Cc}|[\ufeff\ufffe\uffff]|[^\0-\uffff]/u.test(text);
  const edge = /^[ \n]|[ \n]$/.test(text);
  const spaceBeforeBreak = text.includes(" \n");
  const spaceAfterBreak = text.includes("\n ");
  return {
    plainAllowed: !(indicator || special || edge || text.includes("\n")),
    singleAllowed: !(special || spaceBeforeBreak || spaceAfterBreak),
    literalAllowed: !(special || spaceBeforeBreak || text.endsWith(" ")),
  };
}

/** Whether plain text would be read back as a number, a truth value, a date or nothing. */
function readsAsSomethingElse(text: string): boolean {
  return (
    /^(|~|null|Null|NULL)$/.test(text) ||
    /^(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/.test(
      text,
    ) ||
    /^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/.test(text) ||
    /^[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$/.test(text) ||
    /^[-+]?(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$/.test(
      text,
    ) ||
    /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text) ||
    /^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$/.test(text)
  );
}

function literal(text: string, indent: number): string {
  const pad = " ".repeat(indent);
  const hint = /^[ \n]/.test(text) ? String(INDENT) : "";
  const chomp = text.endsWith("\n")
    ? text === "\n" || text.endsWith("\n\n")
      ? "+"
      : ""
    : "-";
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  const lines = body.split("\n").map((line) => (line === "" ? "" : pad + line));
  return `|${hint}${chomp}\n${lines.join("\n")}`;
}

/** Breaks a line at the first single space beyond the width, as often as needed. */
function fold(text: string, column: number, indent: number): string {
  let folded = "";
  let at = column;
  for (let index = 0; index < text.length; index++) {
    const single =
      text[index] === " " && text[index - 1] !== " " && text[index + 1] !== " ";
    if (single && at > WIDTH && index > 0 && index < text.length - 1) {
      folded += `\n${" ".repeat(indent)}`;
      at = indent;
    } else {
      folded += text[index] ?? "";
      at += 1;
    }
  }
  return folded;
}

const ESCAPES: Record<string, string> = {
  "\u0000": "\\0",
  "\u0007": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\u001b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\u0085": "\\N",
  "\ufeff": "\\uFEFF",
};

function doubleQuoted(text: string, column: number, indent: number): string {
  let escaped = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const hex = code.toString(16).toUpperCase();
    const shown = control
      ? `\\x${hex.padStart(2, "0")}`
      : code > 0xffff
        ? `\\U${hex.padStart(8, "0")}`
        : character;
    escaped += ESCAPES[character] ?? shown;
  }
  return fold(`"${escaped}"`, column, indent);
}

/** Go's order of keys: letters after everything else, runs of digits by their number. */
function naturally(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const x = left[index] ?? "";
    const y = right[index] ?? "";
    if (x === y) {
      continue;
    }
    const xLetter = /\p{L}/u.test(x);
    const yLetter = /\p{L}/u.test(y);
    if (xLetter !== yLetter) {
      return xLetter ? 1 : -1;
    }
    if (!xLetter) {
      const xDigits = /^\d+/.exec(left.slice(index).join(""))?.[0] ?? "";
      const yDigits = /^\d+/.exec(right.slice(index).join(""))?.[0] ?? "";
      const order =
        Number(xDigits) - Number(yDigits) || xDigits.length - yDigits.length;
      if (order !== 0) {
        return order;
      }
    }
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}
