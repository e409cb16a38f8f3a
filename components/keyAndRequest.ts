import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { KeyArgs, SubjectArgs } from "../resources";
import { EcdsaCurve, KeyAlgorithm } from "../resources";

/** ECDSA on P-256: small, fast, and read by every TLS stack a device may run. */
export const DEFAULT_KEY: KeyArgs = {
  algorithm: KeyAlgorithm.Ecdsa,
  ecdsaCurve: EcdsaCurve.P256,
};

/** A key with nothing left to default. */
export interface CompleteKey {
  readonly algorithm: string;
  readonly ecdsaCurve?: string;
  readonly rsaBits?: number;
}

/** The key with its defaults filled in: P-256 for ECDSA, 2048 bits for RSA. */
export function completeKey(
  key: pulumi.Input<KeyArgs> = DEFAULT_KEY,
): pulumi.Output<CompleteKey> {
  return pulumi.output(key).apply((spec): CompleteKey => {
    switch (spec.algorithm) {
      case KeyAlgorithm.Ecdsa:
        return { ecdsaCurve: EcdsaCurve.P256, ...spec };
      case KeyAlgorithm.Rsa:
        return { rsaBits: 2048, ...spec };
      default:
        return spec;
    }
  });
}

/** A key and the request for its certificate, both from `@pulumi/tls`. */
export interface KeyAndRequest {
  /** PKCS#8 PEM, secret. */
  readonly privateKeyPem: pulumi.Output<string>;
  readonly requestPem: pulumi.Output<string>;
  /** The key alone, SubjectPublicKeyInfo in PEM. */
  readonly publicKeyPem: pulumi.Output<string>;
}

/**
 * Makes a key and asks for a certificate. The request carries the subject
 * only: names go to the authority itself, so that a new name changes the
 * certificate and neither key nor request.
 */
export function makeKeyAndRequest(
  name: string,
  subject: pulumi.Input<SubjectArgs>,
  key: pulumi.Output<CompleteKey>,
  opts: pulumi.CustomResourceOptions,
): KeyAndRequest {
  const { algorithm, ecdsaCurve, rsaBits } = key;
  const privateKey = new tls.PrivateKey(
    `${name}-key`,
    { algorithm, ecdsaCurve, rsaBits },
    opts,
  );
  const request = new tls.CertRequest(
    `${name}-request`,
    {
      privateKeyPem: privateKey.privateKeyPem,
      subject: pulumi.output(subject).apply(requestedSubject),
    },
    opts,
  );
  return {
    privateKeyPem: privateKey.privateKeyPemPkcs8,
    requestPem: request.certRequestPem,
    publicKeyPem: privateKey.publicKeyPem,
  };
}

/** What of a subject `@pulumi/tls` can put into a request; the certificate takes all of it from the authority. */
function requestedSubject(
  subject: pulumi.Unwrap<SubjectArgs>,
): tls.types.input.CertRequestSubject {
  const { organizations, organizationalUnits, emailAddress, ...rest } = subject;
  return rest;
}
