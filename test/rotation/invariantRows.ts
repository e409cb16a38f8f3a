import { checkAgainstAuthorities } from "../../pki/authority";
import { verifyChain } from "../../pki/chain";
import type { Problem } from "../../pki/problem";
import { checkChainForStacks } from "../../rotation/clientStacks";
import type { GenerationAfter, LedgerEvidence } from "../../rotation/evidence";
import { checkCertificateForm } from "../../rotation/generationCertificates";
import { readChange } from "../../rotation/ledger";
import { checkStillTrusted } from "../../rotation/liveCertificates";
import type { Rule } from "../../rotation/refusal";
import { DEFAULT_TRUST_SOAK } from "../../rotation/trustSoak";
import {
  DEFAULT_NOW,
  intermediate,
  issue,
  order,
  root,
} from "../pki/support/authority";
import { caExtensions, craft } from "../pki/support/craft";
import { NOW, code, dateIn, facts, inDays, ledger } from "./ledgers";

export const SOAK = { minimumTrustSoak: DEFAULT_TRUST_SOAK.serverRoot };

function change(
  before: LedgerEvidence | undefined,
  after: Readonly<Record<string, GenerationAfter>>,
  soak: Parameters<typeof readChange>[2] = SOAK,
): readonly Problem[] {
  return readChange(before, after, soak, NOW).refusals;
}

/** One live certificate chain of each resource, below the key of generation `a`. */
export const LIVE = [
  {
    name: "broker",
    count: 1,
    issuers: ["key of server-ca", "key of a"],
    expiresLast: dateIn(90),
  },
  {
    name: "sensors",
    count: 1000,
    issuers: ["key of a"],
    expiresLast: dateIn(40),
  },
  {
    name: "gateways",
    count: 5,
    issuers: ["key of b"],
    expiresLast: dateIn(99),
  },
  { name: "gone", count: 7, issuers: ["key of a"], expiresLast: dateIn(-1) },
];

export function known(states: Readonly<Record<string, string>>) {
  return Object.entries({ ...states, "server-ca": "active" }).map(
    ([id, state]) => ({
      authority: "server-root",
      id,
      state,
      subjectKeyIdentifier: `key of ${id}`,
    }),
  );
}

export const TWO = { a: "active", b: "staged" };

/** A rule, with what breaks it and what does not. */
export interface Row {
  readonly rule: Rule;
  readonly title: string;
  /** What breaks the rule. */
  readonly refused: () => readonly Problem[] | Promise<readonly Problem[]>;
  readonly says: RegExp;
  /** The nearest thing that keeps it. */
  readonly allowed: () => readonly Problem[] | Promise<readonly Problem[]>;
}

