import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTarget } from "../../cli/probe/target";
import { exportPkcs8 } from "../../pki/key";
import { issue, root } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import type { ProbedStack } from "./support/probedStack";
import {
  NOW,
  bundleOf,
  chainOf,
  deviceOptions,
  hoursAgo,
  makeStack,
  runProbe,
  writeState,
} from "./support/probedStack";
import { Servers } from "./support/servers";

const folder = scratchFolder();
const servers = new Servers();
let stack: ProbedStack;
let activated: string;

beforeAll(async () => {
  stack = await makeStack();
  activated = writeState(folder, stack, {
    server: "activated",
    device: "activated",
  });
});

afterAll(() => servers.close());

/** A broker with the certificate of one update below the CA of one, both from 0. */
function broker(
  server: 0 | 1,
  ca: 0 | 1,
  more: Parameters<Servers["tls"]>[0] = {},
  answer: number | string = 0,
): Promise<string> {
  const options = {
    cert: chainOf(stack, server, ca),
    key: exportPkcs8(stack.servers[server].key),
    ...more,
  };
  return servers
    .tls(options, answer)
    .then((port) => `mqtts://127.0.0.1:${port}`);
}

describe("what a broker serves", () => {
  test("the certificate of the state below the root that signs: up to date", async () => {
    const place = await broker(1, 1);
    const { code, out, error } = await runProbe(place, "--state", activated);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out).toMatch(
      /^mqtts:\S+ +CN=mqtt\.example\.com +\S+ +server-ca 1, server-root 2027a +- +ok$/m,
    );
    expect(out).toContain("2 certificates in the chain; up to date");
    expect(out).toContain("with 2027a of server-root alone: yes");
    expect(out).toMatch(/with 2026a of server-root alone: no: .*trust anchor/);
    expect(out).toContain("with the bundle of server-root: yes");
    expect(out).not.toContain("finding");
  });

  test("the same certificate under the chain of before: behind, below a root that is retiring", async () => {
    const place = await broker(1, 0);
    const { code, out } = await runProbe(place, "--json", "--state", activated);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      schema: "mqtt-pki/probe/1",
      stack: "dev",
      exitCode: 1,
      places: [
        {
          place,
          result: "BEHIND",
          chain: {
            standing: "oldChain",
            length: 2,
            chainsTo: [
              { authority: "server-ca", id: "1", state: "active" },
              { authority: "server-root", id: "2026a", state: "retiring" },
            ],
            anchors: [
              { authority: "server-root", id: "2026a", verifies: true },
              { authority: "server-root", id: "2027a", verifies: false },
            ],
            bundles: [{ authority: "server-root", verifies: true }],
          },
        },
      ],
      findings: [
        { place, message: /under another chain/ },
        { place, message: /2026a of server-root \(retiring\)/ },
      ].map(({ message }) => ({
        place,
        message: expect.stringMatching(message) as string,
      })),
      confirmedBundles: [],
    });
  });

  test("an older certificate for the same key: behind, with both dates", async () => {
    const day = (hours: number) =>
      hoursAgo(hours + 1)
        .toISOString()
        .slice(0, 10);
    const { code, out } = await runProbe(
      await broker(0, 1),
      "--state",
      activated,
    );
    expect(code).toBe(1);
    expect(out).toContain(
      `still serves the certificate of ${day(1000)}; the state has the one of ${day(100)} (mqtt)`,
    );
  });

  test("below a root that is retired: refused by all who have the published bundle", async () => {
    const state = writeState(folder, stack, {
      server: "retired",
      device: "retired",
    });
    const { code, out } = await runProbe(await broker(1, 0), "--state", state);
    expect(code).toBe(1);
    expect(out).toContain("2026a of server-root (retired)");
    expect(out).toContain(
      "is refused by all who have the bundle of server-root that is published now",
    );
  });

  test("a certificate of somebody else", async () => {
    const other = await root({ subject: { commonName: "Other" } }, NOW);
    const leaf = await issue(
      other,
      { profile: "server", subject: { commonName: "other.example.com" } },
      NOW,
    );
    const place = await broker(1, 1, {
      cert: leaf.certificatePem,
      key: exportPkcs8(leaf.key),
    });
    const { code, out } = await runProbe(place, "--state", activated);
    expect(code).toBe(1);
    expect(out).toContain("serves a certificate of no CA of this stack.");
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "although it wants a certificate of us, which we do not show (%s)",
    async (version) => {
      const place = await broker(1, 1, {
        ca: bundleOf(stack.deviceRoots, "activated"),
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: version,
        maxVersion: version,
      });
      const { code, out, error } = await runProbe(place, "--state", activated);
      expect({ code, error }).toEqual({ code: 0, error: "" });
      expect(out).toContain("up to date");
    },
  );
});

