import type { KeystoreOrder } from "../../../pki/keystore/keystore";
import {
  checkKeystore,
  combinedStoreWarning,
  makeKeystore,
} from "../../../pki/keystore/keystore";
import { exportPkcs8, generateKey } from "../../../pki/key";
import type { Problem } from "../../../pki/problem";
import { InputError, formatProblem } from "../../../pki/problem";
import { KeySearch } from "../../support/keySearch";
import { intermediate } from "../support/authority";
import type { Holder } from "./support/stores";
import { holder } from "./support/stores";

const P256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };
const PASSWORD = "open-Sesame-1";

let device: Holder;
let other: Holder;

beforeAll(async () => {
  device = await holder(P256);
  other = await holder(P256);
});

type Change = Partial<Record<keyof KeystoreOrder, string | undefined>>;

/** A store with all it may hold, but for what a test changes; `undefined` leaves a member out. */
function order(change: Change = {}): KeystoreOrder {
  const { privateKeyPem, chainPem, trustAnchorsPem } = device;
  const all = {
    format: "PKCS12",
    privateKeyPem,
    chainPem,
    trustAnchorsPem,
    password: PASSWORD,
    ...change,
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined),
  ) as unknown as KeystoreOrder;
}

function texts(problems: readonly Problem[]): string[] {
  return problems.map(formatProblem);
}

const NO_KEY = { privateKeyPem: undefined, chainPem: undefined };
const NO_TRUST = { trustAnchorsPem: undefined };

describe("a store is taken", () => {
  const rows: readonly [string, () => Change, readonly string[]][] = [
    ["with a key", () => NO_TRUST, ["devicekeyentry"]],
    ["with trust", () => NO_KEY, ["servercertificate"]],
    [
      "with trust, as JKS",
      () => ({ ...NO_KEY, format: "JKS" }),
      ["servercertificate"],
    ],
    ["with both", () => ({}), ["devicekeyentry", "servercertificate"]],
    [
      "with names of its own",
      () => ({ alias: "valve 1/a@b", trustAlias: "0" }),
      ["valve 1/a@b", "0"],
    ],
    [
      "with the root at the end of the chain",
      () => ({
        ...NO_TRUST,
        chainPem: device.chainPem + device.trustAnchorsPem,
      }),
      ["devicekeyentry"],
    ],
    [
      "with a server's own certificate to trust, as Cumulocity has it",
      () => ({ ...NO_KEY, trustAnchorsPem: device.leaf.certificatePem }),
      ["servercertificate"],
    ],
    [
      "with words between the certificates",
      () => ({
        ...NO_KEY,
        trustAnchorsPem: `the old one\r\n${device.trustAnchorsPem}\nthe new one\n${other.trustAnchorsPem}`,
      }),
      ["servercertificate", "servercertificate-2"],
    ],
    [
      "with the longest password and alias",
      () => ({
        ...NO_TRUST,
        password: "~ ".repeat(256),
        alias: "a".repeat(64),
      }),
      ["a".repeat(64)],
    ],
  ];

  test.each(rows)("%s", (_name, change, aliases) => {
    expect(texts(checkKeystore(order(change())))).toEqual([]);
    expect(makeKeystore(order(change())).aliases).toEqual(aliases);
  });
});

