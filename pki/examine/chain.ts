import { verifyChain } from "../chain";
import type { ConstrainedNames } from "../nameConstraints";
import { readNameConstraints, violations } from "../nameConstraints";
import { formatProblem } from "../problem";
import { x509 } from "../webcrypto";
import { examineReading } from "./authority";
import type { Finding } from "./finding";
import { Stack, VERIFIERS, isFatal } from "./finding";
import type { LeafContext } from "./leaf";
import { Purpose, examineLeaf, purposeOf } from "./leaf";
import { issued, sortChain } from "./order";
import type { CertificateReading } from "./reading";
import {
  ExtensionOid,
  attempt,
  certificateBlocks,
  readCertificate,
} from "./reading";

/** What a chain is judged by. */
export interface ChainContext extends LeafContext {
  /** Roots that clients trust; left out, no path is followed beyond the file. */
  readonly trustAnchorsPem?: string;
}

/** Each certificate of a PEM text; findings in the place of those that cannot be read. */
export function readCertificates(pem: string): {
  readonly certificates: CertificateReading[];
  readonly findings: Finding[];
} {
  const certificates: CertificateReading[] = [];
  const findings: Finding[] = [];
  for (const [index, text] of certificateBlocks(pem).entries()) {
    const certificate = attempt(() => readCertificate(text, ""));
    if (certificate === undefined) {
      findings.push({
        code: "unreadable",
        subject: `certificate number ${index + 1}`,
        message: "It cannot be read as X.509. Take it from its source again.",
        fatalFor: [...VERIFIERS, Stack.ThingsBoard],
      });
    } else {
      certificates.push(certificate);
    }
  }
  return { certificates, findings };
}

/**
 * What is wrong with a chain file, as a broker or a device sends it: the order
 * (leaf, issuer, …), each certificate in it, and the way up to the trust
 * anchors (RFC 5280 §6).
 *
 * @param pem one or more certificates; a leaf alone is a chain, too
 * @returns empty where nothing is to be said
 * @example
 * ```ts
 * examineChain(chainPem, { now, trustAnchorsPem, hostNames: ["mqtt.example.com"] }).filter(isFatal);
 * ```
 */
export function examineChain(pem: string, context: ChainContext): Finding[] {
  const { certificates, findings } = readCertificates(pem);
  const { path, findings: misplaced } = sortChain(certificates);
  const [leaf] = path;
  if (leaf === undefined) {
    return findings.length > 0
      ? findings
      : [
          {
            code: "no-certificate",
            subject: "",
            message: "The text holds no certificate.",
            fatalFor: VERIFIERS,
          },
        ];
  }
  const anchors = readCertificates(context.trustAnchorsPem ?? "").certificates;
  const whole = completed(path, anchors);
  const purpose = context.purpose ?? purposeOf(leaf);
  const judged: Finding[] = [
    ...findings,
    ...misplaced,
    ...examineLeaf(leaf, context),
    ...path
      .slice(1)
      .flatMap((one, index) =>
        examineReading(one, whole[index + 2], context.now),
      ),
    // The root that is not in the file counts for those who look at it; advice about it belongs elsewhere.
    ...whole
      .slice(path.length)
      .flatMap((one) => examineReading(one, undefined, context.now))
      .filter(isFatal),
    ...(purpose === Purpose.Server ? rootIncluded(path) : []),
    ...pathLengths(whole),
    ...constraints(whole),
    ...purposes(whole, purpose),
  ];
  return [...judged, ...wayUp(whole, anchors, context, judged)];
}

/** The path with the trust anchor above it, where there is one. */
function completed(
  path: readonly CertificateReading[],
  anchors: readonly CertificateReading[],
): CertificateReading[] {
  const last = path.at(-1);
  const anchor =
    last === undefined || last.selfSigned
      ? undefined
      : anchors.find((one) => issued(one, last));
  return anchor === undefined ? [...path] : [...path, anchor];
}

/** Of servers only: a device may have to send its root, see ThingsBoard's device profiles. */
function rootIncluded(path: readonly CertificateReading[]): Finding[] {
  const last = path.at(-1);
  return last !== undefined && path.length > 1 && last.selfSigned
    ? [
        {
          code: "root-included",
          subject: last.subject,
          message:
            "It is a root, which clients have already or do not trust: it may be left out. Keep it where TBMQ reads the file, since it checks its clients against it.",
          fatalFor: [],
        },
      ]
    : [];
}

