import { X509Certificate } from "node:crypto";
import { exportPkcs8, publicKeyDer } from "../../pki/key";
import { issueCertificate } from "../../pki/certificate";
import type { Party } from "../pki/support/authority";
import { intermediate, order, root } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import type { Requester } from "./support/inputs";
import { requester, serverInputs, without } from "./support/inputs";
import { withPlugin } from "./support/killed";
import type { Diff } from "./support/plugin";
import { urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, secret } from "./support/wire";

const URN = urnOf("Certificate", "server-certificate");
const START = "2026-12-01T00:00:00Z";
/** The last second of what is issued on {@link START}. */
const END = "2027-12-01T00:00:00Z";
const AFTER_END = "2027-12-01T00:00:01Z";
const NO_CHANGE = { changes: "none", replaces: [] };
const UPDATE = { changes: "some", replaces: [] };

const folder = scratchFolder();

jest.setTimeout(60_000);

let old: Party;
let young: Party;
let ca: Party;
/** The same CA by the young root, as its reissue makes it. */
let caByYoung: string;
let otherCa: Party;
let server: Requester;

beforeAll(async () => {
  const at = new Date("2026-11-20T00:00:00Z");
  old = await root({ subject: { commonName: "Root 2026" } }, at);
  young = await root({ subject: { commonName: "Root 2027" } }, at);
  ca = await intermediate(old, {}, at);
  otherCa = await intermediate(
    old,
    { subject: { commonName: "Other CA" } },
    at,
  );
  const wanted = order({
    profile: "intermediate",
    subject: { commonName: "Test Issuing CA" },
    validityDays: 1825,
  });
  ({ certificatePem: caByYoung } = await issueCertificate(
    wanted,
    { publicKey: publicKeyDer(ca.key), key: wanted.key },
    young.signer,
    at,
  ));
  server = await requester();
});

/** A generation as a leaf sees it. */
function generation(
  authority: string,
  id: string,
  state: string,
  certificatePem: string,
): Properties {
  return { authority, id, state, certificatePem };
}

/** Inputs of a leaf below a CA below roots in these states. */
function leaf(
  roots: Readonly<Record<string, string>>,
  overrides: Properties = {},
): Properties {
  const parties: Readonly<Record<string, Party>> = {
    "2026a": old,
    "2027a": young,
  };
  const byYoung = roots["2027a"] === "active";
  const pem = byYoung ? caByYoung : ca.certificatePem;
  const trusted = Object.entries(roots).filter(
    ([, state]) => state !== "retired",
  );
  return serverInputs(
    server,
    {
      privateKeyPem: secret(exportPkcs8(ca.key)),
      certificatePem: pem,
      chainPem: pem,
      trustAnchorsPem: trusted
        .map(([id]) => parties[id]?.certificatePem ?? "")
        .join(""),
      authorities: [
        {
          subject: { commonName: "Test Issuing CA" },
          validityDays: 1825,
          pathLength: 0,
        },
        {
          subject: { commonName: byYoung ? "Root 2027" : "Root 2026" },
          validityDays: 3650,
        },
      ],
      generations: [
        generation("server-ca", "1", "active", pem),
        ...trusted.map(([id, state]) =>
          generation("root", id, state, parties[id]?.certificatePem ?? ""),
        ),
      ],
      ...overrides,
    },
    { allowClockOverride: true },
  );
}

function create(inputs: Properties, now = START): Promise<Properties> {
  return withPlugin({ cwd: folder, now }, async (plugin) => {
    expect(await plugin.check(URN, inputs)).toEqual([]);
    return (await plugin.create(URN, inputs)).outs;
  });
}

function update(
  outs: Properties,
  inputs: Properties,
  now: string,
): Promise<Properties> {
  return withPlugin({ cwd: folder, now }, async (plugin) => {
    expect(await plugin.diff(URN, outs, inputs)).toEqual(UPDATE);
    const updated = await plugin.update(URN, outs, inputs);
    expect(await plugin.diff(URN, updated, inputs)).toEqual(NO_CHANGE);
    return updated;
  });
}

function preview(
  outs: Properties,
  inputs: Properties,
  now: string,
): Promise<Diff> {
  return withPlugin({ cwd: folder, now }, (plugin) =>
    plugin.diff(URN, outs, inputs),
  );
}

function refusal(
  outs: Properties,
  inputs: Properties,
  now: string,
): Promise<string> {
  return withPlugin({ cwd: folder, now }, (plugin) =>
    plugin.refusal(plugin.diff(URN, outs, inputs)),
  );
}

function keyOf(party: Party): string {
  return party.subjectKeyIdentifier;
}

