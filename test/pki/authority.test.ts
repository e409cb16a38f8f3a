import type { Authority } from "../../pki/authority";
import { checkAgainstAuthorities } from "../../pki/authority";
import type { CertificateOrder } from "../../pki/order";
import { formatProblem } from "../../pki/problem";
import { DEFAULT_NOW, order } from "./support/authority";

const CA = (commonName: string, rest: Partial<Authority> = {}): Authority => ({
  subject: { commonName },
  validityDays: 1000,
  ...rest,
});
const caOrder = (rest: Partial<CertificateOrder> = {}): CertificateOrder =>
  order({
    profile: "intermediate",
    subject: { commonName: "New CA" },
    ...rest,
  });

describe("before the CAs exist", () => {
  const accepted: readonly [string, CertificateOrder, Authority[]][] = [
    ["a root, which has none above", order({ profile: "root" }), []],
    ["a leaf below an unlimited CA", order(), [CA("A")]],
    ["a leaf below path length 0", order(), [CA("A", { pathLength: 0 })]],
    [
      "a leaf below 0 below 1",
      order(),
      [CA("B", { pathLength: 0 }), CA("A", { pathLength: 1 })],
    ],
    [
      "a leaf below 0 below 1 below 2",
      order(),
      [
        CA("C", { pathLength: 0 }),
        CA("B", { pathLength: 1 }),
        CA("A", { pathLength: 2 }),
      ],
    ],
    ["a CA below path length 1", caOrder(), [CA("A", { pathLength: 1 })]],
    [
      "a CA of path length 1 below 2",
      caOrder({ pathLength: 1 }),
      [CA("A", { pathLength: 2 })],
    ],
    [
      "a CA of path length 9 below no limit",
      caOrder({ pathLength: 9 }),
      [CA("A")],
    ],
    ["a day less than the issuer", order({ validityDays: 999 }), [CA("A")]],
    [
      "as long as one likes, cut",
      order({ validityDays: 5000, truncate: true }),
      [CA("A")],
    ],
    [
      "a name within the constraints of all",
      order({ dnsNames: ["a.b.example"] }),
      [
        CA("B", { nameConstraints: { permittedDnsNames: ["b.example"] } }),
        CA("A", { nameConstraints: { permittedDnsNames: ["example"] } }),
      ],
    ],
  ];

  test.each(accepted)("%s", (_rule, wanted, authorities) => {
    expect(checkAgainstAuthorities(wanted, authorities, DEFAULT_NOW)).toEqual(
      [],
    );
  });

  const refused: readonly [string, CertificateOrder, Authority[], RegExp[]][] =
    [
      [
        "I5: as long as the issuer",
        order({ validityDays: 1000 }),
        [CA("A")],
        [
          /^validityDays: 1000 days would outlive the issuer, valid for 1000 \(I5\); write 999 at most, or set truncate: true/,
        ],
      ],
      [
        "I6: the issuer's own subject",
        order({ subject: { commonName: "A" } }),
        [CA("A")],
        [/^subject: "CN=A" is the subject of the issuer.*\(I6\)/],
      ],
      [
        "I6: the issuer's own subject in other letters, which X.500 takes for the same",
        order({ subject: { commonName: "issuing ca" } }),
        [CA("Issuing CA")],
        [/^subject: .*\(I6\)/],
      ],
      [
        "I6: the subject of a CA further up",
        caOrder({ subject: { commonName: "A" } }),
        [CA("B"), CA("A")],
        [/^subject: .*\(I6\)/],
      ],
      [
        "I8: a CA below path length 0",
        caOrder(),
        [CA("A", { pathLength: 0 })],
        [
          /^issuer: "A" has path length constraint 0, which leaves no room for this CA \(I8\); give "A" a path length of 1 at least/,
        ],
      ],
      [
        "I8: a leaf two below path length 0",
        order(),
        [CA("B"), CA("A", { pathLength: 0 })],
        [
          /^issuer: "A" has path length constraint 0, which leaves no room for the CAs in between \(I8\); give "A" a path length of 1/,
        ],
      ],
      [
        "I8: a leaf three below path length 1",
        order(),
        [CA("C"), CA("B"), CA("A", { pathLength: 1 })],
        [/^issuer: "A" has path length constraint 1.*a path length of 2/],
      ],
      [
        "I8: a CA three below path length 2",
        caOrder(),
        [CA("C"), CA("B"), CA("A", { pathLength: 2 })],
        [/^issuer: "A" has path length constraint 2.*a path length of 3/],
      ],
      [
        "I8: a CA that allows more than there is room for",
        caOrder({ pathLength: 1 }),
        [CA("A", { pathLength: 1 })],
        [
          /^pathLength: 1 is more than "A" with its path length constraint 1 leaves \(I8\); write 0 at most/,
        ],
      ],
      [
        "I8: both CAs above are too short",
        caOrder(),
        [CA("B", { pathLength: 0 }), CA("A", { pathLength: 1 })],
        [/^issuer: "B" has/, /^issuer: "A" has/],
      ],
      [
        "a name outside the issuer's constraints",
        order({ dnsNames: ["a.net"] }),
        [CA("A", { nameConstraints: { permittedDnsNames: ["example"] } })],
        [/^dnsNames\[0\]: "a\.net" is outside/],
      ],
      [
        "a name outside the constraints further up",
        order({ dnsNames: ["a.net"] }),
        [CA("B"), CA("A", { nameConstraints: { excludedDnsNames: ["net"] } })],
        [/^dnsNames\[0\]: "a\.net" is excluded/],
      ],
      [
        "a server's common name outside the constraints",
        order({ profile: "server", subject: { commonName: "a.net" } }),
        [CA("A", { nameConstraints: { permittedDnsNames: ["example"] } })],
        [/^subject\.commonName: "a\.net" is outside/],
      ],
      [
        "everything at once",
        caOrder({ validityDays: 2000, subject: { commonName: "A" } }),
        [CA("A", { pathLength: 0 })],
        [/^subject: /, /^validityDays: /, /^issuer: /],
      ],
    ];

  test.each(refused)("%s", (_rule, wanted, authorities, messages) => {
    expect(
      checkAgainstAuthorities(wanted, authorities, DEFAULT_NOW).map(
        formatProblem,
      ),
    ).toEqual(
      messages.map((message) => expect.stringMatching(message) as string),
    );
  });
});
