import fc from "fast-check";
import { isUnknown, secret as wrap, unwrap } from "../../provider/wire";
import { UNKNOWN, isSecret, output, secret } from "./support/wire";

/** Any JSON value in which nothing is null, since Pulumi has no null among its inputs. */
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie("value"), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value;

/** Wraps parts of a value at random as the engine may. */
function wrapped(value: unknown, coin: () => number): unknown {
  const inner = Array.isArray(value)
    ? value.map((element) => wrapped(element, coin))
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value).map(([name, member]) => [
            name,
            wrapped(member, coin),
          ]),
        )
      : value;
  return [inner, secret(inner), output(inner), secret(output(inner))][
    coin() % 4
  ];
}

test("a value comes out of its wrappings as it went in, wherever they are", () => {
  fc.assert(
    fc.property(plain, fc.gen(), (value, gen) => {
      const properties = {
        it: wrapped(value, () => gen(fc.nat)),
      };
      expect(unwrap(properties)).toEqual({ value: { it: value }, unknown: [] });
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["a member", { a: UNKNOWN, b: 1 }, { b: 1 }, ["a"]],
  [
    "a member of a member",
    { a: { b: UNKNOWN, c: 1 } },
    { a: { c: 1 } },
    ["a.b"],
  ],
  ["an output without a value", { a: output() }, {}, ["a"]],
  ["a secret", { a: secret(UNKNOWN) }, {}, ["a"]],
  [
    "the whole of an object",
    { a: secret({ b: { c: UNKNOWN } }) },
    { a: { b: {} } },
    ["a.b.c"],
  ],
  ["null, which is as good as nothing", { a: null, b: 1 }, { b: 1 }, []],
])(
  "%s that is unknown leaves all else",
  (_what, properties, value, unknown) => {
    expect(unwrap(properties)).toEqual({ value, unknown });
  },
);

test.each([
  ["signer", ["signer"], true],
  ["signer.privateKeyPem", ["signer"], true],
  ["signer", ["signer.privateKeyPem"], true],
  ["dnsNames", ["dnsNames[2]"], true],
  ["signer.certificatePem", ["signer.privateKeyPem"], false],
  ["signerName", ["signer"], false],
  ["key", ["keyMode"], false],
  ["dnsNames[1]", ["dnsNames"], true],
])("%p is unknown where %p is: %p", (path, unknown, expected) => {
  expect(isUnknown(unknown, path)).toBe(expected);
});

test("a secret is marked the way the engine reads it", () => {
  expect(isSecret(wrap("x"))).toBe(true);
  expect(wrap("x")).toEqual(secret("x"));
});
