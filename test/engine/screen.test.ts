import type { Operation, PhaseResult, Step } from "../../engine/show/events";
import { Screen, type ScreenOptions } from "../../engine/show/screen";
import { changeText, shortType } from "../../engine/show/text";
import { type PropertyMap, secret, UNKNOWN } from "../../engine/values";

const STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev";

function step(
  op: Operation,
  type: string,
  name: string,
  parent: string,
  more: Partial<Step> = {},
): Step {
  const urn =
    type === "pulumi:pulumi:Stack"
      ? STACK
      : `urn:pulumi:dev::p::${type}::${name}`;
  return {
    op,
    urn,
    type,
    name,
    parent,
    changes: [],
    replaces: [],
    before: {},
    after: {},
    ...more,
  };
}

/** What a screen shows of a preview with these steps. */
function shown(
  options: Partial<ScreenOptions>,
  steps: Step[],
  result: Partial<PhaseResult> = {},
): string[] {
  let text = "";
  const screen = new Screen({
    stack: "dev",
    terminal: false,
    color: false,
    diff: false,
    showSecrets: false,
    write: (more) => (text += more),
    ...options,
  });
  screen.phaseStarted("preview");
  for (const one of steps) {
    screen.stepDone(one, false, 0.01);
  }
  const counts = new Map<Operation, number>();
  for (const { op } of steps) {
    counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  screen.phaseEnded({
    phase: "preview",
    succeeded: true,
    counts,
    lost: 0,
    outputs: {},
    previousOutputs: {},
    milliseconds: 10,
    ...result,
  });
  return text.split("\n");
}

const STEPS = [
  step("same", "pulumi:pulumi:Stack", "p-dev", ""),
  step("same", "demo:index:Group", "g", STACK),
  step("create", "pulumi:providers:demo", "default_1_0_0", ""),
  step(
    "update",
    "demo:index/item:Item",
    "a",
    "urn:pulumi:dev::p::demo:index:Group::g",
    { changes: ["~text", "+size"] },
  ),
  step("same", "demo:index:Group", "quiet", STACK),
  step("create", "demo:index:Item", "b", STACK),
];

describe("the screen", () => {
  test("shows a person a tree: what changes, below what it belongs to", () => {
    expect(shown({ terminal: true }, STEPS).slice(0, 7)).toEqual([
      "Previewing update (dev):",
      "",
      "    pulumi:pulumi:Stack    p-dev",
      "    ├─ demo:index:Group    g",
      " ~  │  └─ demo:index:Item  a      update [diff: +size~text]",
      " +  └─ demo:index:Item     b      create",
      "",
    ]);
  });

  test("writes a line for each step where nobody watches, and no colour", () => {
    const lines = shown({}, STEPS);
    expect(lines.slice(2, 4)).toEqual([
      " ~  demo:index:Item a update [diff: +size~text]",
      " +  demo:index:Item b create",
    ]);
    expect(lines.join("")).not.toContain("\u001b");
    expect(shown({ color: true }, STEPS).join("")).toContain("\u001b[33m~ ");
  });

  test("never shows a secret unless asked to, in outputs and differences alike", () => {
    const before: PropertyMap = {
      key: secret("old hush"),
      list: [{ pin: secret("1234") }],
    };
    const after: PropertyMap = {
      key: secret("new hush"),
      list: [{ pin: secret("5678") }],
    };
    const steps = [
      step("update", "demo:index:Item", "a", STACK, { before, after }),
    ];
    const result = { outputs: after, previousOutputs: before };
    const hidden = shown({ diff: true }, steps, result).join("\n");
    expect(hidden).not.toMatch(/hush|1234|5678/);
    expect(hidden).toContain("~ key: [secret] => [secret]");
    const open = shown({ diff: true, showSecrets: true }, steps, result).join(
      "\n",
    );
    expect(open).toContain('~ key: "old hush" => "new hush"');
    expect(open).toContain('pin: "1234" => "5678"');
  });

  test("hides what a value was before it became secret", () => {
    const [before, after] = [{ key: "hush" }, { key: secret("hush") }];
    const steps = [
      step("update", "demo:index:Item", "a", STACK, { before, after }),
    ];
    const result = { outputs: after, previousOutputs: before };
    const text = shown({ diff: true }, steps, result).join("\n");
    expect(text).toContain("~ key: [secret] => [secret]");
    expect(text).not.toContain("hush");
  });

  test("marks outputs that are new, gone, changed or not known yet", () => {
    const result = {
      outputs: { kept: 1, changed: UNKNOWN, added: { a: [true] } },
      previousOutputs: { kept: 1, changed: "x", gone: "y" },
    };
    const lines = shown({}, [], result);
    const from = lines.indexOf("Outputs:") + 1;
    expect(lines.slice(from, from + 8)).toEqual([
      "  + added  : {",
      "        a: [",
      "            [0]: true",
      "        ]",
      "    }",
      '  ~ changed: "x" => [unknown]',
      '  - gone   : "y"',
      "    kept   : 1",
    ]);
  });

  test("mark what changes within an output, and colour nothing by themselves", () => {
    const text = shown({}, [], {
      outputs: { m: { x: [1, { y: 3 }], z: "\u001b[31mred\u001b[39m" } },
      previousOutputs: { m: { x: [1, { y: 2 }], z: "blue" } },
    }).join("\n");
    expect(text).toContain(
      [
        "  ~ m:",
        "      ~ x:",
        "          ~ [1]:",
        "              ~ y: 2 => 3",
      ].join("\n"),
    );
    expect(text).not.toContain("\u001b");
  });

  test("tells what went wrong last", () => {
    let text = "";
    const screen = new Screen({
      stack: "dev",
      terminal: true,
      color: false,
      diff: false,
      showSecrets: false,
      write: (more) => (text += more),
    });
    screen.phaseStarted("preview");
    screen.diagnostic({
      severity: "error",
      urn: "urn:pulumi:dev::p::t::bad",
      message: "one\ntwo",
    });
    screen.diagnostic({
      severity: "warning",
      urn: "urn:pulumi:dev::p::t::odd",
      message: "hm",
    });
    const counts = new Map<Operation, number>([
      ["create", 1],
      ["delete", 2],
      ["same", 3],
    ]);
    screen.phaseEnded({
      phase: "preview",
      succeeded: false,
      counts,
      lost: 0,
      outputs: {},
      previousOutputs: undefined,
      milliseconds: 1,
    });
    expect(text.trimEnd().split("\n").slice(2)).toEqual([
      "Resources:",
      "    + 1 to create",
      "    - 2 to delete",
      "    3 changes. 3 unchanged",
      "",
      "Diagnostics:",
      "  t (odd):",
      "    warning: hm",
      "  t (bad):",
      "    error: one",
      "    two",
    ]);
  });

  test("shortens types and groups changes as Pulumi does", () => {
    expect(shortType("tls:index/privateKey:PrivateKey")).toBe(
      "tls:index:PrivateKey",
    );
    expect(shortType("kubernetes:core/v1:Secret")).toBe(
      "kubernetes:core/v1:Secret",
    );
    expect(changeText(["-data", "+stringData", "~a", "~b"])).toBe(
      "+stringData-data~a,b",
    );
  });
});
