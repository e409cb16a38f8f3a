import { verifyChain } from "../../pki/chain";
import { formatProblem } from "../../pki/problem";
import { DEFAULT_NOW, intermediate, issue, root } from "./support/authority";
import { caExtensions, craft } from "./support/craft";
import type { Path } from "./support/paths";
import { REFUSED_PATHS } from "./support/chainRows";
import { describeOpenSsl } from "./support/openssl";
import { goodParties } from "./support/paths";
import { STRICT_PATHS } from "./support/strictPaths";

function problemsOf({ chain, anchors, at = DEFAULT_NOW }: Path): string[] {
  return verifyChain(chain.join(""), anchors.join(""), at).map(formatProblem);
}

describe("accepted", () => {
  const rows: readonly [string, () => Promise<Path>][] = [
    [
      "leaf and intermediate under their root",
      async () => {
        const { authority, ca, leaf } = await goodParties();
        return pems([leaf, ca], [authority]);
      },
    ],
    [
      "a chain that holds its root as well",
      async () => {
        const { authority, ca, leaf } = await goodParties();
        return pems([leaf, ca, authority], [authority]);
      },
    ],
    [
      "a leaf directly below the root",
      async () => {
        const authority = await root();
        return pems([await issue(authority)], [authority]);
      },
    ],
    [
      "a root alone",
      async () => {
        const authority = await root();
        return pems([authority], [authority]);
      },
    ],
    [
      "two intermediates where the path length leaves room for exactly one more",
      async () => {
        const authority = await root({ pathLength: 2 });
        const upper = await intermediate(authority, {
          pathLength: 1,
          subject: { commonName: "Upper CA" },
        });
        const lower = await intermediate(upper, { validityDays: 100 });
        return pems([await issue(lower), lower, upper], [authority]);
      },
    ],
    [
      "an anchor among others, also one of the same name",
      async () => {
        const { authority, ca, leaf } = await goodParties();
        return pems([leaf, ca], [await root(), authority, await root()]);
      },
    ],
    [
      "a root renewed with its key, where the leaf is older",
      async () => {
        const { authority, ca, leaf } = await goodParties();
        const renewed = await craft({
          // To the byte as it was: Go compares names so.
          subject: [{ CN: [{ utf8String: "Test Root CA" }] }],
          key: authority.key,
          extensions: caExtensions(),
        });
        return pems([leaf, ca], [renewed]);
      },
    ],
  ];

  test.each(rows)("%s", async (_rule, make) => {
    expect(problemsOf(await make())).toEqual([]);
  });

  describeOpenSsl("OpenSSL agrees", (openssl) => {
    test.each(rows)("%s", async (_rule, make) => {
      const path = await make();
      expect(openssl.refusal({ at: DEFAULT_NOW, ...path })).toBe("");
    });
  });

  test("at the very first and the very last second", async () => {
    const { authority, ca, leaf } = await goodParties();
    const path = pems([leaf, ca], [authority]);
    for (const at of [leaf.validity.notBefore, leaf.validity.notAfter]) {
      expect(problemsOf({ ...path, at })).toEqual([]);
    }
  });
});

describe("refused, each for its own reason", () => {
  test.each(REFUSED_PATHS)("$rule", async ({ make, problem }) => {
    const problems = problemsOf(await make());
    expect(problems).not.toEqual([]);
    for (const text of problems) {
      expect(text).toMatch(problem);
    }
  });

  test("no certificate at all", () => {
    expect(problemsOf({ chain: ["words"], anchors: [] })).toEqual([
      "chain: holds no certificate.",
    ]);
  });

  test("everything that is wrong at once", async () => {
    const authority = await root({ pathLength: 0, validityDays: 1000 });
    const ca = await craft({
      subject: [{ CN: ["CA"] }],
      issuer: authority,
      extensions: caExtensions(),
    });
    const leaf = await issue(ca, { validityDays: 5 });
    const path = pems([leaf, ca], [authority]);
    expect(
      problemsOf({ ...path, at: new Date("2027-08-01T00:00:00Z") }),
    ).toEqual([
      expect.stringMatching(/^CN=thermometer-1: is valid from/),
      expect.stringMatching(/^CN=CA: is valid from/),
      expect.stringMatching(/^CN=Test Root CA: has path length constraint 0/),
    ]);
  });
});

describeOpenSsl("whatever OpenSSL refuses is refused here", (openssl) => {
  const rows = [
    ...REFUSED_PATHS.filter((row) => row.openssl !== undefined),
    ...STRICT_PATHS,
  ];

  test.each(rows)("$rule", async (row) => {
    const path = await row.make();
    expect(openssl.refusal({ at: DEFAULT_NOW, ...path })).toMatch(
      row.openssl ?? /never/,
    );
    expect(problemsOf(path)).not.toEqual([]);
  });
});

function pems(
  chain: readonly { certificatePem: string }[],
  anchors: readonly { certificatePem: string }[],
): Path {
  const texts = (list: readonly { certificatePem: string }[]): string[] =>
    list.map(({ certificatePem }) => certificatePem);
  return { chain: texts(chain), anchors: texts(anchors) };
}