/** RFC 5280 §6.1.4 (l): self-issued CAs do not count there, but do for us: no profile makes one. */
function pathLengths(path: readonly CertificateReading[]): Finding[] {
  return path.flatMap((authority, index) => {
    const limit = authority.basicConstraints?.pathLength;
    const below = path
      .slice(1, index)
      .filter((one) => !one.subjectDer.equals(one.issuerDer)).length;
    return limit !== undefined && below > limit
      ? [
          {
            code: "path-length-exceeded",
            subject: authority.subject,
            message: `Its path length is ${limit}, and ${below} ${below === 1 ? "CA stands" : "CAs stand"} below it. Issue it anew with a path length of ${below}, or issue the leaf from a CA further up.`,
            // Java takes no path length from a trust anchor.
            fatalFor: VERIFIERS.filter(
              (stack) => !authority.selfSigned || stack !== Stack.Java,
            ),
          },
        ]
      : [];
  });
}

function constraints(path: readonly CertificateReading[]): Finding[] {
  const [leaf] = path;
  if (leaf === undefined) {
    return [];
  }
  return path.slice(1).flatMap((authority) => {
    if (
      !authority.extensions.some(
        ({ oid }) => oid === ExtensionOid.NameConstraints,
      )
    ) {
      return [];
    }

    const read = attempt(() =>
      readNameConstraints(new x509.X509Certificate(authority.pem)),
    );
    const broken = read === undefined ? [] : violations(namesOf(leaf), read);
    return broken.map((problem) => ({
      code: "name-not-permitted",
      subject: leaf.subject,
      message: `The name constraints of "${authority.subject}" forbid it: ${formatProblem(problem)}`,
      fatalFor: VERIFIERS.filter(
        // Mbed TLS knows no name constraints at all.
        (stack) => stack !== Stack.MbedTls,
      ),
    }));
  });
}

function namesOf({ pem, commonNames }: CertificateReading): ConstrainedNames {
  const names =
    attempt(
      () =>
        new x509.X509Certificate(pem).getExtension(
          x509.SubjectAlternativeNameExtension,
        )?.names.items,
    ) ?? [];
  const ofType = (type: string): string[] =>
    names.filter((name) => name.type === type).map(({ value }) => value);
  const [commonName] = commonNames;
  return {
    dnsNames: ofType("dns"),
    ipAddresses: ofType("ip"),
    ...(commonName !== undefined && { commonName }),
  };
}

/** An extendedKeyUsage of a CA holds for what stands below it: to OpenSSL, Go and Python's cryptography. */
function purposes(
  path: readonly CertificateReading[],
  purpose: string | undefined,
): Finding[] {
  const wanted =
    purpose === Purpose.Server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2";
  return path.slice(1).flatMap(({ subject, extendedKeyUsage: usages }) =>
    purpose === undefined || usages === undefined || usages.includes(wanted)
      ? []
      : [
          {
            code: "purpose-not-allowed-above",
            subject,
            message: `Its extendedKeyUsage does not allow it to issue for a ${purpose}. Issue it anew without extendedKeyUsage.`,
            fatalFor: [
              Stack.OpenSsl,
              Stack.Node,
              ...(usages.includes("2.5.29.37.0")
                ? []
                : [Stack.Go, Stack.PythonCryptography]),
            ],
          },
        ],
  );
}

/** Whether the way leads to a trust anchor, and whether our own strict verification agrees with all of the above. */
function wayUp(
  whole: readonly CertificateReading[],
  anchors: readonly CertificateReading[],
  { trustAnchorsPem, now }: ChainContext,
  judged: readonly Finding[],
): Finding[] {
  const last = whole.at(-1);
  if (trustAnchorsPem === undefined || last === undefined) {
    return [];
  }
  const found = anchors.some(({ native }) =>
    native.raw.equals(last.native.raw),
  );
  if (!found) {
    return [
      {
        code: "no-trust-anchor",
        subject: last.subject,
        message: last.selfSigned
          ? "It is a root, but none of those that are trusted. Trust it, or use a chain below a trusted root."
          : `It was signed by "${last.issuer}", and no trusted certificate of that name and key is at hand. Add the missing CA to the chain, or the root to what is trusted.`,
        fatalFor: VERIFIERS,
      },
    ];
  }
  if (!last.selfSigned) {
    return [
      {
        code: "trust-anchor-is-no-root",
        subject: last.subject,
        message:
          "It is trusted, but not self-signed, and OpenSSL and Node.js stop at roots only. Trust its root.",
        fatalFor: [Stack.OpenSsl, Stack.Node],
      },
    ];
  }
  const problems = judged.some(isFatal)
    ? []
    : (attempt(() =>
        verifyChain(whole.map(({ pem }) => pem).join(""), trustAnchorsPem, now),
      ) ?? []);
  return problems.map(({ path, message }) => ({
    code: "path-refused",
    subject: path,
    message: `It ${message}`,
    fatalFor: [Stack.StrictOpenSsl],
  }));
}
