import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSubject } from "../../pki/subject";
import { x509 } from "../../pki/webcrypto";
import {
  makeCaCertificate,
  makeEcpki,
  makeThingsBoardChain,
} from "../support/seeds";
import { readCertificate } from "./support/der";
import { describeOpenSsl, scratchFolder } from "./support/openssl";

const OID = {
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
};

/** What the README says of three recipes, shown on what their own commands make. */
describeOpenSsl("the recipes", (openssl) => {
  const folder = scratchFolder();
  const file = (...parts: string[]): string => join(folder, ...parts);
  const pem = (...parts: string[]): string =>
    readFileSync(file(...parts), "utf8");
  const verify = (...args: string[]): string => {
    const { status, said } = openssl.try(
      "verify -no-CApath -no-CAstore".split(" ").concat(args),
    );
    return status === 0 ? "" : said;
  };

  describe("OpenSSL guide for ThingsBoard MQTT with EC keys", () => {
    const at = (...parts: string[]): string => file("ecpki", ...parts);
    const chain = (): string[] => [
      ...["-CAfile", at("ca-bundle.pem")],
      ...["-untrusted", at("server-ca/certs/server-ca.cert.pem")],
    ];

    beforeAll(() => {
      makeEcpki(file("ecpki"));
    });

    test("its root has no key usage: its own check passes, a strict one does not", () => {
      const server = at("mqtt-server-1/certs/mqtt-server.cert.pem");
      expect(verify(...chain(), server)).toBe("");
      expect(verify("-x509_strict", ...chain(), server)).toMatch(
        /CA cert does not include key usage extension/,
      );
    });

    test("its check of the chain file looks at the first certificate only", () => {
      const broken = file("broken-chain.pem");
      const stranger = openssl.run(
        "req -x509 -newkey rsa:2048 -nodes -subj /CN=Stranger -keyout"
          .split(" ")
          .concat(openssl.path("stranger.key")),
      );
      writeFileSync(
        broken,
        `${pem("ecpki", "mqtt-server-1/certs/mqtt-server.cert.pem")}${stranger}`,
      );
      expect(verify(...chain(), broken)).toBe("");
    });

    test("one host name stands there twice, and the one that was meant is missing", () => {
      const { subjectAltName } = new X509Certificate(
        pem("ecpki", "mqtt-server-1/certs/mqtt-server.cert.pem"),
      );
      expect(subjectAltName?.split(", ").sort()).toEqual([
        "DNS:mqtt.my-iot-cloud.com",
        "DNS:mqtt.my-iot-cloud.com",
        "DNS:my-iot-cloud.com",
        "DNS:my-iot-cloud.net",
      ]);
    });

    test("its request is signed", () => {
      expect(
        openssl.try([
          ..."req -noout -verify -in".split(" "),
          at("server-ca/csr/server-ca.csr.pem"),
        ]),
      ).toMatchObject({
        status: 0,
        said: expect.stringMatching(/verify OK/i) as string,
      });
    });
  });

  describe("ThingsBoard X.509 chain guide", () => {
    beforeAll(() => {
      makeThingsBoardChain(file("chain"));
    }, 300_000);

    test("its intermediate is X.509 v1 and no CA to anyone who checks", () => {
      const text = openssl.run([
        ..."x509 -noout -text -in".split(" "),
        file("chain", "intermediateCert.pem"),
      ]);
      expect(text).toMatch(/Version: 1 \(0x0\)/);
      expect(text).not.toMatch(/Basic Constraints/);
      expect(
        verify(
          ...["-CAfile", file("chain", "rootCert.pem")],
          ...["-untrusted", file("chain", "intermediateCert.pem")],
          file("chain", "leafCert.pem"),
        ),
      ).toMatch(/invalid CA certificate/);
    });

    test("its leaf says nothing of what it is for", () => {
      const text = openssl.run([
        ..."x509 -noout -text -in".split(" "),
        file("chain", "leafCert.pem"),
      ]);
      expect(text).not.toMatch(/Key Usage/);
    });
  });

  describe("Cumulocity device certificate guide", () => {
    const ca = (): string => pem("ca", "caCert.pem");
    const below = (...parts: string[]): string =>
      pem("ca", "intermediateCertificate", ...parts);

    beforeAll(() => {
      makeCaCertificate(file("ca"));
    }, 300_000);

    test("its CA and the one below it have the same path length", () => {
      for (const certificate of [ca(), below("intermediateCert.pem")]) {
        expect(
          new x509.X509Certificate(certificate).getExtension(
            x509.BasicConstraintsExtension,
          )?.pathLength,
        ).toBe(10);
      }
    });

    test("its key usages are not critical, and its devices have no extended one", () => {
      const device = readCertificate(
        below("deviceCertificates/deviceCert.pem"),
      ).extensions;
      expect(readCertificate(ca()).extensions.get(OID.keyUsage)).toMatchObject({
        critical: false,
      });
      expect(device.get(OID.keyUsage)).toMatchObject({ critical: false });
      expect(device.has(OID.extendedKeyUsage)).toBe(false);
    });

    test("so a device passes for the broker", () => {
      expect(
        verify(
          ..."-purpose sslserver -CAfile".split(" "),
          file("ca", "caCert.pem"),
          "-untrusted",
          file("ca", "intermediateCertificate", "intermediateCert.pem"),
          file(
            "ca",
            "intermediateCertificate",
            "deviceCertificates/deviceCert.pem",
          ),
        ),
      ).toBe("");
    });

    test("it asks for a locality, which its signing policy drops without a word", () => {
      const subject = (certificate: string): unknown =>
        readSubject(new x509.X509Certificate(certificate).subjectName);
      // The request for the device asked for the same subject as the CA's.
      expect(subject(ca())).toHaveProperty("locality", "Krakow");
      expect(
        subject(below("deviceCertificates/deviceCert.pem")),
      ).not.toHaveProperty("locality");
    });
  });
});
