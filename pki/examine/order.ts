import type { Finding } from "./finding";
import { Stack, VERIFIERS } from "./finding";
import type { CertificateReading } from "./reading";
import { verifies } from "./reading";

/** The certificates of a file, sorted out. */
export interface SortedChain {
  /** The leaf, its issuer, that one's issuer …, as far as the file goes. */
  readonly path: readonly CertificateReading[];
  /** What is wrong with how they stand in the file. */
  readonly findings: readonly Finding[];
}

/** Whether one certificate signed another, by name and signature. */
export function issued(
  issuer: CertificateReading,
  subject: CertificateReading,
): boolean {
  return (
    issuer.publicKey !== undefined &&
    issuer.subjectDer.equals(subject.issuerDer) &&
    verifies(subject.native, issuer.publicKey)
  );
}

/** Whoever stops at the first certificate out of its place. */
const READ_IN_ORDER = [Stack.MbedTls, Stack.WolfSsl, Stack.ThingsBoard];

/**
 * Finds the leaf among the certificates of a file and follows it upwards. The
 * order must be leaf, issuer, issuer's issuer … (RFC 5246 §7.4.2); TLS 1.3
 * forgives another one, ThingsBoard and the C stacks of devices do not.
 */
export function sortChain(
  certificates: readonly CertificateReading[],
): SortedChain {
  const findings: Finding[] = [];
  const distinct = certificates.filter((certificate, index) => {
    const first = certificates.findIndex(({ native }) =>
      native.raw.equals(certificate.native.raw),
    );
    if (first !== index) {
      findings.push({
        code: "duplicate-certificate",
        subject: certificate.subject,
        message: `It stands in the file twice, as number ${first + 1} and number ${index + 1}. Leave one out.`,
        fatalFor: [Stack.ThingsBoard],
      });
    }
    return first === index;
  });
  const path = pathFromLeaf(distinct);
  const first = distinct.find(
    (certificate, index) => path[index] !== certificate,
  );
  const rest = distinct.filter((certificate) => !path.includes(certificate));
  if (
    first !== undefined &&
    distinct.slice(0, path.length).some((one, index) => one !== path[index])
  ) {
    findings.push({
      code: "wrong-order",
      subject: first.subject,
      message: `The certificates stand in the wrong order. Write them as ${path.map(({ subject }) => `"${subject}"`).join(", then ")}.`,
      fatalFor: READ_IN_ORDER,
    });
  }
  return {
    path,
    findings: [...findings, ...rest.map((one) => outside(one, path))],
  };
}

function pathFromLeaf(
  certificates: readonly CertificateReading[],
): CertificateReading[] {
  const isIssuer = (one: CertificateReading): boolean =>
    certificates.some((other) => other !== one && issued(one, other));
  let next =
    certificates.find(
      (one) => !isIssuer(one) && one.basicConstraints?.ca !== true,
    ) ??
    certificates.find((one) => !isIssuer(one)) ??
    certificates[0];
  const path: CertificateReading[] = [];
  while (next !== undefined) {
    const current: CertificateReading = next;
    path.push(current);
    next = current.selfSigned
      ? undefined
      : certificates.find((one) => !path.includes(one) && issued(one, current));
  }
  return path;
}

/** A certificate of the file that the leaf does not hang from. */
function outside(
  certificate: CertificateReading,
  path: readonly CertificateReading[],
): Finding {
  const { subject } = certificate;
  const last = path.at(-1);
  const rival = path.find((one) => issued(certificate, one));
  if (rival !== undefined) {
    return {
      code: "second-path",
      subject,
      message: `It is a second certificate above "${rival.subject}", beside the one that was followed. OpenSSL, Node.js, GnuTLS and Mbed TLS try the first one only. Send one of the two.`,
      fatalFor: [Stack.ThingsBoard],
    };
  }
  return last !== undefined && !last.selfSigned && path.length === 1
    ? {
        code: "gap",
        subject,
        message: `It did not sign "${last.subject}", which stands before it. The certificate of "${last.issuer}" is missing in between: add it.`,
        fatalFor: [...VERIFIERS, Stack.ThingsBoard],
      }
    : {
        code: "unrelated-certificate",
        subject,
        message: `It signed none of the others, so it does not belong in this chain. Leave it out${last === undefined || last.selfSigned ? "" : `, or put the certificate of "${last.issuer}" before it if it stands above that`}.`,
        fatalFor: [Stack.ThingsBoard],
      };
}
