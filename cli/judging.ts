import { examineReading } from "../pki/examine/authority";
import { examineBundle } from "../pki/examine/bundle";
import { examineChain } from "../pki/examine/chain";
import { wouldCumulocityTake } from "../pki/examine/cumulocity";
import type { Finding } from "../pki/examine/finding";
import { Stack, VERIFIERS } from "../pki/examine/finding";
import { Purpose, purposeOf } from "../pki/examine/leaf";
import { belongsTo } from "../pki/examine/pair";
import type { CertificateReading } from "../pki/examine/reading";
import { wouldThingsBoardStart } from "../pki/examine/thingsBoard";
import { readRequest } from "../pki/request";
import { InputError } from "../pki/problem";
import type { Group } from "./material";
import type { Pool, Sorted } from "./sorting";
import { Kind, keyNameFor, publicHalf, sortOut } from "./sorting";

/** What everything is judged by. */
export interface Measure {
  readonly now: Date;
  /** Roots that were named; left out, those that are at hand. */
  readonly trustAnchorsPem?: string;
  /** Names under which clients ask for the servers. */
  readonly hostNames: readonly string[];
  /** Opens encrypted keys. */
  readonly password?: string;
}

/** What another program would do with a file. */
export interface Answer {
  /** `ThingsBoard` or `Cumulocity`. */
  readonly program: string;
  readonly ok: boolean;
  readonly message: string;
}

/** What is to be said about one text. */
export interface Judgement {
  /** `rendered/dev/devices/sensor-1/chain.pem` */
  readonly name: string;
  /** One of {@link Kind}. */
  readonly kind: string;
  readonly certificates: readonly CertificateReading[];
  readonly findings: readonly Finding[];
  readonly answers: readonly Answer[];
  /** What is worth knowing and no finding: `holds the same as tls.crt`. */
  readonly notes: readonly string[];
}

/** Judges all texts of a group, each in the light of the others. */
export async function judgeGroup(
  group: Group,
  pool: Pool,
  measure: Measure,
): Promise<Judgement[]> {
  const sorted = group.materials
    .map((material) =>
      sortOut(material, measure.password, (one) => pool.isIssuer(one)),
    )
    .filter(({ kind }) => kind !== Kind.Other);
  const judgements: Judgement[] = [];
  for (const text of sorted) {
    judgements.push({
      ...(await judge(text, sorted, group, pool, measure)),
      name: `${group.name}${group.object ? " " : "/"}${text.name}`.replace(
        /^\.\//,
        "",
      ),
      kind: text.kind,
      certificates: text.certificates,
    });
  }
  return judgements;
}

type Verdict = Pick<Judgement, "findings" | "answers" | "notes">;

async function judge(
  text: Sorted,
  siblings: readonly Sorted[],
  group: Group,
  pool: Pool,
  measure: Measure,
): Promise<Verdict> {
  const twin = twinOf(text, siblings);
  if (twin !== undefined) {
    return {
      findings: keyOf(text, siblings).findings,
      answers: [],
      notes: [`holds the same as ${twin.name}, see there`],
    };
  }
  switch (text.kind) {
    case Kind.Chain:
      return judgeChain(text, siblings, group, pool, measure);
    case Kind.Bundle:
      return {
        findings: examineBundle(text.pem, measure),
        answers: cumulocity(text, measure),
        notes: [],
      };
    case Kind.Authorities:
      return {
        findings: [
          ...text.findings,
          ...text.certificates.flatMap((one) =>
            examineReading(one, pool.issuerOf(one), measure.now),
          ),
          ...keyOf(text, siblings).findings,
        ],
        answers: cumulocity(text, measure),
        notes: [],
      };
    case Kind.Key:
      return judgeKeys(text, siblings);
    default:
      return judgeRequests(text);
  }
}

/** An earlier text with the same certificates, or a later one that begins with the one leaf of this: `chain.pem` for `cert.pem`. */
function twinOf(text: Sorted, siblings: readonly Sorted[]): Sorted | undefined {
  const [leaf] = text.certificates;
  if (leaf === undefined) {
    return undefined;
  }
  const index = siblings.indexOf(text);
  return siblings.find(
    (other, place) =>
      other !== text &&
      other.kind === text.kind &&
      ((place < index && other.pem === text.pem) ||
        (text.kind === Kind.Chain &&
          text.certificates.length === 1 &&
          other.certificates.length > 1 &&
          other.certificates[0]?.native.raw.equals(leaf.native.raw) === true)),
  );
}

function judgeChain(
  text: Sorted,
  siblings: readonly Sorted[],
  group: Group,
  pool: Pool,
  measure: Measure,
): Verdict {
  const own = siblings.find(({ name }) => name === "ca.crt");
  // In one Kubernetes object, `ca.crt` is what the certificate hangs from; in a folder it may be the other side's.
  const named =
    measure.trustAnchorsPem ?? (group.object ? own?.pem : undefined);
  const anchors =
    named ??
    pool
      .roots()
      .map(({ pem }) => pem)
      .join("");
  const findings = examineChain(text.pem, {
    now: measure.now,
    hostNames: hostNamesFor(text, measure),
    trustAnchorsPem: anchors,
  }).map((finding) =>
    finding.code === "no-trust-anchor" && named === undefined
      ? {
          ...finding,
          message: `Its root is not at hand, so the way up to it was not followed; name it with --trust. ${finding.message}`,
          fatalFor: [],
        }
      : finding,
  );
  const { key, findings: pair } = keyOf(text, siblings);
  const answers =
    purposeOfText(text) === Purpose.Server && key !== undefined
      ? [thingsBoard(text, key, measure)]
      : [];
  const refusal = answers.find(({ ok }) => !ok);
  return {
    findings: [
      ...findings,
      ...pair,
      ...(refusal === undefined
        ? []
        : [
            {
              code: "thingsboard-does-not-serve",
              subject: text.certificates[0]?.subject ?? "",
              message: refusal.message,
              fatalFor: [Stack.ThingsBoard],
            },
          ]),
    ],
    answers,
    notes: [],
  };
}

