import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { checkAgainstCertificate } from "../../pki/authority";
import { issueCertificate } from "../../pki/certificate";
import { verifyChain } from "../../pki/chain";
import {
  DEFAULT_KEY,
  SignatureScheme,
  checkSignatureScheme,
  generateKey,
  importSigningKey,
  publicKeyDer,
} from "../../pki/key";
import type { CertificateOrder } from "../../pki/order";
import { checkOrder } from "../../pki/order";
import { checkEnd, formatDate } from "../../pki/validity";
import { x509 } from "../../pki/webcrypto";
import type { Party } from "./support/authority";
import { DEFAULT_NOW, issue, order, root } from "./support/authority";
import { craft, caExtensions } from "./support/craft";
import { readCertificate } from "./support/der";
import { describeOpenSsl } from "./support/openssl";

const DAY = 86_400_000;
const KEY = generateKey(DEFAULT_KEY);

function issueTo(
  issuer: Party,
  wanted: CertificateOrder,
  now: Date,
): Promise<Awaited<ReturnType<typeof issueCertificate>>> {
  return issueCertificate(
    wanted,
    { publicKey: publicKeyDer(KEY), key: DEFAULT_KEY },
    issuer.signer,
    now,
  );
}

describe("whatever is ordered of whichever issuer", () => {
  const date = fc
    .date({
      min: new Date("2020-01-01T00:00:00Z"),
      max: new Date("2060-01-01T00:00:00Z"),
      noInvalidDate: true,
    })
    .map((some) => new Date(Math.floor(some.getTime() / 1000) * 1000));
  const lifetime = fc.oneof(
    fc.integer({ min: 1, max: 3000 }).map((validityDays) => ({ validityDays })),
    fc
      .oneof(date.map(formatDate), fc.constant("99991231235959Z"))
      .map((notAfter) => ({ validity: { notAfter } })),
    fc.tuple(date, date).map(([notBefore, notAfter]) => ({
      validity: {
        notBefore: formatDate(notBefore),
        notAfter: formatDate(notAfter),
      },
    })),
  );
  const serials = new Set<string>();
  let issued = 0;

  test("no certificate outlives its issuer, ends before it begins, or gets a serial number that is long, negative or taken", async () => {
    const issuers = await Promise.all(
      [10, 400, 9000].map((days) =>
        craft({
          subject: [{ CN: [`CA ${days}`] }],
          extensions: caExtensions(),
          notAfter: new Date(DEFAULT_NOW.getTime() + days * DAY + 500),
        }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...issuers),
        lifetime,
        fc.boolean(),
        fc.integer({ min: 0, max: 500 * DAY }),
        async (issuer, span, truncate, later) => {
          const now = new Date(DEFAULT_NOW.getTime() + later);
          const { validityDays: _days, ...rest } = order();
          const wanted: CertificateOrder = { ...rest, ...span, truncate };
          const problems = [
            ...checkOrder(wanted),
            ...checkEnd(wanted, now),
            ...checkAgainstCertificate(wanted, issuer.signer.certificate, now),
          ];
          if (problems.length > 0) {
            return;
          }
          issued += 1;
          const { certificatePem } = await issueTo(issuer, wanted, now);
          const read = new X509Certificate(certificatePem);
          const above = new X509Certificate(issuer.certificatePem);
          expect(read.validToDate.getTime()).toBeLessThanOrEqual(
            above.validToDate.getTime(),
          );
          expect(read.validToDate > now).toBe(true);
          expect(read.validFromDate < read.validToDate).toBe(true);
          const { serialNumber } = readCertificate(certificatePem);
          expect(serialNumber.length).toBeLessThanOrEqual(20);
          expect(serialNumber.readInt8(0)).toBeGreaterThan(0);
          serials.add(serialNumber.toString("hex"));
        },
      ),
      { numRuns: 600 },
    );
    expect(issued).toBeGreaterThan(100);
    expect(serials.size).toBe(issued);
  });
});

describe("an issuer for certain uses", () => {
  test("issues for those and for no others, and one without a word for all", async () => {
    const authority = await root();
    const clients = await issue(authority, {
      profile: "intermediate",
      subject: { commonName: "Clients" },
      extensions: { extendedKeyUsage: ["clientAuth"] },
    });
    const server = order({
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
    });
    const said = (wanted: CertificateOrder, issuer: Party): string[] =>
      checkAgainstCertificate(
        wanted,
        issuer.signer.certificate,
        DEFAULT_NOW,
      ).map(({ path, message }) => `${path}: ${message}`);
    expect(said(order(), clients)).toEqual([]);
    expect(said(server, authority)).toEqual([]);
    expect(said(server, clients)).toEqual([
      'issuer: "CN=Clients" is for other uses than "serverAuth" (its extendedKeyUsage); issue from another CA, or add it there.',
    ]);
  });
});

describe("signature schemes", () => {
  test.each([
    [SignatureScheme.Pss, "RSA", true],
    [SignatureScheme.Pkcs1, "RSA", true],
    [SignatureScheme.Pss, undefined, true],
    [SignatureScheme.Pss, "ECDSA", false],
    [SignatureScheme.Pkcs1, "ED25519", false],
    ["PSS", "RSA", false],
  ])("%s of a key of %s: accepted is %p", (scheme, algorithm, accepted) => {
    const problems = checkSignatureScheme(scheme, algorithm);
    expect(problems.map(({ path }) => path)).toEqual(
      accepted ? [] : ["signatureScheme"],
    );
  });

  describeOpenSsl("OpenSSL", (openssl) => {
    test.each([2048, 3072, 4096])(
      "accepts what an RSA key of %d bits signed with PSS, SHA-256 and a salt of 32 octets",
      async (rsaBits) => {
        const key = generateKey({ algorithm: "RSA", rsaBits });
        const signingKey = await importSigningKey(
          key,
          "key",
          SignatureScheme.Pss,
        );
        const wanted = order({
          profile: "root",
          subject: { commonName: "PSS Root" },
          key: { algorithm: "RSA", rsaBits },
          validityDays: 3650,
        });
        const self = await issueCertificate(
          wanted,
          { publicKey: publicKeyDer(key), key: wanted.key },
          { signingKey },
          DEFAULT_NOW,
        );
        const leaf = await issueCertificate(
          order(),
          { publicKey: publicKeyDer(KEY), key: DEFAULT_KEY },
          {
            signingKey,
            certificate: new x509.X509Certificate(self.certificatePem),
          },
          DEFAULT_NOW,
        );
        for (const { certificatePem } of [self, leaf]) {
          const text = openssl.run(["x509", "-noout", "-text"], certificatePem);
          expect(text).toMatch(
            /Signature Algorithm: rsassaPss\s+Hash Algorithm: sha256\s+Mask Algorithm: mgf1 with sha256\s+Salt Length: 0x20/,
          );
        }
        expect(
          openssl.refusal({
            chain: [leaf.certificatePem],
            anchors: [self.certificatePem],
            at: DEFAULT_NOW,
          }),
        ).toBe("");
        expect(
          verifyChain(leaf.certificatePem, self.certificatePem, DEFAULT_NOW),
        ).toEqual([]);
      },
    );
  });
});
