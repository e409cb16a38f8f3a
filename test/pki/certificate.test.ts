import { X509Certificate, createHash } from "node:crypto";
import { readIssuer } from "../../pki/authority";
import { issueCertificate, newSerialNumber } from "../../pki/certificate";
import { verifyChain } from "../../pki/chain";
import {
  importSigningKey,
  publicKeyDer,
  generateKey,
  readPrivateKey,
} from "../../pki/key";
import { splitCertificates } from "../../pki/pem";
import {
  DEFAULT_NOW,
  KEYS,
  intermediate,
  issue,
  order,
  root,
} from "./support/authority";
import { caExtensions, craft } from "./support/craft";
import { extensionHex, readCertificate } from "./support/der";
import { describeOpenSsl } from "./support/openssl";

const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";

describe("serial numbers", () => {
  const serials = Array.from({ length: 20_000 }, newSerialNumber);

  test("are positive, at most 20 octets, and canonical whatever the random octets are", () => {
    for (const serial of serials) {
      // The first octet neither sets the sign nor could be left out, so no octet is ever put in front.
      expect(serial).toMatch(/^[4-7][0-9a-f]{33}$/);
    }
  });

  test("are never the same", () => {
    expect(new Set(serials).size).toBe(serials.length);
  });

  test("have 127 bits of entropy at least: every bit but the first two takes both values equally often", () => {
    const bits = serials.map((serial) =>
      BigInt(`0x${serial}`).toString(2).padStart(136, "0"),
    );
    const free = Array.from({ length: 136 }, (_, place) => {
      const ones = bits.filter((text) => text[place] === "1").length;
      // Seven standard deviations of 20,000 throws of a coin.
      return Math.abs(ones - 10_000) < 500;
    }).filter(Boolean).length;
    expect(free).toBeGreaterThanOrEqual(127);
  });

  test("stand in the certificate as they were reported", async () => {
    for (let count = 0; count < 20; count += 1) {
      const { certificatePem, serialNumber } = await issue(undefined);
      expect(readCertificate(certificatePem).serialNumber.toString("hex")).toBe(
        serialNumber,
      );
      expect(new X509Certificate(certificatePem).serialNumber).toBe(
        serialNumber.toUpperCase(),
      );
    }
  });
});

describe("what is reported of a certificate", () => {
  test("is what stands in it", async () => {
    const party = await issue(await root());
    const read = new X509Certificate(party.certificatePem);
    expect(party.fingerprintSha256).toBe(
      createHash("sha256").update(read.raw).digest("hex"),
    );
    expect(party.fingerprintSha256.toUpperCase()).toBe(
      read.fingerprint256.replaceAll(":", ""),
    );
    expect(new Date(read.validFrom)).toEqual(party.validity.notBefore);
    expect(new Date(read.validTo)).toEqual(party.validity.notAfter);
    expect(read.checkPrivateKey(party.key)).toBe(true);
  });

  test("its validity begins one hour before it was signed", async () => {
    const { validity } = await issue(undefined, { validityDays: 30 });
    expect(validity.notBefore).toEqual(new Date("2026-11-20T11:00:00Z"));
    expect(validity.notAfter).toEqual(new Date("2026-12-20T12:00:00Z"));
  });
});

describe("the end of the validity", () => {
  test("is cut at the issuer's end", async () => {
    const authority = await root({ validityDays: 100 });
    const leaf = await issue(authority, { validityDays: 365, truncate: true });
    expect(leaf.validity.notAfter).toEqual(authority.validity.notAfter);
    expect(leaf.validity.notBefore).toEqual(new Date("2026-11-20T11:00:00Z"));
  });

  test("is not touched where the issuer lives longer", async () => {
    const authority = await root({ validityDays: 100 });
    const leaf = await issue(authority, { validityDays: 99, truncate: true });
    expect(leaf.validity.notAfter).toEqual(new Date("2027-02-27T12:00:00Z"));
  });
});

