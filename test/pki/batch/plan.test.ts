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
