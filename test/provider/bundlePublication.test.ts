import type { Party } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import { withPlugin } from "./support/killed";
import { threeRoots } from "./support/ledger";
import type { Plugin } from "./support/plugin";
import { urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN } from "./support/wire";

const URN = urnOf("BundlePublication", "thingsboard-ca-bundle-publication");
const folder = scratchFolder();
const FIRST = { "2026a": "active" };
const STAGED = { "2026a": "active", "2027a": "staged" };
const ACTIVATED = { "2026a": "retiring", "2027a": "active" };

jest.setTimeout(60_000);

let parties: Record<string, Party>;

beforeAll(async () => {
  parties = await threeRoots(new Date("2026-11-20T00:00:00Z"));
});

function inputs(
  states: Readonly<Record<string, string>>,
  overrides: Properties = {},
): Properties {
  const certificate = (id: string) => parties[id]?.certificatePem ?? "";
  return {
    place: "mqtt-ca-bundle in thingsboard",
    kind: "serverRoot",
    allowClockOverride: true,
    trustAnchorsPem: Object.keys(states).map(certificate).join(""),
    generations: Object.entries(states).map(([id, state]) => ({
      authority: "server-root",
      id,
      state,
      certificatePem: certificate(id),
    })),
    ...overrides,
  };
}

function on<T>(now: string, body: (plugin: Plugin) => Promise<T>): Promise<T> {
  return withPlugin({ cwd: folder, now }, body);
}

async function published(): Promise<Properties> {
  const { outs } = await on("2026-12-01T00:00:00Z", async (plugin) => {
    expect(await plugin.check(URN, inputs(FIRST))).toEqual([]);
    return plugin.create(URN, inputs(FIRST));
  });
  return outs;
}

test("a place is asked for what it has held: an update that never got there counts for nothing", async () => {
  const first = await published();
  await on("2026-12-20T00:00:00Z", async (plugin) => {
    expect(
      await plugin.refusal(plugin.diff(URN, first, inputs(ACTIVATED))),
    ).toMatch(
      /"2027a" of server-root is not in the bundle that mqtt-ca-bundle in thingsboard holds.*\(I3\)/,
    );
  });
  const staged = await on("2026-12-02T00:00:00Z", async (plugin) => {
    expect((await plugin.diff(URN, first, inputs(STAGED))).changes).toBe(
      "some",
    );
    return plugin.update(URN, first, inputs(STAGED));
  });
  await on("2026-12-08T00:00:00Z", async (plugin) => {
    expect(
      await plugin.refusal(plugin.diff(URN, staged, inputs(ACTIVATED))),
    ).toContain("since 2026-12-02T00:00:00Z only");
    const acknowledge = [
      { rule: "I3", reason: "all updated", until: "2026-12-31" },
    ];
    const confirmed = { confirmedBundle: staged.bundleSha256 };
    for (const overrides of [{ acknowledge }, confirmed]) {
      const { changes } = await plugin.diff(
        URN,
        staged,
        inputs(ACTIVATED, overrides),
      );
      expect(changes).toBe("some");
    }
  });
  await on("2026-12-09T00:00:00Z", async (plugin) => {
    const active = await plugin.update(URN, staged, inputs(ACTIVATED));
    expect((await plugin.diff(URN, active, inputs(ACTIVATED))).changes).toBe(
      "none",
    );
  });
});

test("a preview that makes a generation does not know its certificate, and asks about the others", async () => {
  const first = await published();
  const unknown = { trustAnchorsPem: UNKNOWN };
  await on("2026-12-02T00:00:00Z", async (plugin) => {
    const generations = [
      ...(inputs(FIRST).generations as Properties[]),
      {
        authority: "server-root",
        id: "2027a",
        state: "staged",
        certificatePem: UNKNOWN,
      },
    ];
    const { changes } = await plugin.diff(
      URN,
      first,
      inputs(FIRST, { ...unknown, generations }),
    );
    expect(changes).toBe("some");
    expect(
      await plugin.refusal(plugin.diff(URN, first, inputs(ACTIVATED, unknown))),
    ).toContain("(I3)");
  });
});