describe("whom a broker trusts", () => {
  /** A broker that trusts some of the device roots. */
  function trusting(ca: string, more = {}, code = 0): Promise<string> {
    return broker(
      1,
      1,
      { ca, requestCert: true, rejectUnauthorized: true, ...more },
      code,
    );
  }

  function both(): string[] {
    return [
      ...deviceOptions(folder, "old", stack.devices[0]),
      ...deviceOptions(folder, "new", stack.devices[1]),
    ];
  }

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "devices of both roots, or of the old one only (%s)",
    async (version) => {
      const only = { minVersion: version, maxVersion: version };
      const fresh = await trusting(
        bundleOf(stack.deviceRoots, "activated"),
        only,
      );
      const behind = await trusting(stack.deviceRoots[0].certificatePem, only);
      const { code, out, error } = await runProbe(
        fresh,
        behind,
        ...both(),
        "--state",
        activated,
      );
      expect({ code, error }).toEqual({ code: 1, error: "" });
      const line = (place: string) =>
        out.split("\n").find((text) => text.startsWith(place)) ?? "";
      expect(line(fresh)).toMatch(
        /device-root 2026a \(retiring\): accepted, device-root 2027a: accepted +ok$/,
      );
      expect(line(behind)).toMatch(
        /device-root 2026a \(retiring\): accepted, device-root 2027a: refused +BEHIND$/,
      );
      expect(out).toMatch(
        /refuses \S+new\.pem, below 2027a of device-root \(active\) \(closed without an alert\): it does not trust what the state says/,
      );
      expect(out).not.toContain("PRIVATE KEY");
    },
  );

  test("a broker that still takes devices of a retired root, and refusing one is no finding", async () => {
    const state = writeState(folder, stack, {
      server: "activated",
      device: "retired",
    });
    const behind = await trusting(bundleOf(stack.deviceRoots, "activated"));
    const fresh = await trusting(stack.deviceRoots[1].certificatePem);
    const { code, out } = await runProbe(
      fresh,
      behind,
      ...both(),
      "--state",
      state,
    );
    expect(code).toBe(1);
    expect(out).toContain("1 finding:\n");
    expect(out).toMatch(
      new RegExp(
        `${behind}: accepts \\S+old\\.pem, below 2026a of device-root`,
      ),
    );
  });

  test("a broker that takes the certificate and not the device", async () => {
    const place = await trusting(
      bundleOf(stack.deviceRoots, "activated"),
      {},
      5,
    );
    const { code, out } = await runProbe(
      place,
      ...deviceOptions(folder, "new", stack.devices[1]),
      "--state",
      activated,
    );
    expect(code).toBe(1);
    expect(out).toContain("and not the device (CONNACK 5, not authorized).");
  });

  test("files that are wrong are all said at once, and nothing of what stands in them", async () => {
    const [, oldChain = "", , oldKey = ""] = deviceOptions(
      folder,
      "old",
      stack.devices[0],
    );
    const [, newChain = ""] = deviceOptions(folder, "new", stack.devices[1]);
    const none = join(folder, "none.pem");
    writeFileSync(none, "secret of somebody\n");
    const pair = (chain: string, key: string) => [
      ...["--certificate", chain, "--key", key],
    ];
    const { code, out, error } = await runProbe(
      "mqtts://127.0.0.1:1",
      ...pair(newChain, oldKey),
      ...pair(none, oldKey),
      ...pair(oldChain, none),
      ...pair(join(folder, "missing.pem"), oldKey),
      "--state",
      activated,
    );
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(error).toContain(`${oldKey} is not the key of ${newChain}.`);
    expect(error).toContain("none.pem holds no certificate in PEM.");
    expect(error).toContain("none.pem holds no key in PEM");
    expect(error).toContain("missing.pem is not there.");
    expect(error).not.toContain("secret of somebody");
    const one = await runProbe(
      "mqtts://127.0.0.1:1",
      "--certificate",
      oldChain,
      "--state",
      activated,
    );
    expect(one.code).toBe(2);
    expect(one.error).toContain("each --certificate needs its --key");
  });
});

