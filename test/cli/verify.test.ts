import { join } from "node:path";
import { exportPkcs8 } from "../../pki/key";
import { decodePem } from "../../pki/pem";
import { scratchFolder } from "../pki/support/openssl";
import { encryptedKey } from "./support/encryptedKey";
import type { Fleet } from "./support/fleet";
import { makeFleet, render, secret, writeFiles } from "./support/fleet";
import { runCli } from "./support/run";

interface Document {
  readonly schema: string;
  readonly files: readonly {
    readonly name: string;
    readonly kind: string;
    readonly certificates: readonly Readonly<Record<string, unknown>>[];
    readonly findings: readonly {
      readonly code: string;
      readonly fatal: boolean;
    }[];
    readonly answers: readonly {
      readonly program: string;
      readonly ok: boolean;
    }[];
  }[];
  readonly summary: Readonly<Record<string, number>>;
  readonly exitCode: number;
}

describe("verify", () => {
  const folder = scratchFolder();
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await makeFleet();
    render(fleet, join(folder, "rendered"));
  });

  const json = async (...args: readonly string[]): Promise<Document> =>
    JSON.parse((await runCli(["verify", "--json", ...args])).out) as Document;
  const codes = ({ files }: Document): string[] =>
    files.flatMap(({ findings }) => findings.map(({ code }) => code));
  const place = (name: string): string => join(folder, name);

  test("of a rendered directory: all is good, ThingsBoard starts, Cumulocity takes the root", async () => {
    const { code, out, error } = await runCli(["verify", place("rendered")]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out).toContain("✓ ThingsBoard starts with this.");
    expect(out).toContain('✓ Cumulocity takes "CN=Test Root CA"');
    expect(out).toContain(
      "(profile server; until 2027-02-18T12:00:00Z, 90 days)",
    );
    expect(out).toContain("is the key of cert.pem, chain.pem");
    expect(out).toMatch(
      /10 files, 10 certificates: no reasons for a refusal, no pieces of advice\.\n$/,
    );
    expect(out).not.toContain("PRIVATE KEY");
  });

  test("as JSON: a stable document", async () => {
    const document = await json(place("rendered"));
    expect({ ...document, files: document.files.length }).toEqual({
      schema: "mqtt-pki/verify/1",
      at: "2026-11-20T12:00:00Z",
      files: 10,
      unreadable: [],
      summary: {
        files: 10,
        certificates: 10,
        fatal: 0,
        advice: 0,
        unreadable: 0,
      },
      exitCode: 0,
    });
    expect(
      document.files.find(({ name }) => name.endsWith("tls.crt")),
    ).toMatchObject({
      kind: "chain",
      certificates: [
        { subject: "CN=mqtt.example.com", profile: "server", daysLeft: 90 },
        { subject: "CN=Test Issuing CA", profile: "intermediate" },
      ],
      findings: [],
      answers: [{ program: "ThingsBoard", ok: true }],
    });
  });

  test("of the future: --at says what will have ended", async () => {
    const { code, out } = await runCli([
      "verify",
      "--at",
      "2027-03-01",
      place("rendered"),
    ]);
    expect(code).toBe(1);
    expect(out).toContain(
      "✗ CN=mqtt.example.com: It ended on 2027-02-18T12:00:00Z. Renew it.",
    );
    expect(codes(await json("--at", "2027-02-01", place("rendered")))).toEqual([
      "expires-soon",
      "expires-soon",
      "expires-soon",
    ]);
  });

  test("of a Secret with another certificate's key", async () => {
    writeFiles(place("pair"), {
      "secret.yaml": secret("tb-mqtts", {
        "tls.crt": fleet.server.certificatePem + fleet.ca.certificatePem,
        "tls.key": exportPkcs8(fleet.device.key),
      }),
    });
    const { code, out } = await runCli(["verify", place("pair/secret.yaml")]);
    expect(code).toBe(1);
    expect(out).toContain(
      "The key in tls.key is not the one of this certificate",
    );
    expect(out).toContain("ThingsBoard starts, and every TLS handshake fails");
  });

  test("of a Secret whose ca.crt is not the server's root", async () => {
    const other = await makeFleet();
    writeFiles(place("ca"), {
      "secret.yaml": secret("tb-mqtts", {
        "ca.crt": other.authority.certificatePem,
        "tls.crt": fleet.server.certificatePem + fleet.ca.certificatePem,
        "tls.key": exportPkcs8(fleet.server.key),
      }),
    });
    expect(codes(await json(place("ca")))).toEqual(["no-trust-anchor"]);
  });

  test("of a chain without its root at hand: advice, and a refusal where --trust names another root", async () => {
    writeFiles(place("chain"), {
      "chain.pem": fleet.device.certificatePem + fleet.ca.certificatePem,
      "stranger.crt": (await makeFleet()).authority.certificatePem,
      "root.crt": fleet.authority.certificatePem,
    });
    const chain = place("chain/chain.pem");
    const alone = await runCli(["verify", chain]);
    expect(alone.code).toBe(0);
    expect(alone.out).toContain("name it with --trust");
    const trust = (name: string): Promise<Document> =>
      json("--trust", place(`chain/${name}`), chain);
    expect(await trust("root.crt")).toMatchObject({ exitCode: 0 });
    expect(codes(await trust("root.crt"))).toEqual([]);
    expect(await trust("stranger.crt")).toMatchObject({ exitCode: 1 });
  });

  test("of the names clients ask for", async () => {
    const server = place("rendered/1-manifest");
    expect(await json("--host", "mqtt.example.com", server)).toMatchObject({
      exitCode: 0,
    });
    expect(codes(await json("--host", "other.example.com", server))).toEqual([
      "host-name-not-covered",
    ]);
  });

  test("--for counts one program's refusals only", async () => {
    writeFiles(place("order"), {
      "chain.pem": fleet.ca.certificatePem + fleet.device.certificatePem,
    });
    const run = async (program: string): Promise<number> =>
      (await runCli(["verify", "--for", program, place("order")])).code;
    expect(await run("ThingsBoard")).toBe(1);
    expect(await run("Go")).toBe(0);
  });

  test("of DER, and of an encrypted key with its password", async () => {
    writeFiles(place("der"), {
      "server.der": decodePem("CERTIFICATE", fleet.server.certificatePem, ""),
      "server.key": encryptedKey(fleet.server.key, "secret"),
      password: "secret\n",
    });
    const { out } = await runCli(["verify", place("der")]);
    expect(out).toContain("server.der: REFUSED, chain");
    expect(out).toContain("which ThingsBoard skips without a word");
    expect(out).toContain("is encrypted, and was not opened");
    const opened = await runCli([
      "verify",
      "--password-file",
      place("der/password"),
      place("der"),
    ]);
    expect(opened.out).toContain("is the key of server.der");
    expect(opened.out + opened.error).not.toContain("secret");
  });

  test.each([
    { args: [], error: "missing required argument" },
    { args: ["/nowhere"], error: "/nowhere is not there." },
    { args: ["--at", "tomorrow", "."], error: '--at "tomorrow" is no date' },
    { args: ["--for", "Foo", "."], error: '--for "Foo" is no known program' },
    {
      args: ["--trust", "/nowhere", "."],
      error: "--trust /nowhere is not there.",
    },
    { args: ["--frobnicate"], error: "unknown option '--frobnicate'" },
  ])("$args is refused with exit code 2", async ({ args, error }) => {
    const run = await runCli(["verify", ...args]);
    expect(run.code).toBe(2);
    expect(run.error).toContain(error);
  });

  test("of a file that holds nothing to verify: exit code 2", async () => {
    writeFiles(place("none"), {
      "notes.txt": "hello",
      "store.jks": Buffer.from("feedfeed00000002", "hex"),
      "broken.yaml": "a: [",
    });
    for (const [name, message] of [
      ["notes.txt", "holds neither certificate, request nor key"],
      ["store.jks", "is a Java key store, which is not opened here"],
    ] as const) {
      const run = await runCli(["verify", place(`none/${name}`)]);
      expect(run.code).toBe(2);
      expect(run.error).toContain(message);
    }
    expect((await runCli(["verify", place("none")])).code).toBe(2);
  });

  test("says how far it is where it takes long", async () => {
    let time = 0;
    const { error } = await runCli(["verify", place("rendered")], {
      clock: () => (time += 1500),
    });
    expect(error).toMatch(/^\d of 4 folders…\n/);
  });
});
