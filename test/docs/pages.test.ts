import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { main as fileCommands } from "../../cli/program";
import type { Rule } from "../../cluster/permissions";
import { main as stackCommands } from "../../engine/cli";
import { ROOT } from "../support/fleet";
import { brokenLinks, pages, shownCommands } from "./pages";

const STACK = ["up", "preview", "destroy", "refresh", "stack", "config"];
const READING = ["verify", "inspect", "adopt", "batch", "rotation", "probe"];
// bin/stack.mjs reads these two before an engine does.
const OF_ALL = ["--engine", "--stack"];

const { scripts } = JSON.parse(
  readFileSync(join(ROOT, "package.json"), "utf8"),
) as { scripts: Record<string, string> };

const every = pages();

describe.each(every)("$name", (page) => {
  test("its links lead somewhere", () => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test("its commands are there, with their options", async () => {
    const unknown: string[] = [];
    for (const shown of shownCommands(page)) {
      const { command, words, options, line, isScript } = shown;
      const isCommand = [...STACK, ...READING].includes(command);
      if (isScript ? scripts[command] === undefined : !isCommand) {
        unknown.push(line);
      } else if (isCommand && options.length > 0) {
        const help = await helpOf(command, words);
        const missing = options.filter(
          (option) => !OF_ALL.includes(option) && !help.includes(option),
        );
        unknown.push(...missing.map((option) => `${option} in ${line}`));
      }
    }
    expect(unknown).toEqual([]);
  });
});

test("the pages show commands, of scripts and of the package", () => {
  const shown = every.flatMap(shownCommands);
  expect(shown.filter(({ isScript }) => isScript).length).toBeGreaterThan(20);
  expect(shown.filter(({ isScript }) => !isScript).length).toBeGreaterThan(20);
});

test("what is wrong on a page is found", () => {
  const text =
    "[a](cluster.md) [b](cluster.md#settings) [c](clusters.md) [d](cluster.md#colours) [e](#here)\n\n```sh\nnpx mqtt-pki probe mqtts://host \\\n  --context prod --at=now > file --beyond\n```\n";
  const page = { name: "docs/page.md", text };
  expect(brokenLinks(page)).toEqual([
    "clusters.md",
    "cluster.md#colours",
    "#here",
  ]);
  expect(shownCommands(page)).toMatchObject([
    { command: "probe", words: [], options: ["--context", "--at"] },
  ]);
});

test("the page of clusters names every permission of the roles", () => {
  const rows = (
    every.find(({ name }) => name === "docs/cluster.md")?.text ?? ""
  )
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const unnamed = ["role.yaml", "clusterrole.yaml"].flatMap((file) =>
    rulesOf(file).flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => {
        const named = rows.filter(([, , cell]) =>
          cell?.includes(`\`${resource}\``),
        );
        return verbs
          .filter((verb) =>
            named.every(([, , , cell]) => !cell?.includes(`\`${verb}\``)),
          )
          .map((verb) => `${verb} ${resource} of ${file}`);
      }),
    ),
  );
  expect(unnamed).toEqual([]);
});

test.each([
  "cluster",
  "batch-on-kubernetes",
  "thingsboard-aws",
  "thingsboard-edge",
  "thingsboard-minikube",
  "thingsboard-tbmq",
])(
  "the example %s names this version, and the packages that it comes with",
  (example) => {
    const own = packageOf(".");
    const { dependencies } = packageOf(join("examples", example));
    const { [own.name]: version, ...others } = dependencies;
    expect(version).toBe(own.version);
    expect(own.dependencies).toMatchObject(others);
    const readme = readFileSync(
      join(ROOT, "examples", example, "README.md"),
      "utf8",
    );
    expect(readme).toContain(`./${own.name}-${own.version}.tgz`);
  },
);

async function helpOf(
  command: string,
  words: readonly string[],
): Promise<string> {
  let text = "";
  const out = (part: string) => {
    text += part;
  };
  const args = [command, ...words.slice(0, 1), "--help"];
  await (STACK.includes(command)
    ? stackCommands(args, {
        environment: {},
        out,
        error: out,
        readInput: () => Promise.resolve(""),
        terminal: false,
      })
    : fileCommands(args, { now: new Date(), out, error: out, clock: () => 0 }));
  return text;
}

function rulesOf(file: string): readonly Rule[] {
  const text = readFileSync(join(ROOT, "examples", "cluster", file), "utf8");
  return parseAllDocuments(text).flatMap(
    (document) => (document.toJS() as { rules?: Rule[] }).rules ?? [],
  );
}

function packageOf(folder: string): {
  name: string;
  version: string;
  dependencies: Record<string, string>;
} {
  const text = readFileSync(join(ROOT, folder, "package.json"), "utf8");
  return JSON.parse(text) as ReturnType<typeof packageOf>;
}