describe("an issuer made by another tool", () => {
  test("is referred to by the key identifier that stands in its certificate, however it was made", async () => {
    const foreign = await craft({
      subject: [{ CN: ["Foreign CA"] }],
      extensions: caExtensions(),
      subjectKeyIdentifier: "00112233445566778899",
    });
    const leaf = await issue(foreign, { validityDays: 5 });
    expect(extensionHex(leaf.certificatePem, AUTHORITY_KEY_IDENTIFIER)).toBe(
      "300c800a00112233445566778899",
    );
  });

  test("without a key identifier is referred to by the one its key would have", async () => {
    const foreign = await craft({
      subject: [{ CN: ["Foreign CA"] }],
      extensions: caExtensions(),
      subjectKeyIdentifier: "",
    });
    const leaf = await issue(foreign, { validityDays: 5 });
    expect(extensionHex(leaf.certificatePem, AUTHORITY_KEY_IDENTIFIER)).toBe(
      `30168014${foreign.signer.signingKey.keyIdentifier}`,
    );
  });
});

test("a profile nobody knows issues nothing", async () => {
  await expect(issue(undefined, { profile: "constructor" })).rejects.toThrow(
    "profile: is no known profile.",
  );
});

describeOpenSsl("OpenSSL", (openssl) => {
  const SIGNATURES = new Map([
    ["ECDSA P-256", "ecdsa-with-SHA256"],
    ["ECDSA P-384", "ecdsa-with-SHA384"],
    ["ECDSA P-521", "ecdsa-with-SHA512"],
    ["RSA 2048", "sha256WithRSAEncryption"],
    ["RSA 3072", "sha256WithRSAEncryption"],
    ["Ed25519", "ED25519"],
  ]);

  test.each(KEYS)(
    "accepts a chain of $name keys, signed with the hash that suits them",
    async ({ name, key }) => {
      const authority = await root({ key });
      const ca = await intermediate(authority, { key });
      const server = await issue(ca, {
        profile: "server",
        key,
        subject: { commonName: "mqtt.example.com" },
      });
      expect(
        openssl.refusal({
          chain: [server.certificatePem, ca.certificatePem],
          anchors: [authority.certificatePem],
          at: DEFAULT_NOW,
          args: [
            ..."-purpose sslserver -verify_hostname mqtt.example.com".split(
              " ",
            ),
          ],
        }),
      ).toBe("");
      const text = openssl.run(
        ["x509", "-noout", "-text"],
        server.certificatePem,
      );
      const algorithms = [...text.matchAll(/Signature Algorithm: (\S+)/g)];
      expect(algorithms.map(([, algorithm]) => algorithm)).toEqual([
        SIGNATURES.get(name),
        SIGNATURES.get(name),
      ]);
      expect(
        verifyChain(
          server.certificatePem + ca.certificatePem,
          authority.certificatePem,
          DEFAULT_NOW,
        ),
      ).toEqual([]);
    },
  );

  test("finds the issuer's name byte for byte, in the string types another tool chose", async () => {
    const config = openssl.file(
      "foreign.cnf",
      [
        "[req]",
        "distinguished_name=dn",
        "x509_extensions=v3",
        "string_mask=nombstr",
        "prompt=no",
        "[dn]",
        "C=DE",
        "O=Old Tools",
        "0.OU=One",
        "+1.OU=Two",
        "CN=Foreign Root",
        "emailAddress=pki@example.com",
        "[v3]",
        "basicConstraints=critical,CA:TRUE",
        "keyUsage=critical,keyCertSign,cRLSign",
        "subjectKeyIdentifier=hash",
        "",
      ].join("\n"),
    );
    const pem = openssl.run([
      ..."req -x509 -newkey rsa:2048 -nodes -days 400 -config".split(" "),
      config,
      "-keyout",
      openssl.path("foreign.key"),
    ]);
    const key = openssl.run(["pkey", "-in", openssl.path("foreign.key")]);
    const certificate = readIssuer(pem, "issuer");
    const leafKey = generateKey({ algorithm: "ECDSA", ecdsaCurve: "P256" });
    const { certificatePem } = await issueCertificate(
      order(),
      { publicKey: publicKeyDer(leafKey), key: order().key },
      {
        signingKey: await importSigningKey(readPrivateKey(key, "key"), "key"),
        certificate,
      },
      new Date(),
    );
    expect(readCertificate(certificatePem).issuer.content).toEqual(
      readCertificate(pem).subject.content,
    );
    // PrintableString, where we would have written UTF8String.
    expect(openssl.run(["asn1parse"], certificatePem)).toMatch(
      /PRINTABLESTRING\s+:Foreign Root/,
    );
    const [anchor = ""] = splitCertificates(pem);
    expect(
      openssl.refusal({ chain: [certificatePem], anchors: [anchor] }),
    ).toBe("");
    expect(verifyChain(certificatePem, anchor, new Date())).toEqual([]);
  });
});
