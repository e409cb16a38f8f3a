import { isDeepStrictEqual } from "node:util";
import type { Document, Node, Pair, YAMLMap } from "yaml";
import {
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  parse,
  parseDocument,
  stringify,
} from "yaml";
import { quote } from "../../pki/problem";
import type { Subject } from "../../pki/subject";
import { UsageError } from "../options";
import type { Change } from "./change";

/** A CA within a stack's configuration. */
export interface ConfiguredAuthority {
  /** Such as `mqtt-pki-demo:serverRoot`. */
  readonly key: string;
  readonly subject?: Subject;
  /** States by id; left out where it has no `generations`. */
  readonly states?: Readonly<Record<string, string>>;
  readonly confirmedBundle?: string;
  readonly minimumTrustSoakDays?: number;
}

/** A place in the text, and what to put there. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

type Plain = Record<string, unknown>;
type Member = Pair<Node, Node | null>;

/**
 * Finds a CA in the text of a stack's configuration: under the key that the
 * user names, else under the one that is spelled like the CA, whatever its case
 * and dashes. `undefined` where there is none: then the program itself has it.
 *
 * @param file its name, for messages
 * @throws UsageError where the text is no YAML, or several keys fit
 */
export function findAuthority(
  file: string,
  text: string,
  project: string,
  name: string,
  wanted?: string,
): ConfiguredAuthority | undefined {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw new UsageError(
      `${file} is no YAML: ${problem.message.split("\n")[0] ?? ""}`,
    );
  }
  const config = plain(plain(document.toJS()).config);
  const keys = Object.keys(config).filter((key) =>
    wanted === undefined
      ? spelling(key.replace(/^.*:/, "")) === spelling(name) &&
        isAuthority(config[key])
      : key === wanted,
  );
  const own = keys.filter((key) => key.startsWith(`${project}:`));
  const [key, other] = own.length > 0 ? own : keys;
  if (other !== undefined) {
    throw new UsageError(
      `${file} has several keys for ${name}: ${keys.join(", ")}; name one with --key.`,
    );
  }
  if (key === undefined || !isAuthority(config[key])) {
    if (wanted !== undefined) {
      throw new UsageError(
        `${file} has no CA under ${quote(wanted)}: no map with a subject or generations.`,
      );
    }
    return undefined;
  }
  return { key, ...readEntry(plain(config[key])) };
}

function readEntry(entry: Plain): Omit<ConfiguredAuthority, "key"> {
  const { subject, generations, confirmedBundle } = entry;
  const { minimumTrustSoakDays } = entry;
  return {
    ...(typeof plain(subject).commonName === "string" && {
      subject: subject as Subject,
    }),
    ...(generations !== undefined && {
      states: Object.fromEntries(
        Object.entries(plain(generations)).map(([id, generation]) => [
          id,
          String(plain(generation).state),
        ]),
      ),
    }),
    ...(typeof confirmedBundle === "string" && { confirmedBundle }),
    ...(typeof minimumTrustSoakDays === "number" && { minimumTrustSoakDays }),
  };
}

