import { readFileSync } from "node:fs";
import * as tls from "node:tls";
import { parse } from "yaml";
import { Fleet } from "../support/fleet";
import { KeySearch } from "../support/keySearch";

const PASSWORD = "store-password-of-the-test";

describe("a stack with key store and trust store", () => {
  const fleet = new Fleet("test/e2e/programs/keystores");
  let stores: Record<string, string>;

  beforeAll(async () => {
    const { summary, outputs } = await fleet.up();
    expect(summary.create).toBeGreaterThan(5);
    expect(outputs.entries).toEqual([
      ["devicekeyentry"],
      ["servercertificate"],
    ]);
    ({ data: stores } = parse(
      readFileSync(
        fleet.path("out", "1-manifest", "v1-secret-default-stores.yaml"),
        "utf8",
      ),
    ) as { data: Record<string, string> });
  });

  afterAll(() => {
    fleet.remove();
  });

  test("puts both as they are into a Secret", () => {
    const bytes = (name: string): Buffer =>
      Buffer.from(stores[name] ?? "", "base64");
    const pfx = bytes("keystore.p12");
    tls.createSecureContext({ pfx, passphrase: PASSWORD });
    expect(bytes("truststore.jks").readUInt32BE(0)).toBe(0xfeedfeed);
  });

  test("changes nothing in an update after", async () => {
    const outcome = await fleet.tryPreview({ args: ["--expect-no-changes"] });
    expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
    const { summary } = await fleet.up();
    expect(Object.keys(summary)).toEqual(["same"]);
  });

  test("has neither key, password nor store in plain text in its state", async () => {
    const closed = await fleet.exportText();
    const open = await fleet.exportText(["--show-secrets"]);
    const [pem = ""] =
      /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(open) ??
      [];
    const keys = pem.replace(/\\+n/g, "\n");
    const search = new KeySearch({ key: keys });
    expect(search.find(open)).not.toEqual([]);
    expect(search.find(closed)).toEqual([]);
    for (const hidden of [PASSWORD, ...Object.values(stores)]) {
      expect(open).toContain(hidden);
      expect(closed).not.toContain(hidden);
    }
  });
});
