import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ROOT } from "../support/fleet";

/** A page for users. */
export interface Page {
  /** Its path within the repository. */
  readonly name: string;
  readonly text: string;
}

/** A command line of this package as a page shows it. */
export interface ShownCommand {
  readonly command: string;
  /** The plain words after it, in which subcommands are. */
  readonly words: readonly string[];
  /** Its long options, without their values. */
  readonly options: readonly string[];
  /** The whole of it, for messages. */
  readonly line: string;
  readonly isScript: boolean;
}

const COMMAND =
  /(?:npm run (?:-s )?|npx mqtt-pki )([a-z][a-z-]*)((?:[^`\n#|;&<>\\]|\\\n)*)/g;

/** The README, all of `docs`, and what the examples say of themselves. */
export function pages(): Page[] {
  const listed = ["docs", "examples"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
      .map((name) => join(folder, name)),
  );
  return ["README.md", ...listed.sort()].map((name) => ({
    name,
    text: readFileSync(join(ROOT, name), "utf8"),
  }));
}

/** The links of a page that lead nowhere: files that are not there, headings that a page has not. */
export function brokenLinks({ name, text }: Page): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link ?? "")
    .filter((link) => !/^[a-z]+:/.test(link));
  return links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? name : join(dirname(name), path);
    const file = join(ROOT, target);
    if (relative(ROOT, file).startsWith("..") || !existsSync(file)) {
      return true;
    }
    return (
      anchor !== undefined &&
      !anchors(readFileSync(file, "utf8")).includes(anchor)
    );
  });
}

/** Every command line of this package on a page, be it in a block or in a sentence. */
export function shownCommands({ text }: Page): ShownCommand[] {
  return [...text.matchAll(COMMAND)].map(([line, command = "", rest = ""]) => {
    const all = rest.split(/[\s\\]+/).filter((word) => word !== "");
    const words = all.slice(all[0] === "--" ? 1 : 0);
    const option = words.findIndex((word) => word.startsWith("-"));
    return {
      command,
      words: words
        .slice(0, option < 0 ? words.length : option)
        .filter((word) => /^[a-z][a-z-]*$/.test(word)),
      options: words
        .filter((word) => /^--[a-z]/.test(word))
        .map((word) => word.replace(/=.*/, "")),
      line: line.trim(),
      isScript: line.startsWith("npm"),
    };
  });
}

/** The names by which links find the headings of a page, as GitHub makes them. */
function anchors(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function withoutCode(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, "");
}
