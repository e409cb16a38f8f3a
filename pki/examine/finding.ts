/** Who refuses a certificate, by the names people know these programs by. */
export const Stack = {
  OpenSsl: "OpenSSL",
  /** `openssl verify -x509_strict`, and whoever sets X509_V_FLAG_X509_STRICT (Python's ssl module from 3.13 on does). */
  StrictOpenSsl: "OpenSSL -x509_strict",
  /** OpenSSL at security level 2, the default of Debian, of Ubuntu and of OpenSSL 3.2 and later. */
  OpenSslLevel2: "OpenSSL at security level 2",
  Node: "Node.js",
  GnuTls: "GnuTLS",
  Go: "Go",
  Java: "Java",
  PythonCryptography: "Python cryptography",
  MbedTls: "Mbed TLS",
  WolfSsl: "wolfSSL",
  ThingsBoard: "ThingsBoard",
  Cumulocity: "Cumulocity",
} as const;

/** The programs that verify certificate chains and that each rule was tried with. */
export const VERIFIERS: readonly string[] = [
  Stack.OpenSsl,
  Stack.Node,
  Stack.GnuTls,
  Stack.Go,
  Stack.Java,
  Stack.PythonCryptography,
  Stack.MbedTls,
];

/** One thing that was noticed about a certificate, a chain or a key. */
export interface Finding {
  /** Stable name of the rule, in kebab case: `no-key-usage`. */
  readonly code: string;
  /** Which certificate: its subject, as in `CN=My IoT Cloud Root CA, O=My IoT Cloud`. */
  readonly subject: string;
  /** What is wrong and what to do, in a sentence. Holds no secret. */
  readonly message: string;
  /** Members of {@link Stack} that refuse it; empty where it is advice. */
  readonly fatalFor: readonly string[];
}

/** A finding, before it is said about which certificate. */
export type Rule = Omit<Finding, "subject">;

/**
 * Whether somebody refuses what was found.
 *
 * @example
 * ```ts
 * examineAuthority(pem, { now }).filter(isFatal);
 * ```
 */
export function isFatal(finding: Finding): boolean {
  return finding.fatalFor.length > 0;
}
