import { createHash } from "node:crypto";
import fc from "fast-check";
import { makeKeystore } from "../../../pki/keystore/keystore";
import { certificateAt, splitPem } from "../../support/certificates";
import { root } from "../support/authority";
import { aliases, passwords } from "./support/words";

interface Entry {
  readonly tag: number;
  readonly alias: string;
  readonly date: Date;
  readonly type: string;
  readonly certificate: Buffer;
}

/** Reads a JKS file as `sun.security.provider.JavaKeyStore` describes it; fails where it fails. */
function readJks(bytes: Buffer, password: string): Entry[] {
  const content = bytes.subarray(0, -20);
  const digest = createHash("sha1");
  for (const character of password) {
    digest.update(Buffer.from([0, character.charCodeAt(0)]));
  }
  digest.update("Mighty Aphrodite").update(content);
  expect(bytes.subarray(-20)).toEqual(digest.digest());
  expect(content.readUInt32BE(0)).toBe(0xfeedfeed);
  expect(content.readUInt32BE(4)).toBe(2);
  let place = 12;
  const take = (length: number): Buffer => {
    place += length;
    return content.subarray(place - length, place);
  };
  const text = (): string => take(take(2).readUInt16BE()).toString("latin1");
  const entries = Array.from({ length: content.readUInt32BE(8) }, () => ({
    tag: take(4).readUInt32BE(),
    alias: text(),
    date: new Date(Number(take(8).readBigInt64BE())),
    type: text(),
    certificate: take(take(4).readUInt32BE()),
  }));
  expect(place).toBe(content.length);
  return entries;
}

let anchors: string[];

beforeAll(async () => {
  const dates = ["2026-11-20", "1969-06-01", "2049-12-31"];
  const parties = await Promise.all(
    dates.map((date) => root({}, new Date(`${date}T12:00:00Z`))),
  );
  anchors = parties.map(({ certificatePem }) => certificatePem);
});

function store(password: string, trustAlias?: string): Buffer {
  const { content } = makeKeystore({
    format: "JKS",
    trustAnchorsPem: anchors.join(""),
    ...(trustAlias !== undefined && { trustAlias }),
    password,
  });
  return Buffer.from(content);
}

test("holds each certificate, dated with the beginning of its validity", () => {
  const entries = readJks(store("changeit"), "changeit");
  expect(entries).toEqual(
    anchors.map((pem, index) => ({
      tag: 2,
      alias: ["", "-2", "-3"].map((end) => `servercertificate${end}`)[index],
      date: new Date(certificateAt(pem).validFrom),
      type: "X.509",
      certificate: certificateAt(pem).raw,
    })),
  );
  expect(splitPem(anchors.join(""))).toHaveLength(3);
});

test("any password and name gives a store that reads back, and the same one again", () => {
  fc.assert(
    fc.property(passwords, aliases, (password, alias) => {
      const bytes = store(password, alias);
      expect(store(password, alias)).toEqual(bytes);
      expect(readJks(bytes, password).map((entry) => entry.alias)).toEqual(
        ["", "-2", "-3"].map((end) => `${alias}${end}`),
      );
    }),
    { numRuns: 50 },
  );
});
