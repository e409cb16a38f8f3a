import fc from "fast-check";
import type { Device } from "../../../../pki/batch/device";
import { Shaper } from "../../../../pki/batch/fast/shape";
import { deviceOrder } from "../../../../pki/batch/plan";
import { DEFAULT_KEY } from "../../../../pki/key";
import type { CertificateRequest } from "../../../../pki/request";

const PROFILE = { subject: {}, key: DEFAULT_KEY, validityDays: 90 };
const SHAPER = new Shaper(PROFILE);

function device(rest: Partial<Device> = {}): Device {
  return { id: "thermometer-1", source: "", ...rest };
}

function request(
  key: CertificateRequest["key"],
  bytes: number,
): CertificateRequest {
  return {
    publicKey: Buffer.alloc(bytes),
    key,
    commonName: undefined,
    subject: { commonName: "" },
    names: {},
    leftOut: [],
  };
}

describe("the shape of a device's certificate", () => {
  test.each<[string, Partial<Device>, string]>([
    ["an id only", {}, "13"],
    ["empty lists", { dnsNames: [], uris: [] }, "13"],
    ["a serial number", { serialNumber: "S7" }, "13 s2"],
    ["names", { dnsNames: ["a.b", "a.bc"], uris: ["urn:a:b"] }, "13 d3,4 u7"],
    ["a validity", { validityDays: 30 }, "13 v30"],
    [
      "a key of its own",
      { request: request({ algorithm: "RSA", rsaBits: 2048 }, 294) },
      "13 kRSA2048/294",
    ],
    ["an id longer than any may be", { id: "x".repeat(70) }, "70"],
  ])("with %s", (_what, rest, shape) => {
    expect(SHAPER.shape(device(rest))).toBe(shape);
  });

  test("is another one for a text of another length, in another place, or for another key", () => {
    const devices = [
      device(),
      device({ id: "thermometer-10" }),
      device({ serialNumber: "13" }),
      device({ dnsNames: ["13"] }),
      device({ uris: ["13"] }),
      device({ dnsNames: ["13", "1"] }),
      device({ dnsNames: ["1", "13"] }),
      device({ dnsNames: ["13"], uris: ["1"] }),
      device({ validityDays: 2 }),
      device({ request: request(DEFAULT_KEY, 91) }),
      device({ request: request(DEFAULT_KEY, 59) }),
      device({ request: request({ algorithm: "ED25519" }, 91) }),
    ];
    expect(new Set(devices.map((some) => SHAPER.shape(some))).size).toBe(
      devices.length,
    );
  });

  test("reads whatever the order is made from", () => {
    const some = device({
      serialNumber: "7",
      dnsNames: ["a.b"],
      uris: ["a:b"],
    });
    const readBy = (reader: (device: Device) => unknown): Set<PropertyKey> => {
      const read = new Set<PropertyKey>();
      reader(
        new Proxy(some, {
          get: (target, member, receiver): unknown => {
            read.add(member);
            return Reflect.get(target, member, receiver);
          },
        }),
      );
      return read;
    };
    // One that only the order knew would be in the template of the first device, and so in all certificates.
    expect(readBy((read) => SHAPER.shape(read))).toEqual(
      readBy((read) => deviceOrder(read, PROFILE)),
    );
  });

  test("says the length of every text, so that equal shapes have texts of equal lengths", () => {
    const some = fc.record({
      id: fc.string({ minLength: 1, maxLength: 3 }),
      dnsNames: fc.array(fc.string({ minLength: 1, maxLength: 2 }), {
        maxLength: 2,
      }),
      uris: fc.array(fc.string({ minLength: 1, maxLength: 2 }), {
        maxLength: 2,
      }),
      source: fc.constant(""),
    });
    const lengths = (one: Device): string =>
      [[one.id], one.dnsNames ?? [], one.uris ?? []]
        .map((texts) => texts.map(({ length }) => length).join(","))
        .join("|");
    fc.assert(
      fc.property(some, some, (one, other) => {
        expect(SHAPER.shape(one) === SHAPER.shape(other)).toBe(
          lengths(one) === lengths(other),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
