import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { ago, table } from "../../engine/show/table";
import { isMap, parse, type PropertyMap } from "../../engine/values";
import { Sandbox } from "./sandbox";

/** An exported state with a change made to it. */
function changed(
  exported: string,
  change: (deployment: PropertyMap) => void,
): string {
  const json = parse(JSON.parse(exported));
  if (!isMap(json) || !isMap(json.deployment)) {
    throw new Error("that is no exported state");
  }
  change(json.deployment);
  return JSON.stringify(json);
}

describe("the stack commands", () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = new Sandbox("fleet");
    await sandbox.prepare([
      { name: "a", text: "<one> & two" },
      { name: "b", from: "a" },
    ]);
  });

  afterEach(() => {
    sandbox.close();
  });

  test("an exported state comes back to the byte, ciphertexts too", async () => {
    const before = sandbox.resources();
    const exported = (await sandbox.run("stack", "export")).out;
    await sandbox.run("destroy", "--yes", "--skip-preview");
    expect(sandbox.resources()).toEqual([]);
    const result = await sandbox.feed(exported, "stack", "import");
    expect(result).toEqual({ code: 0, out: "Import complete.\n", err: "" });
    expect(JSON.stringify(sandbox.resources())).toBe(JSON.stringify(before));
    expect(readdirSync(sandbox.lockFolder())).toEqual([]);
    expect((await sandbox.run("preview", "--expect-no-changes")).code).toBe(0);
  });

  test("open secrets are encrypted again, also for a stack with another passphrase", async () => {
    const file = join(sandbox.folder, "exported.json");
    await sandbox.run("stack", "export", "--show-secrets", "--file", file);
    const exported = readFileSync(file, "utf8");
    expect(exported).toContain("token of \\\\u003cone\\\\u003e \\\\u0026 two");
    const other = new Sandbox("fleet", "another");
    try {
      other.configure([
        { name: "a", text: "<one> & two" },
        { name: "b", from: "a" },
      ]);
      expect((await other.run("stack", "import", "--file", file)).code).toBe(0);
      expect(other.stateText()).not.toContain("token of");
      expect((await other.run("preview", "--expect-no-changes")).code).toBe(0);
      expect(
        (await other.run("stack", "export", "--show-secrets")).out.replace(
          /"(time|salt)": .*/g,
          "",
        ),
      ).toBe(exported.replace(/"(time|salt)": .*/g, ""));
      const encrypted = (await sandbox.run("stack", "export")).out;
      const refused = await other.feed(encrypted, "stack", "import");
      expect(refused.err).toContain("The passphrase is not the one");
    } finally {
      other.close();
    }
  });

  test("the state before an import is kept", async () => {
    const before = sandbox.stateText();
    const exported = (await sandbox.run("stack", "export")).out;
    const fewer = changed(exported, (deployment) => {
      deployment.resources = (deployment.resources as PropertyMap[]).slice(
        0,
        -1,
      );
    });
    await sandbox.feed(fewer, "stack", "import");
    expect(sandbox.names()).toEqual(["fleet-dev", "default", "a"]);
    const backups = join(
      sandbox.folder,
      "state",
      ".pulumi",
      "backups",
      "fleet",
      "dev",
    );
    const newest = readdirSync(backups).sort().at(-1) ?? "";
    expect(readFileSync(join(backups, newest), "utf8")).toBe(before);
  });

  test("what is not a whole state of this stack is refused and changes nothing", async () => {
    const before = sandbox.stateText();
    const exported = (await sandbox.run("stack", "export")).out;
    const cases: [string, string][] = [
      [exported.slice(0, -40), "it is not whole JSON"],
      ["{}", "it has no version"],
      ['{"version":4,"deployment":{}}', "An exported state of version 4"],
      ['{"version":3}', "it holds no deployment"],
      [
        exported.replaceAll("urn:pulumi:dev::", "urn:pulumi:prod::"),
        'of the stack "prod"',
      ],
      [exported.replaceAll("::fleet::", "::ships::"), 'of the project "ships"'],
      [
        changed(exported, ({ resources }) => (resources as unknown[]).shift()),
        "which is not before it",
      ],
      [
        changed(exported, ({ resources }) =>
          (resources as unknown[]).splice(1, 1),
        ),
        "which is not before it",
      ],
      [
        changed(exported, ({ resources }) =>
          (resources as unknown[]).push((resources as unknown[])[3]),
        ),
        "is there twice",
      ],
      [
        exported.replace('"type": "passphrase"', '"type": "cloud"'),
        'The secrets provider "cloud"',
      ],
    ];
    for (const [document, message] of cases) {
      const result = await sandbox.feed(document, "stack", "import");
      expect(result.err).toContain(message);
      expect(result.code).toBe(1);
    }
    expect(sandbox.stateText()).toBe(before);
  });

  test("an import respects the lock, and leaves out what was under way", async () => {
    const exported = (await sandbox.run("stack", "export")).out;
    const pending = changed(exported, (deployment) => {
      const [resource] = (deployment.resources as PropertyMap[]).slice(-1);
      deployment.pending_operations = [
        { type: "updating", resource: resource ?? null },
      ];
    });
    const held = join(sandbox.lockFolder(), "4711.json");
    mkdirSync(sandbox.lockFolder(), { recursive: true });
    writeFileSync(held, JSON.stringify({ pid: 1, username: "alice" }));
    const locked = await sandbox.feed(pending, "stack", "import");
    expect(locked.code).toBe(1);
    expect(locked.err).toContain("held by alice");
    expect(existsSync(held)).toBe(true);

    rmSync(held);
    const result = await sandbox.feed(pending, "stack", "import");
    expect(result.code).toBe(0);
    expect(result.err).toContain("written while updating");
    expect(sandbox.deployment().pending_operations).toBeUndefined();
  });

  test("the list names the stacks of the project, and needs no passphrase", async () => {
    const nobody = sandbox.withPassphrase(undefined);
    expect((await nobody.run("stack", "ls")).out).toMatch(
      /^NAME {2}LAST UPDATE +RESOURCE COUNT\ndev\* {2}(now|\d+ (second|minute)s? ago) +4\n$/,
    );
    expect(JSON.parse((await nobody.run("stack", "ls", "--json")).out)).toEqual(
      [
        {
          name: "dev",
          current: true,
          lastUpdate: expect.stringMatching(/^\d{4}-.*Z$/) as string,
          resourceCount: 4,
        },
      ],
    );
  });
});

test("a moment is told in its largest unit", () => {
  const now = new Date("2026-01-31T12:00:00Z");
  const told = [
    ["2026-01-31T12:00:00Z", "now"],
    ["2026-01-31T11:59:59Z", "1 second ago"],
    ["2026-01-31T10:01:00Z", "1 hour ago"],
    ["2026-01-29T10:00:00Z", "2 days ago"],
    ["2025-11-25T12:00:00Z", "2 months ago"],
  ] as const;
  for (const [moment, text] of told) {
    expect(ago(new Date(moment), now)).toBe(text);
  }
  expect(
    table([
      ["A", "B"],
      ["long", "x\ny"],
    ]),
  ).toBe("A     B\nlong  x\n      y");
});