export const ROWS: readonly Row[] = [
  {
    rule: "I1",
    title: "none active",
    refused: () => change(ledger(TWO), code({ a: "retiring", b: "staged" })),
    says: /^generations\.a\.state: no generation is active.*\(I1\)/,
    allowed: () => change(ledger(TWO), code({ a: "retiring", b: "active" })),
  },
  {
    rule: "I1",
    title: "two active",
    refused: () => change(ledger(TWO), code({ a: "active", b: "active" })),
    says: /"b" is active beside "a"/,
    allowed: () => change(ledger(TWO), code(TWO)),
  },
  {
    rule: "I2",
    title: "a state is skipped",
    refused: () => change(ledger(TWO), code({ a: "retired", b: "active" })),
    says: /"a" cannot go from active to retired: all that it signed would lose its trust/,
    allowed: () => change(ledger(TWO), code({ a: "retiring", b: "active" })),
  },
  {
    rule: "I2",
    title: "two steps at once",
    refused: () =>
      change(
        ledger({ ...TWO, c: "retiring" }),
        code({ a: "retiring", b: "active", c: "retired" }),
      ),
    says: /^generations: 2 steps in one update: a active → retiring, b staged → active; c retiring → retired \(I2\)/,
    allowed: () =>
      change(
        ledger({ ...TWO, c: "retiring" }),
        code({ a: "active", b: "staged", c: "retired" }),
      ),
  },
  {
    rule: "I3",
    title: "a second before the soak time is over",
    refused: () =>
      change(
        ledger(TWO, { published: -7 + 1 / 86_400 }),
        code({ a: "retiring", b: "active" }),
      ),
    says: /was published on 2026-12-25T00:00:01Z.*keep staged until 2027-01-01T00:00:01Z \(7 days\), or confirm with confirmedBundle: "sha256 of the bundle"/,
    allowed: () =>
      change(
        ledger(TWO, { published: -7 }),
        code({ a: "retiring", b: "active" }),
      ),
  },
  {
    rule: "I3",
    title: "another bundle confirmed than the published one",
    refused: () =>
      change(
        ledger(TWO, { published: -1 }),
        code({ a: "retiring", b: "active" }),
        { ...SOAK, confirmedBundle: "sha256 of an older bundle" },
      ),
    says: /confirmedBundle names another bundle than the published one/,
    allowed: () =>
      change(
        ledger(TWO, { published: -1 }),
        code({ a: "retiring", b: "active" }),
        { ...SOAK, confirmedBundle: "sha256 of the bundle" },
      ),
  },
  {
    rule: "I3",
    title: "back to one that never was active",
    refused: () => {
      const evidence = ledger({ a: "active", b: "retiring" }, { published: 0 });
      const { activeSince, ...b } = evidence.generations.b ?? never();
      return change(
        { ...evidence, generations: { ...evidence.generations, b } },
        code({ a: "retiring", b: "active" }),
      );
    },
    says: /keep retiring until/,
    allowed: () =>
      change(
        ledger({ a: "active", b: "retiring" }, { published: 0 }),
        code({ a: "retiring", b: "active" }),
      ),
  },
  {
    rule: "I4",
    title: "live certificates lose their trust",
    refused: () =>
      checkStillTrusted(LIVE, known({ a: "retired", b: "active" }), NOW),
    says: /^generations\.a\.state: "a" of server-root would leave the trust bundle, and 1001 certificates chain to it: broker \(1, until 2027-04-01T00:00:00Z\), sensors \(1000, until 2027-02-10T00:00:00Z\) \(I4\).*Write retiring until 2027-04-01T00:00:00Z has passed, or acknowledge I4/,
    allowed: () =>
      checkStillTrusted(LIVE, known({ a: "retiring", b: "active" }), NOW),
  },
  {
    rule: "I4",
    title: "the last second of the last certificate",
    refused: () =>
      checkStillTrusted(LIVE, known({ a: "retired", b: "active" }), inDays(90)),
    says: /1 certificate chain/,
    allowed: () =>
      checkStillTrusted(
        LIVE,
        known({ a: "retired", b: "active" }),
        inDays(90 + 1 / 86_400),
      ),
  },
  {
    rule: "I4",
    title: "a generation that nobody names any more",
    refused: () => checkStillTrusted(LIVE, known({ b: "active" }), NOW),
    says: /^issuer: the generation with the key key of a would leave/,
    allowed: () =>
      checkStillTrusted(LIVE.slice(2), known({ b: "active" }), NOW),
  },
  {
    rule: "I5",
    title: "a certificate outlives its issuer",
    refused: () =>
      checkAgainstAuthorities(
        order({ validityDays: 365 }),
        [{ subject: { commonName: "CA" }, validityDays: 365 }],
        NOW,
      ),
    says: /\(I5\)/,
    allowed: () =>
      checkAgainstAuthorities(
        order({ validityDays: 365, truncate: true }),
        [{ subject: { commonName: "CA" }, validityDays: 365 }],
        NOW,
      ),
  },
  {
    rule: "I6",
    title: "two keys of one subject",
    refused: () =>
      change(ledger({ a: "active" }), {
        ...code({ a: "active" }),
        b: {
          state: "staged",
          facts: facts("b", { subject: "cn=root  ca A".toUpperCase() }),
        },
      }),
    says: /^generations\.b\.certificatePem: has the subject "CN=ROOT {2}CA A" of "a", but another key \(I6\)/,
    allowed: () => change(ledger({ a: "active" }), code(TWO)),
  },
  {
    rule: "I6",
    title: "the subject of one that is gone",
    refused: () =>
      change(ledger({ a: "active", z: "retired" }), {
        ...code({ a: "active" }),
        b: { state: "staged", facts: facts("b", { subject: "CN=Root CA z" }) },
      }),
    says: /of "z", which left the trust bundle on 2026-12-02T00:00:00Z and may be in old bundles still/,
    allowed: () => change(ledger({ a: "active", z: "retired" }), code(TWO)),
  },
  {
    rule: "I6",
    title: "one key as two generations",
    refused: () =>
      change(ledger({ a: "active" }), {
        ...code({ a: "active" }),
        b: { state: "staged", facts: facts("a") },
      }),
    says: /has the key of "a" \(I6\)/,
    allowed: () => change(ledger({ a: "active" }), code(TWO)),
  },
  {
    rule: "I7",
    title: "no subject key identifier",
    refused: async () => {
      const { certificatePem } = await craft({
        subject: [{ CN: ["CA"] }],
        extensions: caExtensions(),
        subjectKeyIdentifier: "",
      });
      return checkCertificateForm(certificatePem, "generations.a");
    },
    says: /^generations\.a: has no subject key identifier.*\(I7\)/,
    allowed: async () =>
      checkCertificateForm((await root()).certificatePem, "generations.a"),
  },
  {
    rule: "I8",
    title: "a critical name constraint for Mbed TLS",
    refused: () =>
      checkChainForStacks(
        [
          {
            path: "nameConstraints",
            key: { algorithm: "ECDSA", ecdsaCurve: "P256" },
            ca: { criticalNameConstraints: true },
          },
        ],
        ["mbedtls", "openssl"],
      ),
    says: /^nameConstraints: has critical name constraints, with which Mbed TLS refuses the CA.*\(I8\); set critical: false/,
    allowed: () =>
      checkChainForStacks(
        [
          {
            path: "nameConstraints",
            key: { algorithm: "ECDSA", ecdsaCurve: "P256" },
            ca: { criticalNameConstraints: true },
          },
        ],
        ["openssl", "java", "gnutls", "go", "wolfssl"],
      ),
  },
  {
    rule: "I9",
    title: "an entry vanishes that is still trusted",
    refused: () =>
      change(ledger({ a: "active", b: "retiring" }), code({ a: "active" })),
    says: /^generations\.b: "b" is retiring and is gone from the code.*\(I9\)/,
    allowed: () =>
      change(ledger({ a: "active", b: "retired" }), code({ a: "active" })),
  },
  {
    rule: "I9",
    title: "a key comes back under another id",
    refused: () =>
      change(ledger({ a: "active", z: "retired" }), {
        ...code({ a: "active" }),
        b: { state: "staged", facts: facts("z") },
      }),
    says: /^generations\.b: has the key of "z", which left the trust bundle on/,
    allowed: () => change(ledger({ a: "active", z: "retired" }), code(TWO)),
  },
  {
    rule: "I10",
    title: "the key of a generation changes",
    refused: () =>
      change(ledger({ a: "active" }), {
        a: {
          state: "active",
          facts: facts("a", { subjectKeyIdentifier: "another key" }),
        },
      }),
    says: /^generations\.a\.certificatePem: has another key than before, and all that trusts "a" \(active, published on 2026-12-02T00:00:00Z\) would refuse.*\(I10\)/,
    allowed: () =>
      change(ledger({ a: "active" }), {
        a: {
          state: "active",
          facts: facts("a", { fingerprintSha256: "renewed" }),
        },
      }),
  },
  {
    rule: "I11",
    title: "a renewal changes the subject",
    refused: () =>
      change(ledger({ a: "active" }), {
        a: { state: "active", facts: facts("a", { subject: "CN=Other" }) },
      }),
    says: /is renewed as "CN=Other", and what "CN=Root CA a" signed names its issuer by the old subject \(I11\)/,
    allowed: () =>
      change(ledger({ a: "active" }), {
        a: { state: "active", facts: facts("a", { notAfter: dateIn(9000) }) },
      }),
  },
  {
    rule: "I11",
    title: "the bundle would hold the old certificate beside the new one",
    refused: async () => {
      const { certificatePem } = await root();
      return checkCertificateForm(certificatePem.repeat(2), "pem");
    },
    says: /^pem: holds 2 certificates, and a generation has one, its newest \(I11\)/,
    allowed: async () =>
      checkCertificateForm((await root()).certificatePem, "pem"),
  },
  {
    rule: "I12",
    title: "a chain that does not verify is emitted",
    refused: async () => {
      const [authority, other] = [await root(), await root()];
      const leaf = await issue(await intermediate(authority));
      return verifyChain(
        leaf.certificatePem,
        other.certificatePem,
        DEFAULT_NOW,
      );
    },
    says: /no trust anchor signed/,
    allowed: async () => {
      const authority = await root();
      const leaf = await issue(authority);
      return verifyChain(
        leaf.certificatePem,
        authority.certificatePem,
        DEFAULT_NOW,
      );
    },
  },
];

export function never(): never {
  throw new Error("is in the ledger");
}
