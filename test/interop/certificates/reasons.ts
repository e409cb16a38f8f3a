/** Why something is refused. */
export type Reason =
  | "host"
  | "expired"
  | "tomorrow"
  | "unknownIssuer"
  /** Its name is known, its key is another one. */
  | "otherKey"
  | "notCa"
  | "pathLength"
  | "constraint"
  | "criticalExtension"
  | "signature"
  | "purpose";

const OPENSSL: Readonly<Record<Reason, RegExp>> = {
  host: /num=62:hostname mismatch/,
  expired: /num=10:certificate has expired/,
  tomorrow: /num=9:certificate is not yet valid/,
  unknownIssuer: /num=20:unable to get local issuer certificate/,
  otherKey: /num=20:unable to get local issuer certificate/,
  notCa: /num=79:invalid CA certificate/,
  pathLength: /num=25:path length constraint exceeded/,
  constraint: /num=47:permitted subtree violation/,
  criticalExtension: /num=34:unhandled critical extension/,
  signature: /num=7:certificate signature failure/,
  purpose: /num=26:(unsuitable|unsupported) certificate purpose/,
};

// One flag of Mbed TLS stands for all that keeps a certificate from being its issuer's.
const MBEDTLS_NOT_TRUSTED = /not correctly signed by the trusted CA/;

/** Every reason in the words of every stack: a refusal for another reason would prove nothing. */
export const REASONS: Readonly<
  Record<string, Readonly<Record<Reason, RegExp>>>
> = {
  OpenSSL: OPENSSL,
  "OpenSSL strict": OPENSSL,
  Node: {
    host: /ERR_TLS_CERT_ALTNAME_INVALID/,
    expired: /CERT_HAS_EXPIRED|certificate has expired/,
    tomorrow: /CERT_NOT_YET_VALID|certificate is not yet valid/,
    unknownIssuer:
      /UNABLE_TO_GET_ISSUER_CERT|unable to get local issuer certificate|unable to verify the first certificate/,
    otherKey:
      /UNABLE_TO_GET_ISSUER_CERT|unable to get local issuer certificate|unable to verify the first certificate/,
    notCa: /invalid CA certificate|key usage does not include certificate sign/,
    pathLength: /path length constraint exceeded/,
    constraint: /permitted subtree violation/,
    criticalExtension: /unhandled critical extension/,
    signature: /certificate signature failure/,
    purpose: /INVALID_PURPOSE|un(suitable|supported) certificate purpose/,
  },
  GnuTLS: {
    host: /name in the certificate does not match the expected/,
    expired: /chain uses expired certificate/,
    tomorrow: /chain uses not yet valid certificate/,
    unknownIssuer: /certificate issuer is unknown/,
    otherKey: /certificate issuer is unknown/,
    notCa: /violates the signer's constraints|issuer is not a CA/,
    pathLength: /violates the signer's constraints/,
    constraint: /violates the signer's constraints/,
    criticalExtension: /contains an unknown critical extension/,
    signature: /signature in the certificate is invalid/,
    purpose: /does not match the intended purpose/,
  },
  NSS: {
    host: /SSL_ERROR_BAD_CERT_DOMAIN/,
    expired: /SEC_ERROR_EXPIRED_(ISSUER_)?CERTIFICATE/,
    // It has one error for both ends of a validity.
    tomorrow: /SEC_ERROR_EXPIRED_CERTIFICATE/,
    unknownIssuer: /SEC_ERROR_UNKNOWN_ISSUER/,
    otherKey: /SEC_ERROR_UNKNOWN_ISSUER/,
    // What is no CA is no issuer to it.
    notCa: /SEC_ERROR_(UNKNOWN_ISSUER|CA_CERT_INVALID)/,
    pathLength: /SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID/,
    constraint: /SEC_ERROR_CERT_NOT_IN_NAME_SPACE/,
    criticalExtension: /SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION/,
    signature: /SEC_ERROR_BAD_SIGNATURE/,
    purpose: /SEC_ERROR_INADEQUATE_CERT_TYPE/,
  },
  Go: {
    host: /certificate is (valid for .*, not |not valid for any names)/,
    expired: /expired or is not yet valid: .* is after/,
    tomorrow: /expired or is not yet valid: .* is before/,
    unknownIssuer: /signed by unknown authority$/,
    otherKey:
      /unknown authority \(possibly because of "x509: ECDSA verification fail/,
    notCa: /parent certificate cannot sign this kind of certificate/,
    pathLength: /too many intermediates for path length constraint/,
    constraint: /not authorized to sign for this name/,
    criticalExtension: /unhandled critical extension/,
    signature: /ECDSA verification failure/,
    purpose: /certificate specifies an incompatible key usage/,
  },
  Java: {
    host: /No subject alternative DNS name matching/,
    expired: /CertificateExpiredException/,
    tomorrow: /CertificateNotYetValidException/,
    unknownIssuer: /unable to find valid certification path/,
    otherKey: /Path does not chain with any of the trust anchors/,
    notCa: /keyCertSign bit is not set|not a CA certificate/,
    pathLength: /pathLenConstraint violated/,
    constraint: /name constraints check failed/,
    criticalExtension: /unrecognized critical extension/,
    signature: /signature check failed/,
    purpose: /Extended key usage does not permit use for TLS/,
  },
  pyca: {
    host: /leaf (server )?certificate has no (matching )?subjectAltName/,
    expired: /cert is not valid at validation time/,
    // The same words for both ends of a validity.
    tomorrow: /cert is not valid at validation time/,
    unknownIssuer: /candidates exhausted: all candidates exhausted with no int/,
    otherKey: /candidates exhausted: signature does not match/,
    notCa: /basicConstraints\.cA must be asserted in a CA certificate/,
    pathLength: /path length constraint violated/,
    constraint: /no permitted name constraints matched SAN/,
    criticalExtension: /unaccounted-for critical extensions/,
    signature: /signature does not match/,
    purpose: /required EKU not found/,
  },
  "Mbed TLS": {
    host: /Common Name \(CN\) does not match with the expected CN/,
    expired: /certificate validity has expired/,
    tomorrow: /certificate validity starts in the future/,
    unknownIssuer: MBEDTLS_NOT_TRUSTED,
    otherKey: MBEDTLS_NOT_TRUSTED,
    notCa: MBEDTLS_NOT_TRUSTED,
    pathLength: MBEDTLS_NOT_TRUSTED,
    // It reads none; see the exceptions.
    constraint: /name constraint/,
    criticalExtension: /-0x2562 X509 - The extension tag or value is invalid/,
    signature: MBEDTLS_NOT_TRUSTED,
    purpose: /Usage does not match the extendedKeyUsage extension/,
  },
  wolfSSL: {
    host: /-322 peer subject name mismatch/,
    // As certificate, as issuer (by the number OpenSSL has for it), and as root, which it does not even load.
    expired: /-151 ASN date error|certificate: 14 /,
    tomorrow: /-150 ASN date error/,
    unknownIssuer: /certificate: 20 unable to get local issuer certificate/,
    otherKey: /certificate: 20 unable to get local issuer certificate/,
    // What is no CA is no issuer to it.
    notCa: /certificate: 20 unable to get local issuer certificate/,
    pathLength: /certificate: 25 /,
    constraint: /-198 Name Constraint error/,
    criticalExtension: /-160 X\.509 Critical extension ignored or invalid/,
    signature: /-155 ASN sig error/,
    purpose: /-386 Ext Key Use server\/client auth not set/,
  },
};
