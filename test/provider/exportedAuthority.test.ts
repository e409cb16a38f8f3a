import type { Party } from "../pki/support/authority";
import { intermediate, root } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import { withPlugin } from "./support/killed";
import type { Plugin } from "./support/plugin";
import { urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";

const URN = urnOf("ExportedAuthority", "cluster-ca-certificates");
const folder = scratchFolder();
const MADE = new Date("2026-11-20T00:00:00Z");

jest.setTimeout(60_000);

let top: Party;
let parties: Record<string, Party>;

beforeAll(async () => {
  top = await root({}, MADE);
  parties = {};
  for (const id of ["2026a", "2027a"]) {
    parties[id] = await intermediate(
      top,
      { subject: { commonName: `Cluster CA ${id}` } },
      MADE,
    );
  }
});

/** The generations that are there, by state. */
function inputs(
  states: Readonly<Record<string, string>>,
  overrides: Properties = {},
): Properties {
  const pem = (id = "") => parties[id]?.certificatePem ?? "";
  const active = Object.keys(states).find((id) => states[id] === "active");
  return {
    certificatePem: pem(active),
    chainPem: pem(active),
    trustAnchorsPem: top.certificatePem,
    longestDays: 90,
    allowClockOverride: true,
    generations: [
      ...Object.entries(states).map(([id, state]) => ({
        authority: "cluster-ca",
        id,
        state,
        certificatePem: pem(id),
      })),
      {
        authority: "root",
        id: "1",
        state: "active",
        certificatePem: top.certificatePem,
      },
    ],
    ...overrides,
  };
}

function on<T>(now: string, body: (plugin: Plugin) => Promise<T>): Promise<T> {
  return withPlugin({ cwd: folder, now }, body);
}

const ONE = { "2026a": "active" };
const BOTH = { "2026a": "retiring", "2027a": "active" };
const NEW = { "2027a": "active" };

async function rotated(): Promise<Properties> {
  const { outs } = await on("2026-12-01T00:00:00Z", async (plugin) => {
    expect(await plugin.check(URN, inputs(ONE))).toEqual([]);
    return plugin.create(URN, inputs(ONE));
  });
  return on("2027-06-01T00:00:00Z", async (plugin) => {
    expect((await plugin.diff(URN, outs, inputs(ONE))).changes).toBe("none");
    expect((await plugin.diff(URN, outs, inputs(BOTH))).changes).toBe("some");
    return plugin.update(URN, outs, inputs(BOTH));
  });
}

test("a generation stays until nothing that another signer signed with it can be valid", async () => {
  const after = await rotated();
  await on("2027-08-29T00:00:00Z", async (plugin) => {
    expect((await plugin.diff(URN, after, inputs(BOTH))).changes).toBe("none");
    expect(await plugin.refusal(plugin.diff(URN, after, inputs(NEW)))).toMatch(
      /"2026a" of cluster-ca .*cluster-ca-certificates \(1, until 2027-08-30T00:00:00Z\).*\(I4\)/,
    );
  });
  await on("2027-08-31T00:00:00Z", async (plugin) => {
    expect((await plugin.diff(URN, after, inputs(NEW))).changes).toBe("some");
    const last = await plugin.update(URN, after, inputs(NEW));
    expect(last.live).toEqual([]);
  });
});

test("what is signed every day has no end: the present root may not go, however long ago the update was", async () => {
  const after = await rotated();
  const withoutRoot = inputs(BOTH);
  await on("2029-01-01T00:00:00Z", async (plugin) => {
    expect(
      await plugin.refusal(
        plugin.diff(URN, after, {
          ...withoutRoot,
          generations: (withoutRoot.generations as unknown[]).slice(0, -1),
        }),
      ),
    ).toMatch(/"1" of root .*until 2029-04-01T00:00:00Z/);
  });
});

test("an acknowledgement lets a generation go, and is not asked for again", async () => {
  const after = await rotated();
  const acknowledge = [
    {
      rule: "I4",
      reason: "cmctl renew --all on the 2nd",
      until: "2027-07-01",
      authority: "cluster-ca",
    },
  ];
  const gone = await on("2027-06-03T00:00:00Z", async (plugin) => {
    const wanted = inputs(NEW, { acknowledge });
    expect((await plugin.diff(URN, after, wanted)).changes).toBe("some");
    return plugin.update(URN, after, wanted);
  });
  await on("2027-07-02T00:00:00Z", async (plugin) => {
    expect((await plugin.diff(URN, gone, inputs(NEW))).changes).toBe("some");
  });
});

test("certificates that are valid for no time are refused", async () => {
  await on("2026-12-01T00:00:00Z", async (plugin) => {
    expect(
      JSON.stringify(await plugin.check(URN, inputs(ONE, { longestDays: 0 }))),
    ).toMatch(/longestDays.*0 is no time; write how many days/);
  });
});
