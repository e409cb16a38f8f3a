import { createHmac } from "node:crypto";
import fc from "fast-check";
import { stableSalts } from "../../../pki/keystore/stableSalts";

const PARTS = [Buffer.from("chain"), Buffer.from("key")];
const RUNS = { numRuns: 25 };

function salt(
  purpose: string,
  password: string,
  content: readonly Uint8Array[],
  label = "salt",
): string {
  const bytes = stableSalts(purpose, password, content)(label, 16);
  return Buffer.from(bytes).toString("hex");
}

test("the same input gives the same salt, of the length asked for", () => {
  expect(salt("p", "password", PARTS)).toBe(salt("p", "password", PARTS));
  expect(salt("p", "password", PARTS)).toHaveLength(32);
  expect(stableSalts("p", "password", PARTS)("salt", 8)).toHaveLength(8);
});

test("another purpose, password, content, order, division or label gives another salt", () => {
  const all = [
    salt("p", "password", PARTS),
    salt("q", "password", PARTS),
    salt("p", "passworD", PARTS),
    salt("p", "password", [Buffer.from("chain"), Buffer.from("kex")]),
    salt("p", "password", [...PARTS].reverse()),
    salt("p", "password", [Buffer.from("chai"), Buffer.from("nkey")]),
    salt("p", "password", [Buffer.from("chainkey")]),
    salt("p", "password", [...PARTS, Buffer.alloc(0)]),
    salt("pchain", "password", [Buffer.from("key")]),
    salt("p", "password", PARTS, "iv"),
  ];
  expect(new Set(all).size).toBe(all.length);
});

test("no two contents share a salt, however alike they are", () => {
  const content = fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 3 });
  const text = (parts: readonly Uint8Array[]): string =>
    JSON.stringify(parts.map((part) => Buffer.from(part).toString("hex")));
  fc.assert(
    fc.property(content, content, (left, right) => {
      expect(salt("p", "password", left) === salt("p", "password", right)).toBe(
        text(left) === text(right),
      );
    }),
    RUNS,
  );
});

test("a salt is no quick test of a password: it takes the rounds of the encryption to make one", () => {
  const quick = createHmac("sha256", "password").update("salt").digest("hex");
  expect(quick).not.toContain(salt("p", "password", PARTS));
  const start = process.cpuUsage();
  salt("p", "password", PARTS);
  const { user, system } = process.cpuUsage(start);
  // 10,000 rounds are 20,000 hashes; no processor makes one in less than 25 nanoseconds.
  expect(user + system).toBeGreaterThan(500);
});
