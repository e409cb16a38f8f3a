import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { caExtensions, craft } from "../pki/support/craft";
import { issue } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import { readDevice, snapshot } from "./support/devices";
import type { Hierarchy } from "./support/inputs";
import { batchInputs, hierarchy, signerOf, without } from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN } from "./support/wire";

const URN = urnOf("DeviceBatch", "fleet");
// Of another stack: one stack refuses two batches that name the same devices, whatever their folders.
const OTHER_URN = urnOf("DeviceBatch", "other", "another");
const DAY = 86_400_000;
const folder = scratchFolder();

let plugin: Plugin;
let above: Hierarchy;
let inputs: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  above = await hierarchy();
  inputs = batchInputs(above.signer, "out", ["a", "b"]);
});

afterAll(async () => {
  await plugin.stop();
});

describe("a folder that is not this batch's", () => {
  test("is refused where another batch of the same CA writes to it", async () => {
    const shared = { ...inputs, outputDirectory: join(folder, "shared") };
    await plugin.create(URN, shared);
    const before = snapshot(join(folder, "shared"));
    expect(
      await plugin.check(OTHER_URN, { ...shared, devices: [{ id: "z" }] }),
    ).toEqual([
      expect.stringMatching(/^outputDirectory: .*belongs to the batch "fleet"/),
    ]);
    expect(snapshot(join(folder, "shared"))).toEqual(before);
    // Its own it takes over: a create whose answer got lost.
    expect(await plugin.check(URN, shared)).toEqual([]);
  });

  test("is refused where the devices of another CA are in it, also without the mark of a batch", async () => {
    const output = join(folder, "foreign");
    const other = await hierarchy();
    await plugin.create(URN, {
      ...inputs,
      outputDirectory: output,
      signer: other.signer,
    });
    rmSync(join(output, ".batch"));
    expect(
      await plugin.check(URN, { ...inputs, outputDirectory: output }),
    ).toEqual([
      expect.stringMatching(
        /^outputDirectory: .*holds the devices of another batch/,
      ),
    ]);
  });

  test("is refused where a killed run of another batch left it, without an inventory", async () => {
    const output = join(folder, "killed");
    await plugin.create(URN, { ...inputs, outputDirectory: output });
    rmSync(join(output, "inventory.csv"));
    const mine = { ...inputs, outputDirectory: output };
    expect(await plugin.check(OTHER_URN, mine)).toEqual([
      expect.stringMatching(/^outputDirectory: .*belongs to the batch "fleet"/),
    ]);
  });

  test("is refused where it holds devices and the CA is still to come", async () => {
    const output = join(folder, "waiting");
    await plugin.create(URN, { ...inputs, outputDirectory: output });
    const coming = {
      ...inputs,
      outputDirectory: output,
      signer: { privateKeyPem: UNKNOWN },
    };
    expect(await plugin.check(URN, coming)).toEqual([
      expect.stringMatching(
        /^outputDirectory: .*holds the devices of another batch/,
      ),
    ]);
  });
});

test("a lost inventory is refused in the preview, and a new reissue text is the way out", async () => {
  const output = join(folder, "lost");
  const mine = { ...inputs, outputDirectory: output };
  const { outs } = await plugin.create(URN, mine);
  rmSync(output, { recursive: true });
  const reason = await plugin.refusal(plugin.diff(URN, outs, mine));
  expect(reason).toMatch(
    /^outputDirectory: .*no longer holds the inventory of this batch \(digest [0-9a-f]{12}…\)/,
  );
  const anew = { ...mine, reissue: "lost on 3 May" };
  expect((await plugin.diff(URN, outs, anew)).changes).toBe("some");
  const updated = await plugin.update(URN, outs, anew);
  expect((await plugin.diff(URN, updated, anew)).changes).toBe("none");
});

describe("a CA made by another tool", () => {
  test("whose key identifier is made otherwise: the batch settles", async () => {
    const now = Date.now();
    const authority = await craft({
      subject: [{ CN: ["Foreign Root"] }],
      extensions: caExtensions(),
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + 900 * DAY),
    });
    const ca = await craft({
      subject: [{ CN: ["Foreign CA"] }],
      issuer: authority,
      extensions: caExtensions(0),
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + 800 * DAY),
      // RFC 7093: the leftmost 160 bits of SHA-256, as Go and Vault make it.
      subjectKeyIdentifier: "00112233445566778899aabbccddeeff00112233",
    });
    const signer = without(signerOf(ca, authority), "authorities");
    const output = join(folder, "foreign-ca");
    const mine = batchInputs(signer, output, ["a", "b"]);
    expect(await plugin.check(URN, mine)).toEqual([]);
    const { outs } = await plugin.create(URN, mine);
    expect((await plugin.diff(URN, outs, mine)).changes).toBe("none");
    expect(await plugin.check(URN, mine)).toEqual([]);
    expect(
      readDevice(output, "a").certificate.verify(createPublicKey(ca.key)),
    ).toBe(true);
  });

  test("that is no CA is refused", async () => {
    const { certificatePem } = await issue(above.ca, {}, new Date());
    const failures = await plugin.check(URN, {
      ...inputs,
      signer: { ...above.signer, certificatePem },
    });
    expect(failures).toEqual([
      expect.stringMatching(/^signer\.certificatePem: .*is no CA/),
    ]);
  });

  test("whose key is another one's is refused in the preview", async () => {
    const other = await hierarchy();
    const failures = await plugin.check(URN, {
      ...inputs,
      signer: { ...above.signer, privateKeyPem: other.signer.privateKeyPem },
    });
    expect(failures).toEqual([
      expect.stringMatching(
        /^signer\.privateKeyPem: is not the key of signer\.certificatePem/,
      ),
    ]);
  });
});

test("a folder cannot be left through an id, whatever the manifest says", async () => {
  const output = join(folder, "jail", "out");
  const ids = [
    "../evil",
    "../../evil",
    "/etc/evil",
    "a/../../evil",
    "..a/..",
    "-rf",
  ];
  const mine = batchInputs(above.signer, output, ids);
  expect(await plugin.check(URN, mine)).toEqual([]);
  const { outs } = await plugin.create(URN, mine);
  const found = execFileSync(
    "find",
    [join(folder, "jail"), "-name", "cert.pem"],
    { encoding: "utf8" },
  );
  const paths = found.trim().split("\n");
  expect(paths).toHaveLength(ids.length);
  expect(paths.every((path) => path.startsWith(`${output}/`))).toBe(true);
  await plugin.delete(URN, outs);
  expect(() => snapshot(output)).toThrow(/ENOENT/);
});