describe("a store is refused", () => {
  const rows: readonly [string, () => Change, RegExp][] = [
    ["as BKS", () => ({ format: "BKS" }), /^format: "BKS" is no format/],
    ["in lower case", () => ({ format: "pkcs12" }), /^format: "pkcs12" is no/],
    [
      "as JKS with a key",
      () => ({ format: "JKS" }),
      /^format: "JKS" is for trusted certificates only.* write "PKCS12"/,
    ],
    [
      "with nothing in it",
      () => ({ ...NO_KEY, ...NO_TRUST }),
      /^the store would be empty; give privateKeyPem and chainPem, or trustAnchorsPem\.$/,
    ],
    [
      "with a key alone",
      () => ({ chainPem: undefined }),
      /^chainPem: is missing for privateKeyPem/,
    ],
    [
      "with a chain alone",
      () => ({ privateKeyPem: undefined }),
      /^privateKeyPem: is missing for chainPem/,
    ],
    [
      "with the key of another certificate",
      () => ({ privateKeyPem: other.privateKeyPem }),
      /^privateKeyPem: is not the key of the first certificate of chainPem, "CN=thermometer-1"/,
    ],
    [
      "with a key of another kind",
      () => ({
        privateKeyPem: exportPkcs8(generateKey({ algorithm: "RSA" })),
      }),
      /^privateKeyPem: is not the key of the first certificate/,
    ],
    [
      "with text for a key",
      () => ({ privateKeyPem: "hunter2" }),
      /^privateKeyPem: is no unencrypted private key in PEM/,
    ],
    [
      "with a chain that lacks a link",
      () => ({
        chainPem: device.leaf.certificatePem + device.trustAnchorsPem,
      }),
      /^chainPem: certificate 2, "CN=Test Root CA", did not sign certificate 1, "CN=thermometer-1"/,
    ],
    [
      "with a CA of the same name that is another",
      () => ({
        chainPem: device.leaf.certificatePem + other.ca.certificatePem,
      }),
      /^chainPem: certificate 2, "CN=Test Issuing CA", did not sign/,
    ],
    [
      "with a certificate twice in its chain",
      () => ({ chainPem: device.leaf.certificatePem.repeat(2) }),
      /^chainPem: certificate 2, "CN=thermometer-1", did not sign/,
    ],
    [
      "with a chain that is none",
      () => ({ chainPem: "chain.pem" }),
      /^chainPem: holds no PEM certificate/,
    ],
    [
      "with trusted certificates that are none",
      () => ({ trustAnchorsPem: "" }),
      /^trustAnchorsPem: holds no PEM certificate/,
    ],
    [
      "with a certificate of which the end is missing",
      () => ({
        trustAnchorsPem: device.trustAnchorsPem.replace(/.{70}(?=\n-)/s, ""),
      }),
      /^trustAnchorsPem: certificate 1 cannot be read/,
    ],
    [
      "with a key among its trusted certificates",
      () => ({
        trustAnchorsPem: device.trustAnchorsPem + device.privateKeyPem,
      }),
      /^trustAnchorsPem: holds a private key/,
    ],
    [
      "with one name for two entries",
      () => ({ alias: "a", trustAlias: "a" }),
      /^trustAlias: makes "a" the name of a trusted certificate and of the key/,
    ],
    [
      "with a name that a later trusted certificate gets",
      () => ({
        alias: "servercertificate-2",
        trustAnchorsPem: device.trustAnchorsPem + other.trustAnchorsPem,
      }),
      /^trustAlias: makes "servercertificate-2" the name/,
    ],
    [
      "with a name for a key it does not hold",
      () => ({ ...NO_KEY, alias: "key" }),
      /^alias: "key" names a private key and there is none/,
    ],
    [
      "with a name for trust it does not hold",
      () => ({ ...NO_TRUST, trustAlias: "ca" }),
      /^trustAlias: "ca" names a trusted certificate and there is none/,
    ],
    ...["", "Key", "-a", "a ", "a:b", "ü", "a\n", "a".repeat(65)].map(
      (alias): [string, () => Change, RegExp] => [
        `with the name ${JSON.stringify(alias.slice(0, 8))}`,
        () => ({ alias }),
        /^alias: ".*" is no alias that every program finds again/,
      ],
    ),
    ["without a password", () => ({ password: "" }), /^password: is too short/],
    [
      "with five characters",
      () => ({ password: "12345" }),
      /^password: is too short; write 6 characters at least/,
    ],
    [
      "with a password longer than a program reads",
      () => ({ password: "x".repeat(513) }),
      /^password: is longer than programs read it; write 512 characters/,
    ],
    ...["pässword", "password\n", "pass\u0000word", "пароль", "pass🔑word"].map(
      (password): [string, () => Change, RegExp] => [
        `with the password ${JSON.stringify(password)}`,
        () => ({ password }),
        /^password: holds a character that is no printable ASCII/,
      ],
    ),
  ];

  test.each(rows)("%s", (_name, change, reason) => {
    const found = texts(checkKeystore(order(change())));
    expect(found).toEqual([expect.stringMatching(reason)]);
    expect(() => makeKeystore(order(change()))).toThrow(InputError);
  });

  test("with its chain upside down, in so many words", () => {
    const { leaf, ca } = device;
    const chainPem = ca.certificatePem + leaf.certificatePem;
    expect(texts(checkKeystore(order({ chainPem })))).toEqual([
      'chainPem: certificate 2, "CN=thermometer-1", did not sign certificate 1, "CN=Test Issuing CA"; write the key\'s certificate first, then each one\'s issuer, and nothing else.',
      "chainPem: has the certificate of privateKeyPem at place 2; put it first, then each one's issuer.",
    ]);
  });

  test("with all that is wrong at once, and no word of key and password", async () => {
    const stranger = await intermediate(other.authority);
    const found = texts(
      checkKeystore(
        order({
          format: "p12",
          privateKeyPem: other.privateKeyPem,
          chainPem: device.leaf.certificatePem + stranger.certificatePem,
          trustAnchorsPem: device.privateKeyPem,
          alias: "A",
          trustAlias: "B",
          password: "geheim\n",
        }),
      ),
    );
    expect(found.map((text) => text.replace(/: .*/s, "")).sort()).toEqual([
      "alias",
      "chainPem",
      "format",
      "password",
      "privateKeyPem",
      "trustAlias",
      "trustAnchorsPem",
    ]);
    const search = new KeySearch({
      device: device.privateKeyPem,
      other: other.privateKeyPem,
    });
    expect(search.find(found.join("\n"))).toEqual([]);
    expect(found.join("\n")).not.toContain("geheim");
  });
});

describe("what is not known yet counts as given", () => {
  test("so that a store is neither empty nor lacks a part", () => {
    const bare = order({ ...NO_KEY, ...NO_TRUST });
    expect(checkKeystore(bare, ["trustAnchorsPem"])).toEqual([]);
    expect(
      checkKeystore({ ...bare, alias: "a", trustAlias: "b" }, [
        "privateKeyPem",
        "chainPem",
        "trustAnchorsPem",
      ]),
    ).toEqual([]);
  });

  test("so that a key in JKS shows before there is a key", () => {
    const jks = order({ ...NO_KEY, format: "JKS" });
    expect(texts(checkKeystore(jks, ["privateKeyPem", "chainPem"]))).toEqual([
      expect.stringMatching(/^format: "JKS" is for trusted/),
    ]);
  });

  test("names that may yet differ are not held to differ", () => {
    const clash = order({ trustAlias: "devicekeyentry" });
    expect(checkKeystore(clash)).toHaveLength(1);
    expect(checkKeystore(clash, ["alias"])).toEqual([]);
  });
});

test("a store with both gets a warning, and no other one does", () => {
  expect(combinedStoreWarning(order())).toMatch(/Make two stores\.$/);
  expect(combinedStoreWarning(order(NO_KEY), ["privateKeyPem"])).toBeDefined();
  expect(combinedStoreWarning(order(NO_KEY))).toBeUndefined();
  expect(combinedStoreWarning(order(NO_TRUST))).toBeUndefined();
});
