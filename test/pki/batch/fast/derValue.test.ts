import {
  Tag,
  readChildren,
  readOnly,
  readValue,
} from "../../../../pki/batch/fast/derValue";
import {
  findKeyIdentifier,
  findNames,
  findSubjectTexts,
} from "../../../../pki/batch/fast/fields";

function read(hex: string, tag?: number): unknown {
  const bytes = Buffer.from(hex, "hex");
  return readValue(bytes, 0, bytes.length, "it", tag);
}

/** A value with a content of less than 128 octets. */
function der(tag: number, ...contents: readonly (string | Buffer)[]): Buffer {
  const content = Buffer.concat(
    contents.map((one) => (typeof one === "string" ? Buffer.from(one) : one)),
  );
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}

function oid(hex: string): Buffer {
  return der(Tag.ObjectIdentifier, Buffer.from(hex, "hex"));
}

describe("a value in DER", () => {
  test.each([
    ["0500", { tag: 5, begin: 0, start: 2, end: 2 }],
    [`048180${"00".repeat(128)}`, { tag: 4, begin: 0, start: 3, end: 131 }],
    [`04820100${"00".repeat(256)}`, { tag: 4, begin: 0, start: 4, end: 260 }],
  ])("is read with one octet of length, or with more (%#)", (hex, value) => {
    expect(read(hex)).toEqual(value);
  });

  test.each([
    ["", "ends too early"],
    ["04", "ends too early"],
    ["0401", "ends too early"],
    ["0482", "ends too early"],
    ["048201", "ends too early"],
    ["0480", "has a length of an unknown form"],
    ["048400000001", "has a length of an unknown form"],
  ])("%p is refused", (hex, message) => {
    expect(() => read(hex)).toThrow(message);
  });

  test("of another tag, with something behind it, or made of other values is refused", () => {
    expect(() => read("0400", Tag.Sequence)).toThrow("has the tag 4");
    const bytes = der(0x30, der(0x02, "a"), der(0x02, "b"));
    const parent = readValue(bytes, 0, bytes.length, "it");
    expect(() => readOnly(bytes, parent, "it", 0x02)).toThrow("is followed by");
    for (const tags of [[0x02], [0x02, 0x03], [0x02, 0x02, 0x02]]) {
      expect(() => readChildren(bytes, parent, "it", tags)).toThrow(
        "is made of other values",
      );
    }
    expect(readChildren(bytes, parent, "it", [2, 2])).toHaveLength(2);
  });
});

describe("the fields of a template are not found in", () => {
  const attribute = (type: string, tag: number, text: string): Buffer =>
    der(Tag.Set, der(Tag.Sequence, oid(type), der(tag, text)));
  const commonName = attribute("550403", Tag.Utf8String, "ab");
  const wanted = { commonName: "ab", serialNumber: "7" };

  test.each([
    ["a subject without the name", [attribute("550405", 0x13, "7")]],
    ["one that lacks the serial number", [commonName]],
    [
      "one with two common names",
      [commonName, commonName, attribute("550405", 0x13, "7")],
    ],
    [
      "one with another text",
      [attribute("550403", 0x0c, "ac"), attribute("550405", 0x13, "7")],
    ],
    [
      "one with another string type",
      [commonName, attribute("550405", 0x0c, "7")],
    ],
    [
      "one of another form",
      [der(Tag.Sequence, der(Tag.Sequence, oid("550403")))],
    ],
  ])("%s", (_what, attributes) => {
    const bytes = der(Tag.Sequence, ...attributes);
    const subject = readValue(bytes, 0, bytes.length, "it");
    expect(() => findSubjectTexts(bytes, subject, wanted)).toThrow(
      "no template for this certificate",
    );
  });

  const extension = (type: string, value: Buffer, tag = 0x04): Buffer =>
    der(Tag.Sequence, oid(type), der(tag, value));
  const inExtensions = <T>(
    find: (bytes: Buffer, list: ReturnType<typeof readValue>) => T,
    ...list: readonly Buffer[]
  ): (() => T) => {
    const bytes = der(Tag.Explicit3, der(Tag.Sequence, ...list));
    return () => find(bytes, readValue(bytes, 0, bytes.length, "it"));
  };
  const names = (...list: readonly Buffer[]): Buffer =>
    extension("551d11", der(Tag.Sequence, ...list));
  const hardware = (type: string, ...value: readonly Buffer[]): Buffer =>
    names(der(0xa0, oid(type), der(0xa0, der(Tag.Sequence, ...value))));

  test.each([
    ["names that were not ordered", {}, [names(der(0x82, "a.b"))]],
    ["no names where some were", { dnsNames: ["a.b"] }, []],
    ["other names", { dnsNames: ["a.b"] }, [names(der(0x82, "a.c"))]],
    ["names of another kind", { uris: ["a.b"] }, [names(der(0x82, "a.b"))]],
    [
      "more names",
      { dnsNames: ["a.b"] },
      [names(der(0x82, "a.b"), der(0x82, "a.c"))],
    ],
    [
      "two lists of names",
      { dnsNames: ["a.b"] },
      [names(der(0x82, "a.b")), names(der(0x82, "a.b"))],
    ],
    [
      "an extension of another form",
      { dnsNames: ["a.b"] },
      [extension("551d11", der(Tag.Sequence, der(0x82, "a.b")), 0x03)],
    ],
    [
      "another otherName",
      { hardwareModuleName: { type: "1.2.3", serialNumber: "7" } },
      [hardware("2b0605", oid("2a03"), der(0x04, "7"))],
    ],
    [
      "a hardware module name without serial number",
      { hardwareModuleName: { type: "1.2.3", serialNumber: "7" } },
      [hardware("2b06010505070804", oid("2a03"))],
    ],
  ])("%s", (_what, ordered, list) => {
    expect(
      inExtensions((bytes, at) => findNames(bytes, at, ordered), ...list),
    ).toThrow("no template for this certificate");
  });

  test.each([
    ["no key identifier", []],
    ["another one", [extension("551d0e", der(0x04, Buffer.alloc(20, 1)))]],
    ["a shorter one", [extension("551d0e", der(0x04, Buffer.alloc(19)))]],
    [
      "two of them",
      [
        extension("551d0e", der(0x04, Buffer.alloc(20))),
        extension("551d0e", der(0x04, Buffer.alloc(20))),
      ],
    ],
  ])("extensions with %s", (_what, list) => {
    expect(
      inExtensions(
        (bytes, at) => findKeyIdentifier(bytes, at, "00".repeat(20)),
        ...list,
      ),
    ).toThrow("no template for this certificate");
  });

  test("what is as ordered they are found in", () => {
    expect(
      inExtensions(
        (bytes, at) => findKeyIdentifier(bytes, at, "00".repeat(20)).length,
        extension("551d0e", der(0x04, Buffer.alloc(20))),
      )(),
    ).toBe(20);
    expect(
      inExtensions(
        (bytes, at) => findNames(bytes, at, { dnsNames: ["a.b"] }),
        names(der(0x82, "a.b")),
      )(),
    ).toHaveLength(1);
    const bytes = der(Tag.Sequence, commonName);
    expect(
      findSubjectTexts(bytes, readValue(bytes, 0, bytes.length, "it"), {
        commonName: "ab",
      }),
    ).toEqual([{ offset: bytes.length - 2, length: 2 }]);
  });
});
