import { join } from "node:path";
import { examineAuthority } from "../../../pki/examine/authority";
import { examineChain } from "../../../pki/examine/chain";
import { isFatal } from "../../../pki/examine/finding";
import { wouldThingsBoardStart } from "../../../pki/examine/thingsBoard";
import { wouldCumulocityTake } from "../../../pki/examine/cumulocity";
import { describeWith, findProgram } from "../../support/command";
import { scratchFolder } from "../support/openssl";
import { SeedFolder, seed000, seed004 } from "./support/seeds";

describeWith(
  { name: "openssl", path: findProgram("openssl") },
  "apt-get install openssl",
  "what the seeds' own commands make",
  (openssl) => {
    const folder = scratchFolder();
    // Certificates are made while the tests run.
    const now = new Date(Date.now() + 60_000);

    describe("seed 000, ThingsBoard's guide", () => {
      const seed = new SeedFolder(openssl, join(folder, "000"));
      beforeAll(() => {
        seed000(seed);
      });

      test("its intermediate is of version 1, and OpenSSL refuses what hangs from it", () => {
        const [first] = examineAuthority(seed.read("intermediateCert.pem"), {
          now,
          issuerPem: seed.read("rootCert.pem"),
        });
        expect(first).toMatchObject({
          code: "version-1",
          subject: "CN=intermediate",
        });
        expect(first?.fatalFor).toEqual(
          expect.arrayContaining(["OpenSSL", "GnuTLS", "Cumulocity"]),
        );
        const { status, said } = seed.try(
          openssl,
          ..."verify -no-CApath -CAfile rootCert.pem -untrusted intermediateCert.pem leafCert.pem".split(
            " ",
          ),
        );
        expect(status).not.toBe(0);
        expect(said).toContain("invalid CA certificate");
      });

      test("Cumulocity takes its root and refuses its intermediate", () => {
        expect(wouldCumulocityTake(seed.read("rootCert.pem"), now).takes).toBe(
          true,
        );
        const answer = wouldCumulocityTake(
          seed.read("intermediateCert.pem"),
          now,
        );
        expect(answer.takes).toBe(false);
        expect(answer.findings[0]?.message).toMatch(
          /^Cumulocity takes X\.509 v3 only\. /,
        );
      });

      test("its chain file is in order, and refused all the same", () => {
        const codes = examineChain(seed.read("chain.pem"), { now })
          .filter(isFatal)
          .map(({ code, subject }) => `${subject} ${code}`);
        expect(codes).toEqual([
          "CN=leaf version-1",
          "CN=intermediate version-1",
          "CN=Root no-key-usage",
        ]);
      });
    });

    describe("seed 004, MQTT with OpenSSL", () => {
      const seed = new SeedFolder(openssl, join(folder, "004"));
      beforeAll(() => {
        seed004(seed);
      });

      test("its root has no key usage, which OpenSSL refuses when it is strict, and only then", () => {
        expect(
          examineAuthority(seed.read("root-ca.cert.pem"), { now }),
        ).toMatchObject([
          { code: "no-path-length", fatalFor: [] },
          {
            code: "no-key-usage",
            fatalFor: ["OpenSSL -x509_strict", "Python cryptography"],
          },
        ]);
        const verify = (...options: readonly string[]): string =>
          seed.try(
            openssl,
            "verify",
            ...options,
            ..."-no-CApath -CAfile root-ca.cert.pem server-ca.cert.pem".split(
              " ",
            ),
          ).said;
        expect(verify()).toContain(": OK");
        expect(verify("-x509_strict")).toContain(
          "CA cert does not include key usage",
        );
      });

      test("its intermediate is good", () => {
        expect(
          examineAuthority(seed.read("server-ca.cert.pem"), {
            now,
            issuerPem: seed.read("root-ca.cert.pem"),
          }),
        ).toEqual([]);
      });

      test("its server certificate is good but for its root; ThingsBoard starts with it", () => {
        const certFileText = seed.read("mqtt-server.chain.pem");
        const findings = examineChain(certFileText, {
          now,
          trustAnchorsPem: seed.read("root-ca.cert.pem"),
          hostNames: ["mqtt.my-iot-cloud.com"],
        });
        // OpenSSL 3 writes key identifiers unasked, as earlier releases and LibreSSL do not.
        const identified = seed
          .try(
            openssl,
            ..."x509 -noout -text -in mqtt-server.cert.pem".split(" "),
          )
          .said.includes("Authority Key Identifier");
        expect(findings.map(({ code, subject }) => [code, subject])).toEqual([
          ...(identified
            ? []
            : [
                [
                  "no-authority-key-identifier",
                  "C=DE, O=my IoT Cloud Organization, CN=my-iot-cloud.com",
                ],
              ]),
          [
            "no-key-usage",
            "C=DE, O=My IoT Cloud, OU=PKI, CN=My IoT Cloud Root CA",
          ],
        ]);
        expect(
          wouldThingsBoardStart({
            certFileText,
            keyFileText: seed.read("mqtt-server.key.pem"),
          }),
        ).toMatchObject({
          ok: true,
          row: "EC PRIVATE KEY in PEM, with its chain",
        });
      });
    });
  },
);
