import { X509Certificate, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { checkDevices } from "../../../../pki/batch/device";
import { newSerialNumbers } from "../../../../pki/batch/fast/serialNumber";
import { Shaper, textsOf } from "../../../../pki/batch/fast/shape";
import { buildTemplate } from "../../../../pki/batch/fast/template";
import { CertificateWriter } from "../../../../pki/batch/fast/writer";
import type { DeviceProfile } from "../../../../pki/batch/plan";
import { deviceOrder } from "../../../../pki/batch/plan";
import { checkOrder } from "../../../../pki/order";
import { encodePem } from "../../../../pki/pem";
import { DEFAULT_NOW, order } from "../../support/authority";
import { describeOpenSsl } from "../../support/openssl";
import { MEMBERS, device, profile, sibling } from "./arbitraries";
import type { Issuer } from "./support";
import {
  DEVICE_KEYS,
  fail,
  fill,
  libraryCertificate,
  makeIssuers,
  publicKeyOf,
  signedPart,
} from "./support";

const P256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };
const PROFILE: DeviceProfile = {
  subject: { organization: "My IoT Cloud" },
  key: P256,
  validityDays: 90,
};

let issuers: Issuer[] = [];
let first: Issuer;

beforeAll(async () => {
  issuers = await makeIssuers();
  first = issuers[0] ?? fail("no issuer");
});

