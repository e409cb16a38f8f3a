/** An error of a linter that is none for us, and why. One that is no longer found fails the test. */
export interface Allowed {
  readonly linter: string;
  /** Between issuer and subject, rather than in a certificate alone. */
  readonly pair?: true;
  readonly lint: string;
  /** The rows it may be found in. */
  readonly rows: RegExp;
  readonly reason: string;
}

const NOT_CRITICAL =
  "Mbed TLS refuses critical name constraints, so they are critical only where the order says so (the row beside it).";

/** The list. */
export const ALLOWED: readonly Allowed[] = [
  {
    linter: "zlint",
    lint: "e_ext_name_constraints_not_critical",
    rows: /^intermediate name constraints$/,
    reason: NOT_CRITICAL,
  },
  {
    linter: "pkilint",
    lint: "pkix.certificate_name_constraints_extension_not_critical",
    rows: /^intermediate name constraints$/,
    reason: NOT_CRITICAL,
  },
  {
    linter: "pkilint",
    lint: "pkix.invalid_domain_name_syntax",
    rows: /^server wildcard$/,
    reason:
      "RFC 5280 leaves wildcards to others; RFC 6125 §6.4.3 has them, and every stack takes them.",
  },
  {
    linter: "pkilint",
    lint: "pkix.invalid_uri_syntax",
    rows: /URI/,
    reason:
      "pkilint knows the web's schemes only; urn: (RFC 8141) and mqtts: are URIs by RFC 3986.",
  },
  {
    linter: "pkilint",
    pair: true,
    lint: "pkix.signature_verification_failed",
    rows: /RSA-PSS$/,
    reason:
      "pkilint's check of a pair verifies every RSA signature as PKCS#1 v1.5; the stacks verify these.",
  },
];
