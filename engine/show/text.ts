import {
  isMap,
  isSecret,
  type PropertyMap,
  type PropertyValue,
  reveal,
  revealAll,
  secret,
  UNKNOWN,
  equal,
} from "../values";
import type { Operation } from "./events";

const LINES_SHOWN = 3;
const CHARACTERS_SHOWN = 150;

/** How an operation is marked, and what it is called before, while and after it is done. */
export const OPERATIONS: Record<
  Operation,
  { mark: string; plan: string; doing: string; done: string; color: number }
> = {
  same: {
    mark: "  ",
    plan: "unchanged",
    doing: "checking",
    done: "unchanged",
    color: 0,
  },
  create: {
    mark: "+ ",
    plan: "create",
    doing: "creating",
    done: "created",
    color: 32,
  },
  update: {
    mark: "~ ",
    plan: "update",
    doing: "updating",
    done: "updated",
    color: 33,
  },
  replace: {
    mark: "+-",
    plan: "replace",
    doing: "replacing",
    done: "replaced",
    color: 35,
  },
  delete: {
    mark: "- ",
    plan: "delete",
    doing: "deleting",
    done: "deleted",
    color: 31,
  },
  "delete-replaced": {
    mark: "--",
    plan: "delete original",
    doing: "deleting original",
    done: "deleted original",
    color: 31,
  },
  import: {
    mark: "= ",
    plan: "import",
    doing: "importing",
    done: "imported",
    color: 32,
  },
  "import-replacement": {
    mark: "=>",
    plan: "import replacement",
    doing: "importing replacement",
    done: "imported replacement",
    color: 35,
  },
  read: { mark: "> ", plan: "read", doing: "reading", done: "read", color: 36 },
  discard: {
    mark: "< ",
    plan: "discard",
    doing: "discarding",
    done: "discarded",
    color: 36,
  },
  "discard-replaced": {
    mark: "<<",
    plan: "discard original",
    doing: "discarding original",
    done: "discarded original",
    color: 36,
  },
};

/** A type as people read it: `tls:index:PrivateKey` for `tls:index/privateKey:PrivateKey`. */
export function shortType(type: string): string {
  const [packageName, module, name] = type.split(":");
  if (module === undefined || name === undefined) {
    return type;
  }
  const [folder, file] = module.split("/");
  const isOwnFile = file?.toLowerCase() === name.toLowerCase();
  return `${packageName ?? ""}:${isOwnFile ? (folder ?? "") : module}:${name}`;
}

/** Names of changed properties as Pulumi groups them: `+added,too-removed~changed`. */
export function changeText(changes: string[]): string {
  const named = (mark: string): string => {
    const names = changes
      .filter((change) => change.startsWith(mark))
      .map((change) => change.slice(1));
    return names.length === 0 ? "" : mark + names.join(",");
  };
  return ["+", "-", "~"].map(named).join("");
}