/** A leaf of the old root, after the young one has become active. */
async function activated(): Promise<Properties> {
  const outs = await create(leaf({ "2026a": "active" }));
  const staged = leaf({ "2026a": "active", "2027a": "staged" });
  expect(await preview(outs, staged, START)).toEqual(NO_CHANGE);
  return update(
    outs,
    leaf({ "2026a": "retiring", "2027a": "active" }),
    "2026-12-09T00:00:00Z",
  );
}

test("a leaf remembers every chain it was ever given, and until when", async () => {
  const outs = await activated();
  expect(outs.live).toEqual([
    {
      name: "server-certificate",
      count: 1,
      issuers: [keyOf(ca), keyOf(old)],
      expiresLast: END,
    },
    {
      name: "server-certificate",
      count: 1,
      issuers: [keyOf(ca), keyOf(young)],
      expiresLast: END,
    },
  ]);
  const first = await create(leaf({ "2026a": "active" }));
  const moved = await update(
    first,
    leaf({ "2026a": "retiring", "2027a": "active" }),
    START,
  );
  // The intermediate kept its key, so that the leaf is the same one.
  expect(moved.certificatePem).toBe(first.certificatePem);
});

const retired = { "2026a": "retired", "2027a": "active" };

describe("I4: a generation leaves the bundle", () => {
  test("refused while a leaf may be shown with the old chain, by name, number and day", async () => {
    const outs = await activated();
    for (const now of ["2026-12-10T00:00:00Z", END]) {
      expect(await refusal(outs, leaf(retired), now)).toBe(
        `generations.2026a.state: "2026a" of root would leave the trust bundle, and 1 certificate chains to it: server-certificate (1, until ${END}) (I4); all who hold one would be cut off. Write retiring until ${END} has passed, or acknowledge I4 once they are known to be replaced.`,
      );
    }
  });

  test("allowed once the last of them has expired", async () => {
    const outs = await activated();
    const both = leaf({ "2026a": "retiring", "2027a": "active" });
    const renewed = await update(outs, both, "2027-10-01T00:00:00Z");
    const pem = new X509Certificate(String(renewed.certificatePem));
    expect(new Date(pem.validTo).getTime()).toBeGreaterThan(Date.parse(END));
    expect(await refusal(renewed, leaf(retired), END)).toContain("(I4)");
    expect(await preview(renewed, leaf(retired), AFTER_END)).toEqual(NO_CHANGE);
  });

  test("refused too where another CA's certificate is not known yet in this preview", async () => {
    const outs = await activated();
    const { signer, ...rest } = leaf(retired);
    const { generations, ...others } = signer as Properties;
    const [own, ...roots] = generations as Properties[];
    const unknown = {
      ...rest,
      signer: {
        ...others,
        certificatePem: UNKNOWN,
        chainPem: UNKNOWN,
        generations: [{ ...own, certificatePem: UNKNOWN }, ...roots],
      },
    };
    expect(await refusal(outs, unknown, "2026-12-10T00:00:00Z")).toContain(
      '"2026a" of root would leave the trust bundle',
    );
    expect(await preview(outs, unknown, AFTER_END)).toEqual(UPDATE);
  });

  test("allowed where the code takes it upon itself, with a warning, and not asked about again", async () => {
    const outs = await activated();
    const acknowledge = [
      { rule: "I4", reason: "all restarted", until: "2026-12-31" },
    ];
    const inputs = leaf(retired, { acknowledge });
    await withPlugin(
      { cwd: folder, now: "2026-12-10T00:00:00Z" },
      async (plugin) => {
        expect(await plugin.diff(URN, outs, inputs)).toEqual(UPDATE);
        expect(plugin.log).toMatchObject([
          {
            severity: "warning",
            text: expect.stringMatching(/^acknowledged: .*\(I4\)/) as string,
          },
        ]);
        const after = await plugin.update(URN, outs, inputs);
        expect(after.certificatePem).toBe(outs.certificatePem);
        expect(await plugin.diff(URN, after, leaf(retired))).toEqual(NO_CHANGE);
      },
    );
    expect(await refusal(outs, inputs, "2027-01-01T00:00:00Z")).toContain(
      "The acknowledgement of I4 ended on 2026-12-31.",
    );
  });
});

describe("an acknowledgement that stands on one CA of a chain", () => {
  const on = (authority: string) =>
    leaf(retired, {
      acknowledge: [
        { rule: "I4", reason: "all restarted", until: "2026-12-31", authority },
      ],
    });

  test("holds for its own CA and those below it, and not for those above", async () => {
    const outs = await activated();
    const now = "2026-12-10T00:00:00Z";
    expect(await refusal(outs, on("server-ca"), now)).toMatch(
      /"2026a" of root would leave the trust bundle.*\(I4\)/,
    );
    await withPlugin({ cwd: folder, now }, async (plugin) => {
      expect(await plugin.diff(URN, outs, on("root"))).toEqual(UPDATE);
    });
  });
});