function purposeOfText({ certificates }: Sorted): string | undefined {
  return certificates.map(purposeOf).find((purpose) => purpose !== undefined);
}

function hostNamesFor(text: Sorted, { hostNames }: Measure): readonly string[] {
  return purposeOfText(text) === Purpose.Device ? [] : hostNames;
}

function thingsBoard(text: Sorted, key: Sorted, measure: Measure): Answer {
  const { ok, message } = wouldThingsBoardStart({
    certFileText: text.pem,
    keyFileText: key.pem,
    ...(measure.password !== undefined && { keyPassword: measure.password }),
  });
  return { program: Stack.ThingsBoard, ok, message };
}

function cumulocity(text: Sorted, { now }: Measure): Answer[] {
  const [first] = text.certificates;
  if (first === undefined) {
    return [];
  }
  const { takes, findings } = wouldCumulocityTake(first.pem, now);
  return [
    {
      program: Stack.Cumulocity,
      ok: takes,
      message: takes
        ? [
            `Cumulocity takes "${first.subject}" as a trusted CA.`,
            ...findings.map(({ message }) => message),
          ].join(" ")
        : findings.map(({ message }) => message).join(" "),
    },
  ];
}

/** The text with the key of a certificate: by the key itself, else by the names of the files. */
function keyOf(
  text: Sorted,
  siblings: readonly Sorted[],
): { readonly key?: Sorted; readonly findings: Finding[] } {
  const leaf = leafOf(text);
  const withKeys = siblings.filter(({ keys }) => keys.length > 0);
  const matching =
    leaf === undefined
      ? undefined
      : withKeys.find((other) => holdsKeyOf(other, leaf));
  const named = withKeys.find((other) =>
    keyNameFor(text.name).includes(other.name),
  );
  const alone = text.keys.length > 0 ? text : undefined;
  const expected = alone ?? named;
  const wrong =
    expected !== undefined &&
    leaf !== undefined &&
    expected.keys.some(({ key }) => key !== undefined) &&
    !holdsKeyOf(expected, leaf);
  const key = expected ?? matching;
  return {
    ...(key !== undefined && { key }),
    findings: wrong
      ? [
          {
            code: "key-of-another-certificate",
            subject: leaf.subject,
            message: `The key in ${expected.name} is not the one of this certificate, so no handshake succeeds. ${matching === undefined || matching === expected ? "Put the key there that the certificate was issued for." : `The right one stands in ${matching.name}.`}`,
            fatalFor: [...VERIFIERS, Stack.ThingsBoard],
          },
        ]
      : [],
  };
}

function leafOf({ certificates }: Sorted): CertificateReading | undefined {
  return (
    certificates.find(
      ({ basicConstraints }) => basicConstraints?.ca !== true,
    ) ?? certificates[0]
  );
}

function holdsKeyOf({ keys }: Sorted, leaf: CertificateReading): boolean {
  return keys.some(({ key }) => key !== undefined && belongsTo(key, leaf));
}

/** The certificates among the texts that a key belongs to, by their files. */
export function certificatesOf(
  key: Sorted["keys"][number],
  siblings: readonly Sorted[],
): string[] {
  const half = publicHalf(key.key);
  return half === undefined
    ? []
    : siblings
        .filter(({ certificates }) =>
          certificates.some(({ publicKey }) => publicHalf(publicKey) === half),
        )
        .map(({ name }) => name);
}

function judgeKeys(text: Sorted, siblings: readonly Sorted[]): Verdict {
  const findings: Finding[] = [];
  const notes: string[] = [];
  for (const found of text.keys) {
    const owners = certificatesOf(found, siblings);
    if (found.key === undefined && !found.encrypted) {
      findings.push({
        code: "unreadable-key",
        subject: "",
        message:
          "It cannot be read as a private key. Take it from its source again.",
        fatalFor: [...VERIFIERS, Stack.ThingsBoard],
      });
    } else if (found.key === undefined) {
      notes.push(
        "is encrypted, and was not opened; give its password with --password-file",
      );
    } else if (owners.length > 0) {
      notes.push(`is the key of ${owners.join(", ")}`);
    } else {
      notes.push("is the key of no certificate beside it");
    }
  }
  return { findings, answers: [], notes };
}

async function judgeRequests({ requests }: Sorted): Promise<Verdict> {
  const findings: Finding[] = [];
  for (const request of requests) {
    try {
      await readRequest(request, "The request");
    } catch (error) {
      findings.push({
        code: "request-refused",
        subject: "",
        message:
          error instanceof InputError
            ? error.message
            : "The request cannot be read; make it anew.",
        fatalFor: ["mqtt-pki"],
      });
    }
  }
  return {
    findings,
    answers: [],
    notes: findings.length === 0 ? ["proves that its maker has the key"] : [],
  };
}
