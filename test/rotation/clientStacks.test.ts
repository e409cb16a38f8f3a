import { formatProblem } from "../../pki/problem";
import {
  ClientStack,
  checkChainForStacks,
  checkClientStacks,
} from "../../rotation/clientStacks";

const ALL = Object.values(ClientStack);
const KEY = { algorithm: "ECDSA", ecdsaCurve: "P256" };
const LEAF = { path: "leaf", key: KEY };
const CA = { path: "ca", key: KEY, ca: { pathLength: 0 } };
const ROOT = {
  path: "root",
  key: KEY,
  ca: { anchor: true, selfSigned: true },
};

test("an unknown stack is refused by name", () => {
  expect(checkClientStacks(ALL)).toEqual([]);
  expect(checkClientStacks(["openssl", "OpenSSL"]).map(formatProblem)).toEqual([
    'clientStacks[1]: "OpenSSL" is no TLS stack known here; write one of mbedtls, openssl, java, gnutls, go, wolfssl.',
  ]);
});

describe("what was measured of each stack (I8)", () => {
  test("all of them read the usual chain", () => {
    expect(checkChainForStacks([LEAF, CA, ROOT], ALL)).toEqual([]);
  });

  test.each([
    ["Ed25519", { ...LEAF, key: { algorithm: "ED25519" } }, ["mbedtls"]],
    [
      "critical name constraints",
      { ...CA, ca: { criticalNameConstraints: true } },
      ["mbedtls"],
    ],
    [
      "an intermediate as the anchor",
      { ...ROOT, ca: { anchor: true, selfSigned: false } },
      ["openssl"],
    ],
  ])("%s fails in some", (_title, link, failing) => {
    expect(
      ALL.filter((stack) => checkChainForStacks([link], [stack]).length > 0),
    ).toEqual(failing);
  });

  test("a path length that is too short fails in all, whatever is declared", () => {
    const upper = { ...CA, path: "upper", ca: { pathLength: 0 } };
    expect(
      checkChainForStacks([LEAF, CA, upper, ROOT], []).map(formatProblem),
    ).toEqual([
      "upper: has path length constraint 0, and 1 CA stands below it, so that every client refuses the chain (I8); write 1 at least, or issue from a CA further up.",
    ]);
  });
});