/** A value on one line; secrets and unknowns are named, long texts cut. */
function inline(value: PropertyValue, showSecrets: boolean): string {
  if (isSecret(value)) {
    return showSecrets ? inline(revealAll(value), true) : "[secret]";
  }
  if (value === UNKNOWN) {
    return "[unknown]";
  }
  if (typeof value === "string") {
    return JSON.stringify(showSecrets ? value : shortened(value));
  }
  if (Array.isArray(value)) {
    return `[${value.map((element) => inline(element, showSecrets)).join(", ")}]`;
  }
  if (isMap(value)) {
    const entries = Object.entries(value).map(
      ([key, inner]) => `${key}: ${inline(inner, showSecrets)}`,
    );
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  return String(value);
}

/** A value that may take several lines: one for each member of a map or list, further in with each level. */
function block(
  value: PropertyValue,
  showSecrets: boolean,
  indent = "    ",
): string {
  const members =
    isSecret(value) && !showSecrets ? undefined : membersOf(reveal(value));
  if (members === undefined || members.length === 0) {
    return inline(value, showSecrets);
  }
  const width = Math.max(...members.map(([name]) => name.length));
  const inner = `${indent}    `;
  const lines = members.map(
    ([name, member]) =>
      `${inner}${name.padEnd(width)}: ${block(member, showSecrets, inner)}`,
  );
  const [open, close] = Array.isArray(reveal(value)) ? ["[", "]"] : ["{", "}"];
  return [open, ...lines, `${indent}${close}`].join("\n");
}

function membersOf(
  value: PropertyValue,
): [string, PropertyValue][] | undefined {
  if (Array.isArray(value)) {
    return value.map((element, index) => [`[${index}]`, element]);
  }
  return isMap(value) ? Object.entries(value) : undefined;
}

/** The outputs of a stack, names aligned, each marked if it differs from before; those of a new stack are not. */
export function outputLines(
  outputs: PropertyMap,
  before: PropertyMap | undefined,
  showSecrets: boolean,
): string[] {
  const names = [
    ...new Set([...Object.keys(outputs), ...Object.keys(before ?? {})]),
  ].sort();
  const width = Math.max(0, ...names.map((name) => name.length));
  return names.flatMap((name) => {
    const next = outputs[name];
    const old = before?.[name];
    const label = name.padEnd(width);
    if (next !== undefined && old !== undefined && !equal(next, old)) {
      return memberLines(label, old, next, showSecrets, "  ");
    }
    const isNew = before !== undefined && old === undefined;
    const mark = next === undefined ? "-" : isNew ? "+" : " ";
    return `  ${mark} ${label}: ${block(next ?? old ?? null, showSecrets)}`;
  });
}

/** The outputs of a stack as a table, whole texts included. */
export function outputTable(
  outputs: PropertyMap,
  showSecrets: boolean,
): string[] {
  const names = Object.keys(outputs).sort();
  const width =
    Math.max("OUTPUT".length, ...names.map((name) => name.length)) + 2;
  const rows = names.flatMap((name) => {
    const value = outputs[name] ?? null;
    const shown = !isSecret(value) || showSecrets ? reveal(value) : "[secret]";
    const text = typeof shown === "string" ? shown : inline(shown, showSecrets);
    return text
      .split("\n")
      .map(
        (line, index) =>
          `    ${(index === 0 ? name : "").padEnd(width)}${line}`,
      );
  });
  return [`    ${"OUTPUT".padEnd(width)}VALUE`, ...rows];
}

/** What changes in a resource, one property a line, maps and lists opened up. */
export function diffLines(
  before: PropertyMap | undefined,
  after: PropertyMap | undefined,
  showSecrets: boolean,
  indent = "      ",
): string[] {
  const names = [
    ...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]),
  ].sort();
  return names
    .filter((name) => name !== "__internal")
    .flatMap((name) =>
      memberLines(name, before?.[name], after?.[name], showSecrets, indent),
    );
}

function memberLines(
  name: string,
  old: PropertyValue | undefined,
  next: PropertyValue | undefined,
  showSecrets: boolean,
  indent: string,
): string[] {
  if (old === undefined) {
    return [`${indent}+ ${name}: ${inline(next ?? null, showSecrets)}`];
  }
  if (next === undefined) {
    return [`${indent}- ${name}: ${inline(old, showSecrets)}`];
  }
  if (equal(old, next)) {
    return [];
  }
  const [from, to] = [
    expandable(old, showSecrets),
    expandable(next, showSecrets),
  ];
  if (from !== undefined && to !== undefined) {
    return [
      `${indent}~ ${name}:`,
      ...diffLines(from, to, showSecrets, `${indent}    `),
    ];
  }
  // What has become secret was the secret before that, too.
  const was = isSecret(next) ? secret(old) : old;
  return [
    `${indent}~ ${name}: ${inline(was, showSecrets)} => ${inline(next, showSecrets)}`,
  ];
}

function expandable(
  value: PropertyValue,
  showSecrets: boolean,
): PropertyMap | undefined {
  const open = showSecrets ? reveal(value) : value;
  const members = isSecret(open) ? undefined : membersOf(open);
  return members === undefined ? undefined : Object.fromEntries(members);
}

function shortened(text: string): string {
  const lines = text.split("\n");
  const cut =
    lines.length > LINES_SHOWN + 1
      ? `${lines.slice(0, LINES_SHOWN).join("\n")}\n...`
      : text;
  return cut.length > CHARACTERS_SHOWN * LINES_SHOWN
    ? `${cut.slice(0, CHARACTERS_SHOWN)}...`
    : cut;
}
