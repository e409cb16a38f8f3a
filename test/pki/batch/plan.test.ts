import type { Device } from "../../../pki/batch/device";
import type { DeviceProfile } from "../../../pki/batch/plan";
import { DeviceAction, deviceOrder, planDevice } from "../../../pki/batch/plan";
import type { CertificateOrder } from "../../../pki/order";
import { checkOrder } from "../../../pki/order";
import { renewalPoint } from "../../../pki/validity";
import type { Party } from "../support/authority";
import { DEFAULT_NOW, KEYS, issue, order, root } from "../support/authority";

const PROFILE: DeviceProfile = {
  subject: { organization: "My IoT Cloud" },
  key: { algorithm: "ECDSA", ecdsaCurve: "P256" },
  validityDays: 90,
};

const DEVICE: Device = {
  id: "thermometer-1",
  serialNumber: "TH-1",
  dnsNames: ["t1.example"],
  uris: ["urn:t1"],
  source: "m.csv:2",
};

const ORDER = deviceOrder(DEVICE, PROFILE);

describe("the order for a device", () => {
  test("takes the common name and what differs from the row, all else from the profile", () => {
    expect(ORDER).toEqual({
      profile: "device",
      subject: {
        organization: "My IoT Cloud",
        commonName: "thermometer-1",
        serialNumber: "TH-1",
      },
      key: PROFILE.key,
      validityDays: 90,
      dnsNames: ["t1.example"],
      uris: ["urn:t1"],
    });
    expect(checkOrder(ORDER)).toEqual([]);
  });

  test("keeps the row's own validity, the profile's renewal and its truncation", () => {
    expect(
      deviceOrder(
        { id: "a", source: "", validityDays: 7 },
        { ...PROFILE, renewal: { beforeDays: 2 }, truncate: true },
      ),
    ).toMatchObject({
      validityDays: 7,
      renewal: { beforeDays: 2 },
      truncate: true,
    });
  });
});

describe("the order for a device from the factory", () => {
  const factory: DeviceProfile = {
    profile: "initialDeviceIdentity",
    subject: { organization: "My IoT Cloud" },
    key: PROFILE.key,
    validity: { notAfter: "99991231235959Z" },
    hardwareType: "1.3.6.1.4.1.32473.7",
  };

  test("names the hardware by its kind and its own serial number, and has no end", () => {
    const wanted = deviceOrder(DEVICE, factory);
    expect(wanted).toMatchObject({
      profile: "initialDeviceIdentity",
      validity: { notAfter: "99991231235959Z" },
      hardwareModuleName: { type: "1.3.6.1.4.1.32473.7", serialNumber: "TH-1" },
    });
    expect(wanted).not.toHaveProperty("validityDays");
    expect(checkOrder(wanted)).toEqual([]);
  });

  test("names no hardware of a device without a serial number", () => {
    expect(
      deviceOrder({ id: "a", source: "" }, factory).hardwareModuleName,
    ).toBeUndefined();
  });

  test("takes a device's own days in the place of the batch's dates", () => {
    const wanted = deviceOrder({ ...DEVICE, validityDays: 7 }, factory);
    expect(wanted.validityDays).toBe(7);
    expect(wanted).not.toHaveProperty("validity");
  });
});

