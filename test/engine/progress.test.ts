import type { Step } from "../../engine/show/events";
import { Screen } from "../../engine/show/screen";
import { Sandbox } from "./sandbox";

function step(name: string): Step {
  return {
    op: "create",
    urn: `urn:pulumi:dev::p::demo:index:Item::${name}`,
    type: "demo:index:Item",
    name,
    parent: "",
    changes: [],
    replaces: [],
    before: undefined,
    after: {},
  };
}

describe("what takes its time", () => {
  let text: string;
  let screen: Screen;

  const open = (terminal: boolean): void => {
    text = "";
    screen = new Screen({
      stack: "dev",
      terminal,
      color: false,
      diff: false,
      showSecrets: false,
      write: (more) => (text += more),
    });
    screen.phaseStarted("update");
    text = "";
  };
  const says = (message: string): void => {
    const { urn } = step("a");
    screen.diagnostic({ severity: "info", urn, message, passing: true });
  };
  const wait = (seconds: number): void => {
    jest.advanceTimersByTime(seconds * 1000);
  };
  const lines = (): string[] =>
    text.split("\n").filter((line) => line.includes("Item"));

  beforeEach(() => {
    jest.useFakeTimers();
    open(false);
  });

  afterEach(() => {
    screen.close();
    jest.useRealTimers();
  });

  test("has a line after two seconds, and what is quick has none", () => {
    const slow = screen.stepStarted(step("slow"));
    const quick = screen.stepStarted(step("quick"));
    wait(1.9);
    quick();
    expect(lines()).toEqual([]);
    wait(0.2);
    expect(lines()).toEqual([" +  demo:index:Item slow creating..."]);
    wait(60);
    slow();
    expect(lines()).toHaveLength(1);
  });

  test("says what its provider is doing: the last word, and not too often", () => {
    screen.stepStarted(step("a"));
    says("waiting for the API server");
    expect(lines()).toEqual([]);
    wait(2);
    says("still waiting");
    says("still waiting, with patience");
    expect(lines()).toEqual([
      " +  demo:index:Item a creating... waiting for the API server",
    ]);
    wait(10);
    says("the API server answers");
    says("done soon");
    expect(lines().slice(1)).toEqual([
      " +  demo:index:Item a creating... the API server answers",
    ]);
  });

  test("is in the line that moves, where a person watches", () => {
    screen.close();
    open(true);
    screen.stepStarted(step("a"));
    says("waiting for the API server");
    wait(3);
    expect(text).toContain("creating a... waiting for the API server");
    expect(text).not.toContain("\n");
  });

  test("does not stay in the report", () => {
    screen.stepStarted(step("a"))();
    says("waiting for the API server");
    screen.phaseEnded({
      phase: "update",
      succeeded: true,
      counts: new Map(),
      lost: 0,
      outputs: {},
      previousOutputs: {},
      milliseconds: 10,
    });
    expect(text).not.toContain("waiting");
  });
});

test("a step that takes its time is seen while it runs", async () => {
  const sandbox = new Sandbox("fleet");
  try {
    sandbox.configure([{ name: "a", text: "one", waitMs: 2500 }]);
    const { out } = await sandbox.run("up", "--yes", "--skip-preview");
    expect(out).toContain(" +  demo:index:Item a creating...\n");
    expect(out).toContain(" +  demo:index:Item a created");
  } finally {
    sandbox.close();
  }
});