test("places that cannot be asked are all named, and the others are asked", async () => {
  const good = await broker(1, 1);
  const places = {
    refused: `tls://127.0.0.1:${await servers.closedPort()}`,
    silent: `ssl://127.0.0.1:${await servers.plain(undefined)}`,
    web: `mqtts://127.0.0.1:${await servers.plain("HTTP/1.1 400 Bad Request\r\n\r\n")}`,
    bare: `mqtts://127.0.0.1:${await servers.tls({})}`,
  };
  const { code, out, error } = await runProbe(
    places.refused,
    places.silent,
    places.web,
    places.bare,
    "mqtt://127.0.0.1",
    "mqtts://me:word@127.0.0.1",
    "tb-mqtts",
    good,
    "--timeout",
    "2",
    "--state",
    activated,
  );
  expect(code).toBe(2);
  const said = error.split("\n").map((line) => line.replace(/^error: /, ""));
  expect(said).toEqual([
    expect.stringMatching(/refuses the connection: nothing listens on port/),
    `${places.silent}: does not answer within 2 s.`,
    `${places.web}: answers something that is not TLS; is it the port without TLS?`,
    expect.stringMatching(
      /refuses the handshake before it shows a certificate \(handshake_failure\)/,
    ),
    expect.stringMatching(/"mqtt:" is no MQTT over TLS; write mqtts:/),
    expect.stringMatching(
      /^mqtts:\/\/127\.0\.0\.1: a user name has no meaning/,
    ),
    expect.stringMatching(/^tb-mqtts: "tb-mqtts" names no place; write/),
    "",
  ]);
  expect(error + out).not.toContain("word");
  expect(out).toMatch(/^mqtts:\S+ +CN=mqtt\.example\.com .* ok$/m);
});

test("a TLS server that is no broker: nobody can tell whether it trusts the device", async () => {
  const web = await broker(1, 1, {}, "HTTP/1.1 400 Bad Request\r\n\r\n");
  const silent = await broker(1, 1, {}, "");
  const options = deviceOptions(folder, "new", stack.devices[1]);
  const { code, out, error } = await runProbe(
    web,
    silent,
    ...options,
    "--timeout",
    "2",
    "--state",
    activated,
  );
  expect(code).toBe(2);
  const as = options[1] ?? "";
  expect(error).toBe(
    `error: ${web}: as ${as}: takes the certificate and answers CONNECT with no MQTT.\nerror: ${silent}: as ${as}: does not answer within 2 s.\n`,
  );
  expect(out.match(/unknown +no answer$/gm)).toHaveLength(2);
});

test.each([
  ["0", "is no number of seconds"],
  ["soon", "is no number of seconds"],
])("--timeout %s", async (text, message) => {
  const { code, error } = await runProbe(
    "mqtts://127.0.0.1",
    "--timeout",
    text,
    "--state",
    activated,
  );
  expect(code).toBe(2);
  expect(error).toContain(message);
});

test.each([
  ["mqtts://mqtt.example.com", "mqtt.example.com", 8883],
  ["MQTTS://mqtt.example.com/", "mqtt.example.com", 8883],
  ["tls://10.0.0.1:443", "10.0.0.1", 443],
  ["ssl://[::1]:1883", "::1", 1883],
])("%s", (text, host, port) => {
  expect(readTarget(text)).toMatchObject({ kind: "broker", host, port });
});

test.each([
  ["secret/thingsboard/tb-mqtts", "secret", "thingsboard", "tb-mqtts"],
  ["ConfigMap/mqtt/ca.bundle", "configmap", "mqtt", "ca.bundle"],
])("%s", (text, kind, namespace, name) => {
  expect(readTarget(text)).toMatchObject({ kind, namespace, name });
});

test.each([
  "wss://mqtt.example.com",
  "mqtts://mqtt.example.com/path",
  "mqtts://mqtt.example.com:99999",
  "mqtts://",
  "secret/tb-mqtts",
  "pod/a/b",
])("%s names no place", (text) => {
  expect(readTarget(text)).toMatchObject({ kind: "wrong" });
});