describe("what is done for a device", () => {
  let authority: Party;
  let issued: Party;
  const at = new Date(DEFAULT_NOW.getTime() + 60_000);

  beforeAll(async () => {
    authority = await root();
    issued = await issue(authority, ORDER);
  });

  function plan(
    wanted: Partial<CertificateOrder> = {},
    options: {
      keyMatches?: boolean;
      issuer?: { keyIdentifier: string; notAfter?: Date };
      at?: Date;
    } = {},
  ): string {
    return planDevice(
      { ...ORDER, ...wanted },
      {
        certificatePem: issued.certificatePem,
        keyMatches: options.keyMatches ?? true,
      },
      options.issuer ?? { keyIdentifier: authority.subjectKeyIdentifier },
      options.at ?? at,
    );
  }

  test("it has none: issue", () => {
    expect(
      planDevice(
        ORDER,
        undefined,
        { keyIdentifier: authority.subjectKeyIdentifier },
        at,
      ),
    ).toBe(DeviceAction.Issue);
  });

  test("nothing changed and nothing is due: keep", () => {
    expect(plan()).toBe(DeviceAction.Keep);
  });

  const subject = ORDER.subject;
  const changes: readonly [string, Partial<CertificateOrder>][] = [
    [
      "another organization",
      { subject: { ...subject, organization: "Other" } },
    ],
    [
      "no serial number any more",
      {
        subject: { organization: "My IoT Cloud", commonName: "thermometer-1" },
      },
    ],
    ["another DNS name", { dnsNames: ["t2.example"] }],
    ["one more DNS name", { dnsNames: ["t1.example", "t2.example"] }],
    ["no URI any more", { uris: [] }],
    ["an address", { ipAddresses: ["192.0.2.1"] }],
    ["a longer validity", { validityDays: 91 }],
    ["a shorter validity", { validityDays: 89 }],
    ["a shorter validity, cut", { validityDays: 89, truncate: true }],
    ["another curve", { key: { algorithm: "ECDSA", ecdsaCurve: "P384" } }],
    ["another algorithm", { key: { algorithm: "RSA", rsaBits: 2048 } }],
  ];

  test.each(changes)("%s: reissue", (_change, wanted) => {
    expect(plan(wanted)).toBe(DeviceAction.Reissue);
  });

  const same: readonly [string, Partial<CertificateOrder>][] = [
    [
      "a longer validity that was cut, or may have been",
      { validityDays: 91, truncate: true },
    ],
    ["another point of renewal", { renewal: { beforeDays: 5 } }],
    [
      "its members in another order",
      {
        subject: {
          commonName: subject.commonName,
          serialNumber: "TH-1",
          organization: "My IoT Cloud",
        },
      },
    ],
    ["no lists where they were empty", { ipAddresses: [] }],
  ];

  test.each(same)("%s: keep", (_change, wanted) => {
    expect(plan(wanted)).toBe(DeviceAction.Keep);
  });

  test("its key is gone or another one: reissue", () => {
    expect(plan({}, { keyMatches: false })).toBe(DeviceAction.Reissue);
  });

  test("another issuer: reissue", () => {
    expect(plan({}, { issuer: { keyIdentifier: "00".repeat(20) } })).toBe(
      DeviceAction.Reissue,
    );
  });

  test("due exactly from its renewal point on: renew", () => {
    const point = renewalPoint("thermometer-1", issued.validity);
    const before = new Date(point.getTime() - 1000);
    expect(plan({}, { at: before })).toBe(DeviceAction.Keep);
    expect(plan({}, { at: point })).toBe(DeviceAction.Renew);
    expect(plan({}, { at: issued.validity.notAfter })).toBe(DeviceAction.Renew);
  });

  test("due when the program says so: renew", () => {
    const renewal = { beforeDays: 89 };
    const point = new Date(
      issued.validity.notAfter.getTime() - 89 * 86_400_000,
    );
    expect(plan({ renewal }, { at: new Date(point.getTime() - 1) })).toBe(
      DeviceAction.Keep,
    );
    expect(plan({ renewal }, { at: point })).toBe(DeviceAction.Renew);
  });

  test("due, but cut at its issuer's end: keep, until the issuer is renewed", () => {
    const keyIdentifier = authority.subjectKeyIdentifier;
    const { notAfter } = issued.validity;
    const later = new Date(notAfter.getTime() + 1000);
    const at = new Date(notAfter.getTime() - 1000);
    expect(plan({}, { at, issuer: { keyIdentifier, notAfter } })).toBe(
      DeviceAction.Keep,
    );
    expect(plan({}, { at, issuer: { keyIdentifier, notAfter: later } })).toBe(
      DeviceAction.Renew,
    );
  });

  test.each([
    "",
    "words",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  ])("what it has is no certificate (%j): reissue", (certificatePem) => {
    expect(
      planDevice(
        ORDER,
        { certificatePem, keyMatches: false },
        { keyIdentifier: authority.subjectKeyIdentifier },
        at,
      ),
    ).toBe(DeviceAction.Reissue);
  });

  describe("with an end that the program names", () => {
    const NEVER = "99991231235959Z";
    const END = "2027-06-01T00:00:00Z";
    let leaf: Party;

    /** As {@link plan}, for a certificate with dates. */
    async function planned(
      had: Partial<CertificateOrder>,
      wants: Partial<CertificateOrder>,
      at = DEFAULT_NOW,
      issuerEnd?: Date,
    ): Promise<string> {
      const { validityDays: _days, ...undated } = order();
      leaf = await issue(authority, {
        ...undated,
        validityDays: 0,
        ...had,
      });
      return planDevice(
        { ...undated, ...wants },
        { certificatePem: leaf.certificatePem, keyMatches: true },
        {
          keyIdentifier: authority.subjectKeyIdentifier,
          ...(issuerEnd && { notAfter: issuerEnd }),
        },
        at,
      );
    }

    test("it is kept as long as that end stays, even past its renewal point", async () => {
      const same = { validity: { notAfter: END } };
      expect(await planned(same, same)).toBe(DeviceAction.Keep);
      const late = new Date("2027-05-31T00:00:00Z");
      expect(await planned(same, same, late)).toBe(DeviceAction.Keep);
      const never = { validity: { notAfter: NEVER } };
      const far = new Date("9000-01-01T00:00:00Z");
      expect(await planned(never, never, far)).toBe(DeviceAction.Keep);
    });

    test("another end, or another beginning, reissues it", async () => {
      const had = { validity: { notAfter: END } };
      for (const validity of [
        { notAfter: "2027-06-01T00:00:01Z" },
        { notAfter: NEVER },
        { notAfter: END, notBefore: "2026-11-20T00:00:00Z" },
      ]) {
        expect(await planned(had, { validity })).toBe(DeviceAction.Reissue);
      }
      expect(await planned(had, { validityDays: 30 })).toBe(
        DeviceAction.Reissue,
      );
    });

    test("cut before it at its issuer's end: renewed once the issuer lives longer", async () => {
      const had = { validity: { notAfter: END } };
      const wants = {
        validity: { notAfter: "2030-01-01T00:00:00Z" },
        truncate: true,
      };
      const late = new Date("2027-05-31T00:00:00Z");
      const end = new Date(END);
      expect(await planned(had, wants, late, end)).toBe(DeviceAction.Keep);
      const later = new Date("2031-01-01T00:00:00Z");
      expect(await planned(had, wants, late, later)).toBe(DeviceAction.Renew);
    });
  });

  test("what it carries beyond its profile is compared octet by octet, keys and issuer are not", async () => {
    const extensions = {
      keyUsage: ["digitalSignature", "nonRepudiation"],
      crlDistributionPoints: ["http://pki.example.com/ca.crl"],
      policies: [{ oid: "1.2.3" }],
      custom: [{ oid: "1.2.4", valueBase64: "BQA=" }],
    };
    const wanted = order({
      subject: { commonName: "thermometer-1", serialNumber: "TH-1" },
      extensions,
      hardwareModuleName: { type: "1.2.5", serialNumber: "TH-1" },
    });
    const { certificatePem } = await issue(authority, wanted);
    const decide = (changed: CertificateOrder): string =>
      planDevice(
        changed,
        { certificatePem, keyMatches: true },
        { keyIdentifier: authority.subjectKeyIdentifier },
        at,
      );
    expect(decide(wanted)).toBe(DeviceAction.Keep);
    const { extensions: _gone, ...without } = wanted;
    for (const changed of [
      without,
      {
        ...wanted,
        extensions: { ...extensions, keyUsage: ["digitalSignature"] },
      },
      {
        ...wanted,
        extensions: { ...extensions, policies: [{ oid: "1.2.6" }] },
      },
      {
        ...wanted,
        extensions: {
          ...extensions,
          custom: [{ oid: "1.2.4", critical: true, valueBase64: "BQA=" }],
        },
      },
      {
        ...wanted,
        hardwareModuleName: { type: "1.2.5", serialNumber: "TH-2" },
      },
      { ...wanted, profile: "initialDeviceIdentity" },
    ]) {
      expect(decide(changed)).toBe(DeviceAction.Reissue);
    }
  });

  test("changed and due at once: reissue, which renews as well", () => {
    expect(plan({ uris: [] }, { at: new Date(issued.validity.notAfter) })).toBe(
      DeviceAction.Reissue,
    );
  });

  test.each(KEYS.filter(({ key }) => key.algorithm !== "ED25519"))(
    "a certificate just issued for a key of $name is kept, with names of every kind",
    async ({ key }) => {
      const wanted = order({
        key,
        subject: {
          country: "DE",
          locality: "Köln",
          commonName: "a/b@c.d_e-f",
          serialNumber: "1 2",
        },
        dnsNames: ["A.Example", "*.b.example"],
        ipAddresses: ["192.0.2.1", "2001:DB8:0:0:0:0:0:1", "::ffff:192.0.2.7"],
        uris: ["urn:uuid:0b3a4d1e-95a8-4bb1-b5a5-1f6d3f3c9f10"],
      });
      const { certificatePem } = await issue(authority, wanted);
      expect(
        planDevice(
          wanted,
          { certificatePem, keyMatches: true },
          { keyIdentifier: authority.subjectKeyIdentifier },
          at,
        ),
      ).toBe(DeviceAction.Keep);
    },
  );
});