describe("a certificate from a template", () => {
  test("is byte for byte what the library signs for the same order, and its signature is the issuer's", async () => {
    const met = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        profile,
        device,
        fc.nat(issuers.length - 1),
        fc.date({
          min: new Date("2024-01-01T00:00:00Z"),
          max: new Date("2052-01-01T00:00:00Z"),
          noInvalidDate: true,
        }),
        async (batch, one, at, now) => {
          const other = sibling(one);
          fc.pre(
            checkDevices([one]).length + checkDevices([other]).length === 0,
          );
          fc.pre(checkOrder(deviceOrder(other, batch)).length === 0);
          for (const member of [
            "",
            ...Object.keys(one),
            ...Object.keys(batch),
            ...Object.keys(batch.subject),
            ...Object.keys(batch.extensions ?? {}),
            ...Object.keys(deviceOrder(one, batch)),
          ]) {
            met.set(member, (met.get(member) ?? 0) + 1);
          }
          const issuer = issuers[at] ?? first;
          const publicKey = publicKeyOf(batch.key);
          const template = await buildTemplate(
            deviceOrder(one, batch),
            issuer.signer,
            now,
          );
          const shaper = new Shaper(batch);
          expect(shaper.shape(other)).toBe(shaper.shape(one));
          for (const each of [one, other]) {
            const wanted = deviceOrder(each, batch);
            expect(shaper.texts(each)).toEqual(textsOf(wanted));
            const expected = await libraryCertificate(
              wanted,
              publicKey,
              issuer,
              now,
            );
            const der = fill(
              template,
              issuer,
              shaper.texts(each),
              publicKey,
              expected,
            );
            expect(signedPart(der)).toBe(signedPart(expected.raw));
            const read = new X509Certificate(der);
            expect(
              read.verify(new X509Certificate(issuer.certificatePem).publicKey),
            ).toBe(true);
            expect(read.raw).toEqual(der);
            expect([template.notBefore, template.notAfter]).toEqual([
              expected.validFromDate.getTime() / 1000,
              expected.validToDate.getTime() / 1000,
            ]);
          }
        },
      ),
      { numRuns: 300 },
    );
    // None of what an order can hold was left out.
    for (const member of MEMBERS) {
      expect([member, met.get(member)]).toEqual([member, expect.any(Number)]);
      expect(met.get(member)).toBeGreaterThan(30);
    }
    expect(met.get("")).toBeGreaterThanOrEqual(300);
  });

  test.each([...DEVICE_KEYS, { algorithm: "ED25519" }])(
    "is the library's for every key of kind %p that a device brings",
    async (key) => {
      const wanted = order({ key });
      const publicKey = publicKeyOf(key);
      const expected = await libraryCertificate(
        wanted,
        publicKey,
        first,
        DEFAULT_NOW,
      );
      const template = await buildTemplate(wanted, first.signer, DEFAULT_NOW);
      const der = fill(template, first, textsOf(wanted), publicKey, expected);
      expect(signedPart(der)).toBe(signedPart(expected.raw));
    },
  );

  test("holds a key that is as long as no sample is, where its device brings one", async () => {
    const { publicKey: made } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicExponent: 3,
    });
    const publicKey = made.export({ type: "spki", format: "der" });
    const wanted = order({ key: { algorithm: "RSA", rsaBits: 2048 } });
    const expected = await libraryCertificate(
      wanted,
      publicKey,
      first,
      DEFAULT_NOW,
    );
    const template = await buildTemplate(
      wanted,
      first.signer,
      DEFAULT_NOW,
      publicKey,
    );
    const der = fill(template, first, textsOf(wanted), publicKey, expected);
    expect(signedPart(der)).toBe(signedPart(expected.raw));
    const usual = await buildTemplate(wanted, first.signer, DEFAULT_NOW);
    expect(() =>
      fill(usual, first, textsOf(wanted), publicKey, expected),
    ).toThrow("not of the template's kind");
  });

  test.each(["ED25519", "RSASSA-PKCS1-v1_5"])(
    "is the library's as a whole where signatures are always the same (%s)",
    async (algorithm) => {
      const issuer =
        issuers[algorithm === "ED25519" ? 5 : 3] ?? fail("no issuer");
      const publicKey = publicKeyOf(P256);
      const expected = await libraryCertificate(
        order(),
        publicKey,
        issuer,
        DEFAULT_NOW,
      );
      const template = await buildTemplate(order(), issuer.signer, DEFAULT_NOW);
      expect(
        fill(template, issuer, textsOf(order()), publicKey, expected),
      ).toEqual(expected.raw);
    },
  );

  test("comes out the same however often the writer has written", async () => {
    const issuer = issuers[5] ?? fail("no issuer");
    const shaper = new Shaper(PROFILE);
    const devices = ["aa", "bb", "cc"].map((id) => ({ id, source: "" }));
    const template = await buildTemplate(
      deviceOrder({ id: "aa", source: "" }, PROFILE),
      issuer.signer,
      DEFAULT_NOW,
    );
    const serialNumbers = newSerialNumbers(3);
    const write = (writer: CertificateWriter, index: number): string => {
      const each = devices[index] ?? fail("no device");
      return writer
        .write(shaper.texts(each), publicKeyOf(P256), serialNumbers, 17 * index)
        .toString("hex");
    };
    const one = new CertificateWriter(template, issuer.key);
    const often = [0, 1, 2, 1, 0].map((index) => write(one, index));
    const once = [0, 1, 2, 1, 0].map((index) =>
      write(new CertificateWriter(template, issuer.key), index),
    );
    expect(often).toEqual(once);
    expect(new Set(often).size).toBe(3);
  });

  describeOpenSsl("OpenSSL", (openssl) => {
    test.each([0, 1, 2, 3, 4, 5])(
      "accepts what issuer %d signs this way",
      async (index) => {
        const issuer = issuers[index] ?? fail("no issuer");
        const wanted = deviceOrder(
          {
            id: "thermometer-1",
            serialNumber: "SN 1",
            dnsNames: ["thermometer-1.example.com"],
            uris: ["urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"],
            source: "",
          },
          { ...PROFILE, hardwareType: "1.3.6.1.4.1.32473.10" },
        );
        const template = await buildTemplate(
          wanted,
          issuer.signer,
          DEFAULT_NOW,
        );
        const der = new CertificateWriter(template, issuer.key).write(
          textsOf(wanted),
          publicKeyOf(P256),
          newSerialNumbers(1),
        );
        expect(
          openssl.refusal({
            chain: [encodePem("CERTIFICATE", der), issuer.certificatePem],
            anchors: [issuer.anchorPem],
            at: DEFAULT_NOW,
            args: ["-purpose", "sslclient"],
          }),
        ).toBe("");
      },
    );
  });
});

