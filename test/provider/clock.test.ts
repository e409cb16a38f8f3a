import { now, signingTime } from "../../provider/clock";

const VARIABLE = "MQTT_PKI_NOW";

afterEach(() => {
  Reflect.deleteProperty(process.env, VARIABLE);
});

describe("the moment that counts as now", () => {
  test("is the machine's where nothing else is said", () => {
    for (const text of [undefined, ""]) {
      if (text !== undefined) {
        process.env[VARIABLE] = text;
      }
      const before = Date.now();
      expect(now().getTime()).toBeGreaterThanOrEqual(before);
      expect(now().getTime()).toBeLessThanOrEqual(Date.now());
    }
  });

  test.each([
    ["2027-08-01T12:30:45Z", "2027-08-01T12:30:45.000Z"],
    ["2027-08-01T12:30:45.5Z", "2027-08-01T12:30:45.500Z"],
    ["2027-08-01T12:30Z", "2027-08-01T12:30:00.000Z"],
    ["2027-08-01T12:30:45+02:00", "2027-08-01T10:30:45.000Z"],
    ["2027-08-01T00:30:00+02:00", "2027-07-31T22:30:00.000Z"],
    ["2027-08-01", "2027-08-01T00:00:00.000Z"],
    ["2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"],
  ])("%s is %s", (text, expected) => {
    process.env[VARIABLE] = text;
    expect(now().toISOString()).toBe(expected);
    expect(signingTime(true).toISOString()).toBe(expected);
  });

  test.each([
    "tomorrow",
    "2027",
    "2027-08",
    "2027-13-01T00:00:00Z",
    "2027-02-30T00:00:00Z",
    "2027-02-29",
    "2027-08-01T25:00:00Z",
    // Without a zone it would mean another moment on every machine.
    "2027-08-01T00:00:00",
    "2027-08-01 00:00:00Z",
    "1793318400",
    "01.08.2027",
    "2027-08-01T00:00:00Z ",
  ])("%p is refused", (text) => {
    process.env[VARIABLE] = text;
    const message = `MQTT_PKI_NOW: ${JSON.stringify(text)} is no date; write ISO 8601 with its zone, such as "2027-08-01T00:00:00Z".`;
    expect(now).toThrow(message);
    expect(() => signingTime(true)).toThrow(message);
  });
});

describe("the moment a certificate is signed at", () => {
  test("is the machine's", () => {
    const before = Date.now();
    expect(signingTime(undefined).getTime()).toBeGreaterThanOrEqual(before);
  });

  test.each([undefined, false])(
    "is no other one where the stack says %p",
    (allowed) => {
      process.env[VARIABLE] = "2027-08-01T00:00:00Z";
      expect(() => signingTime(allowed)).toThrow(
        /^MQTT_PKI_NOW: "2027-08-01T00:00:00Z" is for previews; unset it/,
      );
    },
  );
});
