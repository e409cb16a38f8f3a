import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describeOpenSsl } from "../pki/support/openssl";
import { RequestFiles } from "../support/requestFiles";
import { Bench } from "./support/batch";
import { requestBatch } from "./support/requestBatch";
import type { Properties } from "./support/wire";
import { output } from "./support/wire";

const bench = new Bench();

describeOpenSsl("requests that are refused", (openssl) => {
  let files: RequestFiles;
  let count = 0;

  beforeEach(() => {
    count += 1;
    files = new RequestFiles(
      openssl,
      join(bench.folder, `requests-${count}`),
      join(bench.folder, `keys-${count}`),
    );
    files.make("good");
  });

  /** What a batch of these requests is refused for: file and reason. Nothing has been written by then. */
  async function refusals(overrides: Properties = {}): Promise<string[]> {
    const { urn, inputs, output: folder } = requestBatch(bench, files.folder);
    const failures = await bench.plugin.check(urn, { ...inputs, ...overrides });
    expect(existsSync(folder)).toBe(false);
    return failures.map((text) => text.replace(`${files.folder}/`, ""));
  }

  test("are named all at once, each by its file, and nothing is issued", async () => {
    files.make("ca", { extensions: ["basicConstraints=critical,CA:TRUE"] });
    files.make("weak", { newKey: "rsa:1024" });
    files.make("curve", {
      newKey: "ec -pkeyopt ec_paramgen_curve:secp256k1",
      der: true,
    });
    files.make("good", { file: "twin.csr" });
    files.make("colon", { subject: "/CN=a:b" });
    files.make("nameless", { subject: "/O=Acme" });
    files.make("host", { extensions: ["subjectAltName=DNS:no_host!"] });
    const good = readFileSync(files.make("broken"));
    writeFileSync(join(files.folder, "broken.csr"), good.subarray(0, 200));
    writeFileSync(join(files.folder, "empty.der"), "");
    copyFileSync(
      join(files.folder, "good.csr"),
      join(files.folder, "zz-copy.csr"),
    );
    writeFileSync(
      join(files.folder, "both.pem"),
      `${readFileSync(files.make("one")).toString()}${readFileSync(files.make("two")).toString()}`,
    );
    expect(await refusals()).toEqual([
      "both.pem: holds 2 requests, of which one only would be read; write each into a file of its own.",
      expect.stringMatching(
        /^broken\.csr: holds no PEM block "BEGIN CERTIFICATE REQUEST"/,
      ),
      expect.stringMatching(/^ca\.csr: asks for a CA \(basicConstraints/),
      expect.stringMatching(/^curve\.csr: holds a key of a kind no profile/),
      expect.stringMatching(/^empty\.der: is no readable PKCS#10 request/),
      "nameless.csr: names no device; make the request with the device's id as common name.",
      expect.stringMatching(
        /^weak\.csr: holds a key that is refused: 1024 bits are too small/,
      ),
      expect.stringMatching(
        /^zz-copy\.csr: holds the key of .*good\.csr; every device needs a key of its own/,
      ),
      expect.stringMatching(/^colon\.csr\.id: "a:b" contains ":"/),
      expect.stringMatching(/^host\.csr\.dnsNames\[0\]: .*is no host name/),
      expect.stringMatching(
        /^twin\.csr\.id: "good" stands at .*good\.csr already/,
      ),
    ]);
  });

  test("are refused by a create as well, before anything is written", async () => {
    files.make("weak", { newKey: "rsa:1024" });
    const { urn, inputs, output: folder } = requestBatch(bench, files.folder);
    expect(
      await bench.plugin.refusal(bench.plugin.create(urn, inputs)),
    ).toMatch(/weak\.csr: holds a key that is refused/);
    expect(existsSync(folder)).toBe(false);
  });

  test("are refused for a signature of another key, and for what is no request at all", async () => {
    const path = files.make("stolen", { der: true, file: "stolen.der" });
    const der = readFileSync(path);
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
    writeFileSync(path, der);
    writeFileSync(
      join(files.folder, "cert.pem"),
      bench.above.ca.certificatePem,
    );
    writeFileSync(join(files.folder, "key.pem"), files.keyOf("good.csr"));
    writeFileSync(join(files.folder, "large.csr"), "x".repeat(300_000));
    mkdirSync(join(files.folder, "folder.csr"));
    symlinkSync("nowhere", join(files.folder, "link.csr"));
    const found = await refusals();
    expect(found).toEqual([
      expect.stringMatching(/^cert\.pem: holds no PEM block "BEGIN CERTIF/),
      expect.stringMatching(/^folder\.csr: is no file; put nothing but/),
      expect.stringMatching(/^key\.pem: holds no PEM block "BEGIN CERTIFICATE/),
      expect.stringMatching(/^large\.csr: has 300000 bytes, which no request/),
      expect.stringMatching(/^link\.csr: cannot be read \(ENOENT\)/),
      expect.stringMatching(
        /^stolen\.der: carries a signature that its own key did not make/,
      ),
    ]);
    expect(found.join("")).not.toContain(
      files.keyOf("good.csr").split("\n")[1],
    );
  });

  test("are refused by the rules of the issuer, beside what is wrong with another", async () => {
    files.make("weak", { newKey: "rsa:1024" });
    const signer = {
      ...bench.above.signer,
      signingPolicy: { commonName: "supplied", organization: "supplied" },
    };
    expect(await refusals({ signer })).toEqual([
      expect.stringMatching(/^weak\.csr: holds a key that is refused/),
      expect.stringMatching(/^subject\.organization: is missing; the issuer/),
    ]);
  });

  test("cannot go into Secrets, whose keys they do not have", async () => {
    expect(await refusals({ secretShards: 1 })).toEqual([
      "output.kubernetes: makes Secrets with private keys, and those of requests stay with their devices; leave it out.",
    ]);
  });

  test.each([
    ["devices", { devices: [{ id: "a" }] }],
    ["manifest", { manifest: "fleet.csv" }],
  ])("exclude %s", async (name, other: Properties) => {
    expect(await refusals(other)).toEqual([
      `${name}: and requests exclude each other; keep one of them.`,
    ]);
  });

  test.each([
    ["is not there", "nowhere", /^requests: "nowhere" is not there; name a/],
    ["is empty", "none", /^requests: "none" holds no request; put files/],
    [
      "is a file",
      "file.csr",
      /^requests: "file\.csr" cannot be read \(ENOTDIR/,
    ],
  ])("are looked for in a folder that %s", async (_what, requests, reason) => {
    mkdirSync(join(bench.folder, "none"), { recursive: true });
    writeFileSync(join(bench.folder, "file.csr"), "");
    expect(await refusals({ requests })).toEqual([
      expect.stringMatching(reason),
    ]);
  });

  test("are not looked for while their folder is not known", async () => {
    expect(await refusals({ requests: output() })).toEqual([]);
  });
});