describe("a template that is not the library's", () => {
  test("shows: every byte of it stands in the certificate", async () => {
    const wanted = order({ dnsNames: ["thermometer-1.example.com"] });
    const publicKey = publicKeyOf(P256);
    const expected = await libraryCertificate(
      wanted,
      publicKey,
      first,
      DEFAULT_NOW,
    );
    const template = await buildTemplate(wanted, first.signer, DEFAULT_NOW);
    const { texts, serialNumber, keyBits, subjectKeyIdentifier } = template;
    const own = [
      ...texts,
      { offset: serialNumber, length: 17 },
      { offset: keyBits, length: 65 },
      { offset: subjectKeyIdentifier, length: 20 },
    ];
    // What differs from device to device is not the template's to say; it holds zeros there.
    const isOwn = (at: number): boolean =>
      own.some(({ offset, length }) => at >= offset && at < offset + length);
    let noticed = 0;
    for (const [at, octet] of template.tbs.entries()) {
      const tbs = Uint8Array.from(template.tbs);
      tbs[at] = octet ^ 1;
      if (isOwn(at)) {
        expect(octet).toBe(0);
        continue;
      }
      const made = (): string =>
        signedPart(
          fill(
            { ...template, tbs },
            first,
            textsOf(wanted),
            publicKey,
            expected,
          ),
        );
      let differs = true;
      try {
        differs = made() !== signedPart(expected.raw);
      } catch {
        // A length that holds no longer, or another kind of key.
      }
      expect({ at, differs }).toEqual({ at, differs: true });
      noticed += 1;
    }
    expect(noticed).toBe(
      template.tbs.length - own.reduce((sum, { length }) => sum + length, 0),
    );
    expect(noticed).toBeGreaterThan(200);
  });

  test("is refused where the order is for something else than a device below a CA", async () => {
    const self = { signingKey: first.signer.signingKey };
    await expect(buildTemplate(order(), self, DEFAULT_NOW)).rejects.toThrow(
      "is for no device below a CA",
    );
    await expect(
      buildTemplate(
        order({ profile: "server", dnsNames: ["a.example"] }),
        first.signer,
        DEFAULT_NOW,
      ),
    ).rejects.toThrow("is for no device below a CA");
  });

  test("is refused where a text takes more octets than characters", async () => {
    for (const subject of [
      { commonName: "größe" },
      { commonName: "a", serialNumber: "ö" },
    ]) {
      await expect(
        buildTemplate(order({ subject }), first.signer, DEFAULT_NOW),
      ).rejects.toThrow("one of the device's texts is not ASCII");
    }
    await expect(
      buildTemplate(
        order({
          hardwareModuleName: { type: "1.2.3", serialNumber: "№ 7" },
        }),
        first.signer,
        DEFAULT_NOW,
      ),
    ).rejects.toThrow("one of the device's texts is not ASCII");
  });

  test("is not made for names of other kinds, which all its certificates share", async () => {
    const wanted = order({
      dnsNames: ["a.example"],
      ipAddresses: ["192.0.2.7"],
      uris: ["urn:a:b"],
      emailAddresses: ["a@example.com"],
      otherNames: [{ type: "1.2.3.4", value: "größe" }],
      hardwareModuleName: { type: "1.2.3", serialNumber: "7" },
    });
    const expected = await libraryCertificate(
      wanted,
      publicKeyOf(P256),
      first,
      DEFAULT_NOW,
    );
    const template = await buildTemplate(wanted, first.signer, DEFAULT_NOW);
    expect(template.texts).toHaveLength(4);
    expect(
      signedPart(
        fill(template, first, textsOf(wanted), publicKeyOf(P256), expected),
      ),
    ).toBe(signedPart(expected.raw));
  });
});
