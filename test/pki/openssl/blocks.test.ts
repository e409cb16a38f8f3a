import { array, assert, constantFrom, property } from "fast-check";
import { isEncryptedKey, readPemBlocks } from "../../../pki/openssl/blocks";

const block = (label: string, body = "QUJD"): string =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

test("blocks come with their labels and the lines they begin on", () => {
  const text = `Certificate:\n    Data:\n${block("CERTIFICATE")}${block("EC PARAMETERS")}${block("EC PRIVATE KEY")}`;
  expect(readPemBlocks(text)).toEqual({
    blocks: [
      { label: "CERTIFICATE", line: 3, text: block("CERTIFICATE") },
      { label: "EC PARAMETERS", line: 6, text: block("EC PARAMETERS") },
      { label: "EC PRIVATE KEY", line: 9, text: block("EC PRIVATE KEY") },
    ],
    unfinished: [],
  });
});

test("a block that never ends is reported; the next one is read all the same", () => {
  const { blocks, unfinished } = readPemBlocks(
    `-----BEGIN CERTIFICATE-----\nQUJD\n${block("CERTIFICATE")}-----BEGIN PRIVATE KEY-----\n`,
  );
  expect(blocks.map(({ line }) => line)).toEqual([3]);
  expect(unfinished).toEqual([1, 6]);
});

test("both encrypted forms of a key are known as such", () => {
  const read = (text: string): boolean[] =>
    readPemBlocks(text).blocks.map(isEncryptedKey);
  expect(read(block("ENCRYPTED PRIVATE KEY"))).toEqual([true]);
  expect(
    read(
      block(
        "RSA PRIVATE KEY",
        "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nQUJD",
      ),
    ),
  ).toEqual([true]);
  expect(read(block("RSA PRIVATE KEY"))).toEqual([false]);
});

test("a megabyte of beginnings is read at once", () => {
  const started = performance.now();
  const { blocks, unfinished } = readPemBlocks(
    "-----BEGIN CERTIFICATE-----\n".repeat(37_000),
  );
  expect(blocks).toEqual([]);
  expect(unfinished).toHaveLength(37_000);
  expect(performance.now() - started).toBeLessThan(2000);
});

test("property: any mixture of markers is read, and blocks never overlap", () => {
  const piece = constantFrom(
    "-----BEGIN A-----",
    "-----END A-----",
    "-----BEGIN B-----",
    "-----END B-----",
    "\n",
    "x",
  );
  assert(
    property(array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      const { blocks } = readPemBlocks(text);
      const length = blocks.reduce((sum, one) => sum + one.text.length - 1, 0);
      expect(length).toBeLessThanOrEqual(text.length);
    }),
  );
});