describe("a leaf that moves to another CA", () => {
  function below(party: Party, authority: string, top: Properties): Properties {
    return leaf(
      { "2026a": "active" },
      {
        privateKeyPem: secret(exportPkcs8(party.key)),
        certificatePem: party.certificatePem,
        chainPem: party.certificatePem,
        generations: [
          generation(authority, "1", "active", party.certificatePem),
          top,
        ],
        authorities: [],
      },
    );
  }

  test("under the same root loses nothing", async () => {
    const outs = await create(leaf({ "2026a": "active" }));
    const moved = below(
      otherCa,
      "other-ca",
      generation("root", "2026a", "active", old.certificatePem),
    );
    expect(await preview(outs, moved, START)).toEqual(UPDATE);
  });

  test("under another root is refused, since nobody is told to trust the old one any more", async () => {
    const outs = await create(leaf({ "2026a": "active" }));
    const foreign = await intermediate(
      young,
      { subject: { commonName: "Foreign CA" } },
      new Date("2026-11-20T00:00:00Z"),
    );
    const moved = below(
      foreign,
      "foreign-ca",
      generation("other-root", "1", "active", young.certificatePem),
    );
    expect(await refusal(outs, moved, START)).toMatch(
      /"2026a" of root would leave the trust bundle.*server-certificate \(1, until 2027-12-01T00:00:00Z\) \(I4\)/,
    );
    expect(await preview(outs, moved, AFTER_END)).toEqual(UPDATE);
  });
});

describe("outputs of version 0.1, which remembered nothing", () => {
  async function legacy(): Promise<Properties> {
    const outs = await create(leaf({ "2026a": "active" }));
    return without(outs, "live", "knownGenerations");
  }

  test("preview without a change, with a second root staged and an intermediate that is being renewed, too", async () => {
    const outs = await legacy();
    const staged = leaf({ "2026a": "active", "2027a": "staged" });
    for (const inputs of [leaf({ "2026a": "active" }), staged]) {
      expect(await preview(outs, inputs, START)).toEqual(NO_CHANGE);
    }
    const { generations } = staged.signer as Properties;
    const [own, ...roots] = generations as Properties[];
    const renewing = {
      ...staged,
      signer: {
        ...(staged.signer as Properties),
        certificatePem: UNKNOWN,
        chainPem: UNKNOWN,
        generations: [{ ...own, certificatePem: UNKNOWN }, ...roots],
      },
    };
    expect(await preview(outs, renewing, START)).toEqual(NO_CHANGE);
  });

  test("know their whole chain once it changes, so that the old root cannot leave", async () => {
    const outs = await update(
      await legacy(),
      leaf({ "2026a": "retiring", "2027a": "active" }),
      "2026-12-09T00:00:00Z",
    );
    expect(
      await refusal(
        outs,
        leaf({ "2026a": "retired", "2027a": "active" }),
        "2026-12-10T00:00:00Z",
      ),
    ).toContain(`server-certificate (1, until ${END}) (I4)`);
  });
});

test("the certificate of an intermediate does not count by itself: nobody shows it but below a leaf", async () => {
  const urn = urnOf("Certificate", "server-ca-certificate");
  const asked = await requester();
  const rootSigner = (party: Party, generations: Properties[]): Properties => ({
    privateKeyPem: secret(exportPkcs8(party.key)),
    certificatePem: party.certificatePem,
    chainPem: "",
    trustAnchorsPem: party.certificatePem,
    generations,
  });
  const inputs = (signer: Properties): Properties => ({
    ...without(serverInputs(asked, signer), "dnsNames"),
    profile: "intermediate",
    subject: { commonName: "CA" },
    validityDays: 1825,
    allowClockOverride: true,
  });
  const before = generation("root", "2026a", "active", old.certificatePem);
  const after = generation("root", "2027a", "active", young.certificatePem);
  await withPlugin({ cwd: folder, now: START }, async (plugin) => {
    const { outs } = await plugin.create(
      urn,
      inputs(rootSigner(old, [before])),
    );
    const moved = inputs(
      rootSigner(young, [{ ...before, state: "retiring" }, after]),
    );
    const reissued = await plugin.update(urn, outs, moved);
    expect(reissued.live).toHaveLength(2);
    expect(
      await plugin.diff(urn, reissued, inputs(rootSigner(young, [after]))),
    ).toEqual(NO_CHANGE);
  });
});
