import { replacements } from "../../rotation/compromise";
import { NOW, dateIn, ledger } from "./ledgers";

const LIVE = [
  {
    name: "sensors",
    count: 1000,
    issuers: ["key of device-ca", "key of a"],
    expiresLast: dateIn(40),
  },
  {
    name: "broker",
    count: 1,
    issuers: ["key of server-ca", "key of a"],
    expiresLast: dateIn(90),
  },
  {
    name: "server-ca",
    count: 1,
    issuers: ["key of a"],
    expiresLast: dateIn(900),
    subjectKeyIdentifier: "key of server-ca",
  },
  {
    name: "device-ca",
    count: 1,
    issuers: ["key of a"],
    expiresLast: dateIn(900),
    subjectKeyIdentifier: "key of device-ca",
  },
  { name: "other", count: 9, issuers: ["key of b"], expiresLast: dateIn(9) },
  { name: "gone", count: 9, issuers: ["key of a"], expiresLast: dateIn(-9) },
];

function steps(states: Readonly<Record<string, string>>): string[] {
  return replacements("root", "a", ledger(states), LIVE, NOW).map(
    ({ step }) => step,
  );
}

const BELOW = [
  "reissue the CA device-ca, whose key stays as it is",
  "reissue the CA server-ca, whose key stays as it is",
  `reissue 1000 certificates of sensors and bring them out (valid until ${dateIn(40)})`,
  `reissue 1 certificate of broker and bring them out (valid until ${dateIn(90)})`,
  "make a of root retired once all of these are out, and bring the bundle out: until then whoever has the key can issue certificates that are trusted",
];

describe("what a compromise makes necessary, in order", () => {
  test("a successor is staged first where there is none", () => {
    expect(steps({ a: "active" })).toEqual([
      "stage a successor of a in root and bring its bundle out; then make it active and a compromised",
      ...BELOW,
    ]);
  });

  test.each([
    ["b", { a: "active", b: "staged" }],
    ["c", { a: "active", b: "retiring", c: "staged" }],
    ["b", { a: "active", b: "retiring", c: "retired" }],
  ])("%s takes over in %j", (id, states) => {
    expect(steps({ ...states })).toEqual([
      `make ${id} of root active and a compromised in one update`,
      ...BELOW,
    ]);
  });

  test("no successor is needed for one that is not active", () => {
    expect(steps({ a: "compromised", b: "active" })).toEqual(BELOW);
  });

  test("nothing follows from a generation that there is not", () => {
    expect(
      replacements("root", "z", ledger({ a: "active" }), LIVE, NOW),
    ).toEqual([]);
  });
});
