import type { KeyObject } from "node:crypto";
import type { Authority } from "../pki/authority";
import { readIssuer, readSubjectKeyIdentifier } from "../pki/authority";
import type { Signer } from "../pki/certificate";
import {
  checkSignatureScheme,
  describeKey,
  importSigningKey,
  keyIdentifier,
  publicKeyDer,
  readPrivateKey,
} from "../pki/key";
import type { Problem } from "../pki/problem";
import { InputError, below } from "../pki/problem";
import { checkSigningPolicy, policyViolations } from "../pki/signingPolicy";
import type { Subject } from "../pki/subject";
import { readSubject } from "../pki/subject";
import type { SignerInputs } from "./schema";
import { isUnknown } from "./wire";

const KEY_PATH = "signer.privateKeyPem";

/** Why a signer signs nothing, where its CA was adopted without its key. */
export function missingKey({ privateKeyPem }: SignerInputs): Problem[] {
  return privateKeyPem === ""
    ? [
        {
          path: KEY_PATH,
          message:
            "is empty, since the issuer was adopted without its key: it is trusted, and signs nothing here. Give it existing.privateKeyPem, or issue from another CA.",
        },
      ]
    : [];
}

function readKey(inputs: SignerInputs): KeyObject {
  const missing = missingKey(inputs);
  if (missing.length > 0) {
    throw new InputError(missing);
  }
  return readPrivateKey(inputs.privateKeyPem ?? "", KEY_PATH);
}

/** The key identifier of a signer's private key; see `keyIdentifier`. */
export function signerKeyIdentifier(inputs: SignerInputs): string {
  return keyIdentifier(publicKeyDer(readKey(inputs)));
}

/**
 * What a leaf calls its issuer's key: what the issuer's certificate says, since
 * another tool may have made its key identifier another way.
 */
export function issuerKeyIdentifier(inputs: SignerInputs): string {
  const { certificatePem } = inputs;
  return (
    (certificatePem === undefined
      ? undefined
      : readSubjectKeyIdentifier(
          readIssuer(certificatePem, "signer.certificatePem"),
        )) ?? signerKeyIdentifier(inputs)
  );
}

/** The CAs above, without name constraints that are not known yet: nothing can be held to those. */
export function knownAuthorities(
  inputs: SignerInputs,
  unknown: readonly string[],
): Authority[] {
  return (inputs.authorities ?? []).map((authority, index) => {
    const { nameConstraints, ...rest } = authority;
    return isUnknown(unknown, `signer.authorities[${index}].nameConstraints`)
      ? rest
      : authority;
  });
}

/**
 * Makes a signer ready: its key must be the one of its certificate, or of the
 * request where the certificate signs itself.
 *
 * @param ownPublicKey the key to be certified, for a certificate that signs itself
 */
export async function readSigner(
  inputs: SignerInputs,
  ownPublicKey?: Buffer,
): Promise<Signer> {
  const path = KEY_PATH;
  const signingKey = await importSigningKey(
    readKey(inputs),
    path,
    inputs.signatureScheme,
  );
  const certificate =
    inputs.certificatePem === undefined
      ? undefined
      : readIssuer(inputs.certificatePem, "signer.certificatePem");
  const certified =
    certificate === undefined
      ? ownPublicKey
      : Buffer.from(certificate.publicKey.rawData);
  if (
    certified === undefined ||
    keyIdentifier(certified) !== signingKey.keyIdentifier
  ) {
    throw new InputError([
      {
        path,
        message:
          certificate === undefined
            ? "is not the key of the request, as it must be for a certificate that signs itself."
            : "is not the key of signer.certificatePem; give certificate and key of the same CA.",
      },
    ]);
  }
  return certificate === undefined
    ? { signingKey }
    : { signingKey, certificate };
}

/** Every mistake in the signer's own rules: how it signs, and its signing policy. */
export function checkSignerRules(
  inputs: SignerInputs,
  unknown: readonly string[],
): Problem[] {
  const { signatureScheme, signingPolicy = {}, privateKeyPem } = inputs;
  const problems = below(
    "signer.signingPolicy",
    checkSigningPolicy(signingPolicy),
  );
  if (signatureScheme === undefined) {
    return problems;
  }
  const key =
    !privateKeyPem || isUnknown(unknown, KEY_PATH)
      ? undefined
      : describeKey(readKey(inputs));
  return [
    ...problems,
    ...below("signer", checkSignatureScheme(signatureScheme, key?.algorithm)),
  ];
}

/** How a subject breaks the signer's policy, as far as that and the signer's own subject are known. */
export function checkSigningPolicyOf(
  subject: Subject,
  inputs: SignerInputs,
  unknown: readonly string[],
): Problem[] {
  const { signingPolicy } = inputs;
  const issuer = subjectOf(inputs, unknown);
  return signingPolicy === undefined ||
    issuer === undefined ||
    checkSigningPolicy(signingPolicy).length > 0
    ? []
    : below("subject", policyViolations(subject, issuer, signingPolicy));
}

function subjectOf(
  { certificatePem, authorities }: SignerInputs,
  unknown: readonly string[],
): Subject | undefined {
  const [nearest] = authorities ?? [];
  if (nearest !== undefined) {
    return isUnknown(unknown, "signer.authorities[0].subject")
      ? undefined
      : nearest.subject;
  }
  return certificatePem === undefined
    ? undefined
    : readSubject(
        readIssuer(certificatePem, "signer.certificatePem").subjectName,
      );
}
