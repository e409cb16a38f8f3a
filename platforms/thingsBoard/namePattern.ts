import { quote } from "../../pki/problem";

/** What is to be said of a pattern. */
export interface PatternFindings {
  /** Why ThingsBoard would name no device by it. */
  readonly problems: readonly string[];
  /** What Java alone reads, so that nobody can tell here what names come of it. */
  readonly unchecked: readonly string[];
  /** What works there, and is worth a look. */
  readonly notes: readonly string[];
}

const COMMON = 'write one such as "(.*)" or "(.*)\\.example\\.com"';

/** What Java reads, and what was tried here cannot stand in for it. */
const JAVA_ONLY: readonly (readonly [RegExp, string])[] = [
  [/^\\[QE]/, "quotes by \\Q and \\E"],
  [/^\\[AZzGRXhHV]/, "the escapes \\A \\Z \\z \\G \\R \\X \\h \\H \\V"],
  [/^\\[pP]/, "classes by \\p"],
  [/^\\[aeN0]|^\\x\{/, "the escapes \\a \\e \\N \\0 and \\x{}"],
  [/^\\(?:[1-9]|k<)/, "references to groups such as \\1"],
  [/^\(\?>/, "atomic groups (?>"],
  [/^\(\?[a-zA-Z-]+[:)]/, "flags such as (?i)"],
  [/^(?:[*+?]|\{\d+(?:,\d*)?\})\+/, "possessive quantifiers such as *+"],
];

/** What JavaScript reads, and Java refuses or reads in another way. */
const NOT_JAVA: readonly (readonly [RegExp, string])[] = [
  [/^\[\^?\]/, "an empty class [] or [^]"],
  [/^\\u\{/, "\\u{…}; Java writes \\x{…}"],
  [/^\\u(?![0-9a-fA-F]{4})/, "\\u without four hex digits"],
  [/^\\x(?![0-9a-fA-F]{2}|\{)/, "\\x without two hex digits"],
  [
    /^\(\?<(?![=!])(?![a-zA-Z][a-zA-Z0-9]*>)/,
    "a name of a group with other characters than letters and digits",
  ],
  [/^\\k(?!<[a-zA-Z][a-zA-Z0-9]*>)/, "\\k without the name of a group"],
  [
    /^\\[cCFgiIjJKlLmMoOqTUyYu](?![0-9a-fA-F]{4})/,
    "a backslash before a letter that means nothing",
  ],
  [/^\{(?!\d+(?:,\d*)?\})/, "a brace that counts nothing; write \\{"],
];

/** A place in a pattern, read from left to right. */
interface Reading {
  groups: number;
  readonly problems: string[];
  readonly javaOnly: Set<string>;
}

/**
 * Would Java's `Pattern` take this, and has it a group 1? ThingsBoard names a
 * device by the first group of the first match within the common name
 * (`find()`, `group(1)`); a pattern without a group fails for every device.
 *
 * @param pattern `certificateRegExPattern` of a device profile
 */
export function checkNamePattern(pattern: string): PatternFindings {
  if (pattern === "") {
    return { problems: [`is empty; ${COMMON}.`], unchecked: [], notes: [] };
  }
  const reading = read(pattern);
  const shown = quote(pattern);
  const problems = reading.problems.map(
    (what) => `${shown} has ${what}, which Java does not read; ${COMMON}.`,
  );
  if (problems.length === 0 && reading.javaOnly.size === 0) {
    const message = compileError(pattern);
    if (message !== undefined) {
      return {
        problems: [`${shown} is no pattern (${message}); ${COMMON}.`],
        unchecked: [],
        notes: [],
      };
    }
  }
  if (problems.length === 0 && reading.groups === 0) {
    problems.push(
      `${shown} has no capturing group, and ThingsBoard names each device by the first one; put round brackets around what is the name, such as "(${pattern})".`,
    );
  }
  if (problems.length > 0) {
    return { problems, unchecked: [], notes: [] };
  }
  return {
    problems,
    unchecked:
      reading.javaOnly.size === 0
        ? []
        : [
            `${shown} has ${[...reading.javaOnly].join(" and ")}, which Java alone reads so; what names it gives is not checked here.`,
          ],
    notes:
      reading.groups > 1
        ? [
            `${shown} has ${reading.groups} groups; ThingsBoard takes the first alone. Write (?: for the others.`,
          ]
        : [],
  };
}

function read(pattern: string): Reading {
  const reading: Reading = { groups: 0, problems: [], javaOnly: new Set() };
  let inClass = false;
  let position = 0;
  // How many groups there were before each bracket that is open.
  const open: number[] = [];
  while (position < pattern.length) {
    const rest = pattern.slice(position);
    const wrong = NOT_JAVA.find(
      ([form], index) => (!inClass || index < 4) && form.test(rest),
    );
    const java = JAVA_ONLY.find(
      ([form], index) => (!inClass || index < 4) && form.test(rest),
    );
    if (java !== undefined) {
      reading.javaOnly.add(java[1]);
      // What stands within is no pattern.
      const [whole] = /^\\Q.*?(?:\\E|$)|^\\[pPxN]\{[^}]*\}/s.exec(rest) ?? [];
      if (whole !== undefined) {
        position += whole.length;
        continue;
      }
    } else if (wrong !== undefined) {
      reading.problems.push(wrong[1]);
    }
    if (rest.startsWith("\\")) {
      position += 2;
      continue;
    }
    if (inClass) {
      if (rest.startsWith("[") || rest.startsWith("&&")) {
        reading.javaOnly.add("classes within classes ([a[b]], &&)");
      }
      inClass = !rest.startsWith("]");
    } else if (rest.startsWith("[")) {
      inClass = true;
      // A bracket that comes first stands for itself in Java, and ends the class in JavaScript: refused above.
      position += rest.startsWith("[^") ? 1 : 0;
    } else if (rest.startsWith("(")) {
      open.push(reading.groups);
      reading.groups += /^\((?!\?)|^\(\?<(?![=!])/.test(rest) ? 1 : 0;
    } else if (/^\)[*+{]/.test(rest) && (open.at(-1) ?? 0) < reading.groups) {
      // The last round may match nothing, which Java keeps and others do not.
      reading.javaOnly.add("a group that is repeated, such as (.*)+");
      open.pop();
    } else if (rest.startsWith(")")) {
      open.pop();
    }
    position += 1;
  }
  return reading;
}

function compileError(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.split(": ").at(-1) ?? message;
  }
}

/**
 * The common name as BouncyCastle hands it to the pattern: `,` `+` `=` `;`
 * `"` `<` `>` `\`, a leading `#` and blanks at the ends have a backslash
 * before them.
 */
export function escapeCommonName(commonName: string): string {
  // What begins as if a leading # had been escaped already stays so.
  const start = commonName.startsWith("\\#") ? 2 : 0;
  const escaped = `${commonName.slice(0, start)}${commonName.slice(start).replace(/[,+=;"<>\\]/g, "\\$&")}`;
  const hash = escaped.startsWith("#") ? `\\${escaped}` : escaped;
  const leading = /^ */.exec(hash)?.[0] ?? "";
  const rest = hash.slice(leading.length);
  const trailing = / *$/.exec(rest)?.[0] ?? "";
  return `${leading.replaceAll(" ", "\\ ")}${rest.slice(0, rest.length - trailing.length)}${trailing.replaceAll(" ", "\\ ")}`;
}

/**
 * The name that ThingsBoard gives the device with this common name; `undefined`
 * where the pattern does not match, or its group took no part. Right for
 * patterns of which {@link checkNamePattern} says nothing.
 *
 * @example
 * ```ts
 * deviceNameOf("(.*)\\.example\\.com", "pump-1.example.com"); // "pump-1"
 * ```
 */
export function deviceNameOf(
  pattern: string,
  commonName: string,
): string | undefined {
  const name = new RegExp(pattern).exec(escapeCommonName(commonName))?.[1];
  return name === undefined || name === "" ? undefined : name;
}
