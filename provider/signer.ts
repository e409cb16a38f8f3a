import type { Authority } from "../pki/authority";
import { readIssuer, readSubjectKeyIdentifier } from "../pki/authority";
import type { Signer } from "../pki/certificate";
import {
  importSigningKey,
  keyIdentifier,
  publicKeyDer,
  readPrivateKey,
} from "../pki/key";
import { InputError } from "../pki/problem";
import type { SignerInputs } from "./schema";
import { isUnknown } from "./wire";

/** The key identifier of a signer's private key; see `keyIdentifier`. */
export function signerKeyIdentifier(inputs: SignerInputs): string {
  const key = readPrivateKey(
    inputs.privateKeyPem ?? "",
    "signer.privateKeyPem",
  );
  return keyIdentifier(publicKeyDer(key));
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
  const path = "signer.privateKeyPem";
  const signingKey = await importSigningKey(
    readPrivateKey(inputs.privateKeyPem ?? "", path),
    path,
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
