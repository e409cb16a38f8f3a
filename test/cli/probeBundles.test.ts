import { confirmedBundles, findingsOf } from "../../cli/probe/findings";
import type { Known } from "../../cli/probe/known";
import { knownOf } from "../../cli/probe/known";
import type { PlaceReport } from "../../cli/probe/place";
import { reportObject, unreachable } from "../../cli/probe/place";
import { clusterProblem } from "../../cli/probe/cluster";
import { readStateFile } from "../../cli/rotation/state";
import { scratchFolder } from "../pki/support/openssl";
import type { ProbedStack } from "./support/probedStack";
import {
  NOW,
  bundleOf,
  chainOf,
  digest,
  makeStack,
  writeState,
} from "./support/probedStack";

const folder = scratchFolder();
let stack: ProbedStack;
let known: Known;

beforeAll(async () => {
  stack = await makeStack();
  const phases = { server: "activated", device: "activated" } as const;
  known = knownOf(readStateFile(writeState(folder, stack, phases)));
});

function bundle(
  name: string,
  pem: string,
  annotations: Record<string, string> = {},
): PlaceReport {
  return reportObject(
    name,
    { annotations, entries: { "ca-bundle.pem": pem } },
    known,
    NOW,
  );
}

function messages(...places: readonly PlaceReport[]): string[] {
  return findingsOf(places).map(({ place, message }) => `${place}: ${message}`);
}

function confirmed(...places: readonly PlaceReport[]) {
  return confirmedBundles(places, findingsOf(places), known).map(
    ({ authority, sha256 }) => [authority, sha256],
  );
}

describe("a bundle", () => {
  test("as published, in every place: confirmed", () => {
    const pem = bundleOf(stack.deviceRoots, "activated");
    const sha256 = digest(pem);
    const annotations = { "mqtt-pki/bundle-sha256": sha256 };
    const [one, two] = [bundle("one", pem, annotations), bundle("two", pem)];
    expect(messages(one, two)).toEqual([]);
    expect(confirmed(one, two)).toEqual([["device-root", sha256]]);
    expect(one.bundles).toMatchObject([
      {
        authority: "device-root",
        published: true,
        generations: [
          { id: "2026a", state: "retiring" },
          { id: "2027a", state: "active" },
        ],
      },
    ]);
  });

  test("in one place only, or with a place that does not answer: not confirmed", () => {
    const fresh = bundle("one", bundleOf(stack.deviceRoots, "activated"));
    const behind = bundle("two", stack.deviceRoots[0].certificatePem);
    expect(messages(fresh, behind)).toEqual([
      "two: ca-bundle.pem does not hold 2027a of device-root yet, so that whoever has it refuses all below.",
    ]);
    expect(confirmed(fresh, behind)).toEqual([]);
    expect(confirmed(fresh, unreachable("two", "is not there."))).toEqual([]);
    expect(confirmed(fresh, bundle("two", ""))).toEqual([]);
  });

  test("of each of two roots, each by itself", () => {
    const server = bundle("one", bundleOf(stack.serverRoots, "activated"));
    const device = bundle("two", stack.deviceRoots[0].certificatePem);
    expect(confirmed(server, device)).toEqual([
      ["server-root", digest(bundleOf(stack.serverRoots, "activated"))],
    ]);
  });

  test("contradicted by a broker that refuses a device: not confirmed", () => {
    const fresh = bundle("one", bundleOf(stack.deviceRoots, "activated"));
    const rung = { authority: "device-root", id: "2027a", state: "active" };
    const broker: PlaceReport = {
      place: "mqtts://two",
      bundles: [],
      devices: [
        {
          name: "new.pem",
          subject: "CN=new",
          notAfter: "2030-01-01T00:00:00Z",
          chainsTo: [rung],
          expected: true,
          answer: "refused",
          detail: "unknown_ca",
        },
      ],
    };
    expect(confirmed(fresh, broker)).toEqual([]);
  });

  test("with somebody else's root, in other bytes, or without any of ours", () => {
    const pem = bundleOf(stack.deviceRoots, "activated");
    const other = stack.serverRoots[0].certificatePem;
    expect(messages(bundle("one", pem + other))).toEqual([
      "one: ca-bundle.pem also holds CN=Server Root.",
    ]);
    expect(messages(bundle("one", `# roots\n${pem}`))).toEqual([
      "one: ca-bundle.pem holds the generations of device-root in other bytes than were published.",
    ]);
    expect(messages(bundle("one", "nothing\n"))).toEqual([
      "one: ca-bundle.pem holds no root of this stack.",
    ]);
    expect(
      bundle("one", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----")
        .problem,
    ).toBe("holds a certificate that cannot be read.");
  });

  test("whose annotation differs from the content, and a certificate's too", () => {
    const pem = bundleOf(stack.deviceRoots, "activated");
    const annotations = { "mqtt-pki/bundle-sha256": "0".repeat(64) };
    expect(messages(bundle("one", pem, annotations))).toEqual([
      `one: has the annotation mqtt-pki/bundle-sha256 000000000000…, and its ca-bundle.pem is ${digest(pem).slice(0, 12)}…: somebody changed one of them by hand.`,
    ]);
    const secret = reportObject(
      "one",
      {
        annotations: { "mqtt-pki/fingerprint-sha256": "0".repeat(64) },
        entries: { "tls.crt": chainOf(stack, 1, 1) },
      },
      known,
      NOW,
    );
    expect(messages(secret)).toEqual([
      expect.stringMatching(/fingerprint-sha256 0{12}…, and its tls\.crt is/),
    ]);
  });

  test("a retired generation in it", () => {
    const phases = { server: "activated", device: "retired" } as const;
    const later = knownOf(readStateFile(writeState(folder, stack, phases)));
    const place = reportObject(
      "one",
      {
        annotations: {},
        entries: { "ca.crt": bundleOf(stack.deviceRoots, "activated") },
      },
      later,
      NOW,
    );
    expect(messages(place)).toEqual([
      "one: ca.crt still holds 2026a of device-root, which is retired.",
    ]);
  });
});

test("a broker that is behind a Secret of the same run", () => {
  const report = (place: string, server: 0 | 1) =>
    reportObject(
      place,
      { annotations: {}, entries: { "tls.crt": chainOf(stack, server, 1) } },
      known,
      NOW,
    );
  expect(
    messages(report("mqtts://one", 0), report("secret/mqtt/tls", 1)),
  ).toEqual([
    expect.stringMatching(
      /^mqtts:\/\/one: still serves .*; secret\/mqtt\/tls has it already, so it is to be read again: a signal or a restart\.$/,
    ),
  ]);
});

test.each<[unknown, RegExp]>([
  [{ code: 401 }, /does not know who asks/],
  [
    { code: 403 },
    /needs the verb get on secrets in the namespace mqtt \(RBAC\)/,
  ],
  [{ code: 404 }, /the namespace mqtt has no Secret tls/],
  [{ code: 500 }, /answers 500/],
  [{ code: "ECONNREFUSED" }, /cannot be reached \(ECONNREFUSED\)/],
  [new TypeError("a token"), /cannot be reached \(TypeError\)/],
])("what a cluster answers: %j", (error, message) => {
  const target = { kind: "secret", namespace: "mqtt", name: "tls" } as const;
  const text = clusterProblem(error, target, "https://cluster");
  expect(text).toMatch(message);
  expect(text).not.toContain("a token");
});
