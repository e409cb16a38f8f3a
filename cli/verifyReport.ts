import { createHash } from "node:crypto";
import type { Finding } from "../pki/examine/finding";
import { matchProfile } from "../pki/examine/profile";
import type { CertificateReading } from "../pki/examine/reading";
import { daysLeft, formatDate } from "../pki/validity";
import type { Unreadable } from "./files";
import type { Judgement } from "./judging";
import { Kind } from "./sorting";

/** Exit codes, for CI. */
export const ExitCode = { Fine: 0, Findings: 1, Unreadable: 2 } as const;

/** Counts of a run. */
export interface Summary {
  files: number;
  certificates: number;
  /** Findings by which somebody refuses a certificate. */
  fatal: number;
  /** Findings by which nobody does. */
  advice: number;
  unreadable: number;
}

/** Adds judgements up, and knows the exit code. */
export class Tally {
  readonly summary: Summary = {
    files: 0,
    certificates: 0,
    fatal: 0,
    advice: 0,
    unreadable: 0,
  };

  /** @param stacks whose refusal counts; all where left out */
  constructor(private readonly stacks: readonly string[] | undefined) {}

  /** Whether a finding counts as fatal in this run. */
  isFatal({ fatalFor }: Finding): boolean {
    return this.stacks === undefined
      ? fatalFor.length > 0
      : fatalFor.some((stack) => this.stacks?.includes(stack));
  }

  add({ certificates, findings }: Judgement): void {
    const fatal = findings.filter((finding) => this.isFatal(finding)).length;
    this.summary.files += 1;
    this.summary.certificates += certificates.length;
    this.summary.fatal += fatal;
    this.summary.advice += findings.length - fatal;
  }

  addUnreadable(files: readonly Unreadable[]): void {
    this.summary.unreadable += files.length;
  }

  get exitCode(): number {
    const { unreadable, fatal, files } = this.summary;
    if (unreadable > 0 || files === 0) {
      return ExitCode.Unreadable;
    }
    return fatal > 0 ? ExitCode.Findings : ExitCode.Fine;
  }
}

/** One certificate in the JSON document. */
export function certificateJson(
  certificate: CertificateReading,
  now: Date,
): Record<string, unknown> {
  const profile = matchProfile(certificate);
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber.toString("hex"),
    notBefore: formatDate(certificate.notBefore),
    notAfter: formatDate(certificate.notAfter),
    daysLeft: daysLeft(certificate.notAfter, now),
    sha256: createHash("sha256").update(certificate.native.raw).digest("hex"),
    profile: profile?.name ?? null,
    differsFromProfile: profile?.differs ?? [],
  };
}

/** One file in the JSON document; see docs/verify.md. */
export function judgementJson(
  { name, kind, certificates, findings, answers, notes }: Judgement,
  tally: Tally,
  now: Date,
): Record<string, unknown> {
  return {
    name,
    kind,
    certificates: certificates.map((one) => certificateJson(one, now)),
    findings: findings.map((finding) => ({
      ...finding,
      fatal: tally.isFatal(finding),
    })),
    answers,
    notes,
  };
}

/** Says of files, for people, what has not been said yet. */
export class Narrator {
  private readonly said = new Set<string>();

  constructor(
    private readonly tally: Tally,
    private readonly now: Date,
  ) {}

  /** @param brief answer nothing for a file about which there is nothing to say */
  text(judgement: Judgement, brief: boolean): string {
    const { name, kind, certificates, answers, notes } = judgement;
    const findings = judgement.findings.filter((finding) =>
      this.isNew(finding, judgement),
    );
    const good = answers.filter(({ ok }) => ok);
    if (brief && findings.length === 0) {
      return "";
    }
    const fatal = findings.some((finding) => this.tally.isFatal(finding));
    const [first] = certificates;
    if (findings.length === 0 && good.length === 0) {
      const end =
        notes.length > 0 || first === undefined
          ? notes
          : [certificateLine(first, this.now)];
      return `${[`${name}: good`, kind, ...end].join(", ")}\n`;
    }
    const lines = [
      `${name}: ${fatal ? "REFUSED" : "good"}, ${kind}`,
      ...certificates.map((one) => `    ${certificateLine(one, this.now)}`),
      ...notes.map((note) => `    ${note}`),
      ...findings.map((finding) => this.findingLine(finding, certificates)),
      ...good.map(({ message }) => `  ✓ ${message}`),
    ];
    return `${lines.join("\n")}\n`;
  }

  /** Advice about a CA stands at the first of the many chains that the CA is in. */
  private isNew(finding: Finding, { kind, certificates }: Judgement): boolean {
    const ofLeaf =
      kind === Kind.Chain && finding.subject === certificates[0]?.subject;
    if (ofLeaf || this.tally.isFatal(finding)) {
      return true;
    }
    const key = `${finding.code} ${finding.subject}`;
    const before = this.said.has(key);
    this.said.add(key);
    return !before;
  }

  private findingLine(
    finding: Finding,
    certificates: readonly CertificateReading[],
  ): string {
    const { message, fatalFor, code } = finding;
    const mark = this.tally.isFatal(finding) ? "✗" : "!";
    const refusers =
      fatalFor.length === 0 ? "" : ` Refused by: ${fatalFor.join(", ")}.`;
    return `  ${mark} ${about(finding, certificates)}${message}${refusers} [${code}]`;
  }
}

function about(
  { subject }: Finding,
  certificates: readonly CertificateReading[],
): string {
  return subject === "" || certificates.length === 1 ? "" : `${subject}: `;
}

function certificateLine(certificate: CertificateReading, now: Date): string {
  const left = daysLeft(certificate.notAfter, now);
  const profile = matchProfile(certificate);
  const like =
    profile === undefined
      ? "like no profile"
      : profile.differs.length === 0
        ? `profile ${profile.name}`
        : `like profile ${profile.name}, but ${profile.differs.join(", ")}`;
  return `${certificate.subject} (${like}; ${left < 0 ? "ended" : "until"} ${formatDate(certificate.notAfter)}${left < 0 ? "" : `, ${left} days`})`;
}

/** The last line: what was looked at, and what came of it. */
export function summaryLine({
  files,
  certificates,
  fatal,
  advice,
  unreadable,
}: Summary): string {
  const parts = [
    count(fatal, "reason for a refusal", "reasons for a refusal"),
    count(advice, "piece of advice", "pieces of advice"),
    ...(unreadable > 0
      ? [`${count(unreadable, "path", "paths")} unreadable`]
      : []),
  ];
  return `${count(files, "file", "files")}, ${count(certificates, "certificate", "certificates")}: ${parts.join(", ")}.\n`;
}

function count(number: number, one: string, many: string): string {
  return `${number === 0 ? "no" : number} ${number === 1 ? one : many}`;
}
