import { createPublicKey } from "node:crypto";
import type { KeySpec } from "./key";
import { checkKeySpec, describeKey } from "./key";
import { decodePem } from "./pem";
import { InputError } from "./problem";
import { x509 } from "./webcrypto";

/** What a certificate request gives us: a public key, and the proof that its holder asked. */
export interface CertificateRequest {
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly key: KeySpec;
}

/**
 * Reads a PKCS#10 request (RFC 2986) and verifies its signature, the proof of
 * possession of the private key. Names and extensions of the request are not
 * taken: the authority decides them.
 *
 * @throws InputError naming `path`
 */
export async function readRequest(
  pem: string,
  path: string,
): Promise<CertificateRequest> {
  const der = decodePem("CERTIFICATE REQUEST", pem, path);
  const refuse = (message: string): InputError =>
    new InputError([{ path, message }]);
  let request: x509.Pkcs10CertificateRequest;
  let publicKey: Buffer;
  let key: KeySpec | undefined;
  try {
    request = new x509.Pkcs10CertificateRequest(der);
    publicKey = Buffer.from(request.publicKey.rawData);
    key = describeKey(
      createPublicKey({ key: publicKey, format: "der", type: "spki" }),
    );
  } catch {
    throw refuse("is no readable PKCS#10 request; make it anew.");
  }
  if (key === undefined) {
    throw refuse(
      "holds a key of a kind no profile allows; use ECDSA on P-256, or RSA.",
    );
  }
  const problems = checkKeySpec(key);
  if (problems.length > 0) {
    throw new InputError(
      problems.map(({ message }) => ({
        path,
        message: `holds a key that is refused: ${message}`,
      })),
    );
  }
  if (!(await proves(request))) {
    throw refuse(
      "carries a signature that its own key did not make; make the request anew with the key it is for.",
    );
  }
  return { publicKey, key };
}

async function proves(
  request: x509.Pkcs10CertificateRequest,
): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    // A signature of the wrong form proves as little as a wrong one.
    return false;
  }
}
