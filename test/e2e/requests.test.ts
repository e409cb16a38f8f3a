import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { splitCertificates } from "../../pki/pem";
import { describeOpenSsl } from "../pki/support/openssl";
import { Fleet } from "../support/fleet";
import { KeySearch } from "../support/keySearch";
import { RequestFiles } from "../support/requestFiles";

const IDS = ["pump-1", "pump-2"];

describeOpenSsl(
  "a stack of a server and devices that made their keys",
  (openssl) => {
    const fleet = new Fleet("test/e2e/programs/requests");
    const keys = openssl.path("keys");
    let server: RequestFiles;
    let devices: RequestFiles;

    beforeAll(() => {
      server = new RequestFiles(openssl, fleet.path(), keys);
      server.make("server", {
        subject: "/O=Acme/CN=mqtt.example.com",
        extensions: ["keyUsage=critical,keyCertSign"],
      });
      devices = new RequestFiles(openssl, fleet.path("requests"), keys);
      devices.make("pump-1");
      devices.make("pump-2", { der: true, file: "pump-2.der" });
    });

    afterAll(() => {
      fleet.remove();
    });

    const keyOf = (file: string): string => devices.keyOf(file);

    test("gives certificates that OpenSSL takes, for the keys outside, and says what it left out", async () => {
      const outcome = await fleet.tryUp();
      expect([outcome.code, outcome.stderr]).toEqual([0, expect.anything()]);
      const outputs: Readonly<Record<string, unknown>> =
        outcome.report?.outputs ?? {};
      const anchors = [String(outputs.anchors)];
      const chains: [string, string, string][] = [
        [String(outputs.serverChain), keyOf("server.csr"), "sslserver"],
        ...IDS.map((id, place): [string, string, string] => [
          readFileSync(fleet.path("out", id, "chain.pem"), "utf8"),
          keyOf(["pump-1.csr", "pump-2.der"][place] ?? ""),
          "sslclient",
        ]),
      ];
      for (const [pem, key, purpose] of chains) {
        const chain = splitCertificates(pem);
        expect(
          openssl.refusal({ chain, anchors, args: ["-purpose", purpose] }),
        ).toBe("");
        expect(
          new X509Certificate(pem).checkPrivateKey(createPrivateKey(key)),
        ).toBe(true);
      }
      expect(outputs.count).toBe(2);
      for (const id of IDS) {
        expect(existsSync(fleet.path("out", id, "key.pem"))).toBe(false);
      }
      expect(JSON.stringify(outcome.report) + outcome.stderr).toMatch(
        /leaves out what its request asked for: organization \\*"Acme\\*", keyUsage/,
      );
    });

    test("changes nothing in an update after", async () => {
      const preview = await fleet.tryPreview({ args: ["--expect-no-changes"] });
      expect([preview.code, preview.stderr]).toEqual([0, ""]);
      const { summary } = await fleet.up();
      expect(Object.keys(summary)).toEqual(["same"]);
    });

    test("issues for one device alone where that made another key", async () => {
      const before = readFileSync(fleet.path("out", "pump-2", "cert.pem"));
      devices.make("pump-1");
      const { summary, outputs } = await fleet.up();
      expect(summary.update).toBe(1);
      expect(outputs.count).toBe(2);
      const certificate = new X509Certificate(
        readFileSync(fleet.path("out", "pump-1", "cert.pem")),
      );
      expect(
        certificate.checkPrivateKey(createPrivateKey(keyOf("pump-1.csr"))),
      ).toBe(true);
      expect(readFileSync(fleet.path("out", "pump-2", "cert.pem"))).toEqual(
        before,
      );
    });

    test("has no key of server and devices in its state, not even encrypted", async () => {
      const open = await fleet.exportText(["--show-secrets"]);
      const search = new KeySearch({
        server: keyOf("server.csr"),
        first: keyOf("pump-1.csr"),
        second: keyOf("pump-2.der"),
      });
      expect(open).toMatch(/PRIVATE KEY/); // the root's own
      expect(search.find(open)).toEqual([]);
      const closed = await fleet.exportText();
      expect(closed).not.toMatch(/PRIVATE KEY/);
    });
  },
);