/** `server-root` and `serverRoot` are the same. */
function spelling(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function isAuthority(value: unknown): boolean {
  const { subject, generations } = plain(value);
  return subject !== undefined || generations !== undefined;
}

function plain(value: unknown): Plain {
  return typeof value === "object" && value !== null ? (value as Plain) : {};
}

/**
 * The text with a change in it. Everything else stays byte for byte:
 * the library's own writer would set comments, quotes and indentation its own
 * way, and a review would show lines in which nothing changes. So it says
 * where things are, and the text is changed there.
 *
 * @returns `undefined` where that did not lead to exactly this change, such as
 * with aliases that share what is to differ
 */
export function editConfiguration(
  text: string,
  key: string,
  change: Change,
): string | undefined {
  const entry = valueOf(valueOf(parseDocument(text).contents, "config"), key);
  if (!isMap(entry)) {
    return undefined;
  }
  const edits = editsOf(text, entry, change);
  if (edits === undefined) {
    return undefined;
  }
  const edited = edits
    .sort((one, other) => other.start - one.start)
    .reduce(
      (before, { start, end, text: fresh }) =>
        before.slice(0, start) + fresh + before.slice(end),
      text,
    );
  return isDeepStrictEqual(parsed(edited), intended(text, key, change))
    ? edited
    : undefined;
}

function editsOf(
  text: string,
  entry: YAMLMap,
  { states, added }: Change,
): Edit[] | undefined {
  const generations = valueOf(entry, "generations");
  const edits: Edit[] = [];
  for (const [id, state] of Object.entries(states)) {
    const node = valueOf(valueOf(generations, id), "state");
    if (!isScalar(node) || node.range == null) {
      return undefined;
    }
    edits.push({ start: node.range[0], end: node.range[1], text: state });
  }
  if (Object.keys(added).length > 0) {
    const edit = isMap(generations)
      ? insertion(text, generations, added)
      : insertion(text, entry, { generations: added });
    if (edit === undefined) {
      return undefined;
    }
    edits.push(edit);
  }
  return edits;
}

/** Puts members behind those that a map has. */
function insertion(
  text: string,
  map: YAMLMap,
  members: Readonly<Record<string, unknown>>,
): Edit | undefined {
  const last = map.items.at(-1) as Member | undefined;
  if (map.flow === true || last === undefined) {
    const flow = stringify(members, { collectionStyle: "flow", lineWidth: 0 });
    const inner = flow.trim().slice(1, -1).trim();
    const start = last === undefined ? (map.range?.[0] ?? -2) + 1 : endOf(last);
    return start === undefined || start < 0
      ? undefined
      : {
          start,
          end: start,
          text: last === undefined ? ` ${inner} ` : `, ${inner}`,
        };
  }
  const [first] = map.items as Member[];
  const column = first === undefined ? undefined : columnOf(text, first.key);
  const end = endOf(last);
  if (column === undefined || end === undefined) {
    return undefined;
  }
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = stringify(members, { indent: 2, lineWidth: 0 })
    .trimEnd()
    .split("\n")
    .map((line) => `${" ".repeat(column)}${line}${eol}`)
    .join("");
  // A comment behind the last member stays with it.
  const lineEnd = text[end - 1] === "\n" ? end - 1 : text.indexOf("\n", end);
  return lineEnd < 0
    ? {
        start: text.length,
        end: text.length,
        text: `${eol}${lines.trimEnd()}`,
      }
    : { start: lineEnd + 1, end: lineEnd + 1, text: lines };
}

/** Where the last character of a member is; comments and empty lines after it are not part of it. */
function endOf({ key, value }: Member): number | undefined {
  const end = endOfValue(value);
  // A value that is not written stands at the end of its key.
  return end === undefined
    ? key.range?.[1]
    : Math.max(end, key.range?.[1] ?? 0);
}

function endOfValue(value: Node | null): number | undefined {
  const block = isCollection(value) && value.flow !== true;
  const last = block ? value.items.at(-1) : undefined;
  return isPair(last)
    ? endOf(last as Member)
    : isNode(last)
      ? endOfValue(last)
      : value?.range?.[1];
}

function columnOf(text: string, node: Node): number | undefined {
  const start = node.range?.[0];
  return start === undefined
    ? undefined
    : start - (text.lastIndexOf("\n", start - 1) + 1);
}

/** The value of a map's member; ids such as `2027` are numbers in YAML. */
function valueOf(
  node: Node | Document["contents"] | undefined,
  name: string,
): Node | undefined {
  if (!isMap(node)) {
    return undefined;
  }
  const pair = node.items.find(
    ({ key }) => isScalar(key) && String(key.value) === name,
  );
  return (pair?.value ?? undefined) as Node | undefined;
}

/** Without what two aliases share. */
function parsed(text: string): unknown {
  return JSON.parse(JSON.stringify(parse(text)));
}

/** What the file is to say after a change. */
function intended(
  text: string,
  key: string,
  { states, added }: Change,
): unknown {
  const all = parsed(text);
  const entry = plain(plain(plain(all).config)[key]);
  const generations = plain((entry.generations ??= {}));
  for (const [id, state] of Object.entries(states)) {
    plain(generations[id]).state = state;
  }
  for (const [id, generation] of Object.entries(added)) {
    generations[id] = generation;
  }
  return all;
}
