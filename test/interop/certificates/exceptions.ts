/**
 * Where a stack does something else than it should, and that is known: its
 * verdict is then this one and no other. A stack that does better than its
 * exception fails the test too, so that the list stays true.
 */
export interface Exception {
  readonly stacks: readonly string[];
  /** The rows, as they are named in the tables. */
  readonly rows: RegExp;
  /** The handshakes of a row; all of them where left out. */
  readonly what?: "server" | "device" | "mutual";
  /** The versions it is about; all of them where left out. */
  readonly versions?: RegExp;
  readonly verdict: RegExp;
  readonly reason: string;
}

/** The footnotes of the tables, in their order. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    stacks: ["Mbed TLS"],
    rows: /^(root|intermediate) Ed25519$/,
    verdict: /Signature algorithm \(oid\) is unsupported|Key algorithm/,
    reason: "Mbed TLS reads no Ed25519 key: it is refused for devices.",
  },
  {
    stacks: ["Mbed TLS"],
    rows: /^server Ed25519$/,
    verdict: /fatal alert message was received from our peer/,
    reason:
      "Mbed TLS does not offer Ed25519, so the server has no certificate for it.",
  },
  {
    stacks: ["pyca"],
    rows: /^(root|intermediate) Ed25519$/,
    verdict: /Forbidden public key algorithm/,
    reason:
      "cryptography verifies by the rules of the web's CAs, which know no Ed25519 in a CA.",
  },
  {
    stacks: ["NSS"],
    rows: /^(root|intermediate) Ed25519$/,
    versions: /^NSS 3\.[0-8]\d\b/,
    verdict: /SEC_ERROR_BAD_SIGNATURE/,
    reason: "NSS of these versions verifies no Ed25519 signature.",
  },
  {
    stacks: ["NSS"],
    rows: /^server Ed25519$/,
    versions: /^NSS 3\.[0-8]\d\b/,
    verdict: /SSL_ERROR_NO_CYPHER_OVERLAP/,
    reason: "NSS of these versions does not offer Ed25519 in TLS.",
  },
  {
    stacks: ["Java", "wolfSSL"],
    rows: /^intermediate (critical )?name constraints$/,
    what: "device",
    verdict: /name constraints check failed|-198 Name Constraint error/,
    reason:
      "Java and wolfSSL hold a common name to DNS constraints where there is no DNS name, dot or no dot: above devices constrain nothing, or give each a DNS name.",
  },
  {
    stacks: ["Mbed TLS"],
    rows: /^intermediate critical name constraints$|^critical name constraint violated$/,
    verdict: /-0x2562 X509 - The extension tag or value is invalid/,
    reason:
      "Mbed TLS refuses every critical name constraint (Mbed-TLS/mbedtls#8759), so ours are not critical unless asked for.",
  },
  {
    stacks: ["Mbed TLS"],
    rows: /^name constraint violated$/,
    verdict: /^accepted$/,
    reason:
      "Mbed TLS skips name constraints that are not critical: they protect nobody who runs it.",
  },
  {
    stacks: ["Mbed TLS"],
    rows: /^server IPv4 address$/,
    versions: /^mbed TLS 2\./i,
    verdict: /Common Name \(CN\) does not match with the expected CN/,
    reason:
      "Mbed TLS 2 compares DNS names only: devices that run it reach a broker by name.",
  },
  {
    stacks: ["Java"],
    rows: /^expired root$/,
    verdict: /^accepted$/,
    reason:
      "Java does not look at the dates of a trust anchor: an expired root must leave the trust store.",
  },
  {
    stacks: [
      ...["OpenSSL", "OpenSSL strict", "Node", "GnuTLS"],
      ...["NSS", "Go", "Java", "pyca"],
    ],
    rows: /^chain out of order$/,
    verdict: /^accepted$/,
    reason:
      "These sort a chain themselves (RFC 8446 §4.4.2 asks for it); Mbed TLS and wolfSSL do not, so ours are in order.",
  },
];

/** The number of the footnote that is about this, counted from 1; 0 for none. */
export function exceptionFor(
  stack: string,
  version: string,
  row: string,
  what?: string,
): number {
  return (
    EXCEPTIONS.findIndex(
      (exception) =>
        exception.stacks.includes(stack) &&
        exception.rows.test(row) &&
        (exception.what === undefined || exception.what === what) &&
        (exception.versions?.test(version) ?? true),
    ) + 1
  );
}
