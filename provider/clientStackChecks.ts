import { X509Certificate } from "node:crypto";
import { readPathLength } from "../pki/authority";
import { describeKey } from "../pki/key";
import { readNameConstraints } from "../pki/nameConstraints";
import { x509 } from "../pki/webcrypto";
import { checkChainForStacks } from "../rotation/clientStacks";
import type { Refusal } from "../rotation/refusal";
import type { LedgerInputs } from "./ledgerInputs";

/** What of a CA's generations its declared clients cannot read (I8). The certificates have been read before. */
export function checkStacksOf({
  generations,
  clientStacks = [],
  rootTrustAnchorsPem,
}: LedgerInputs): Refusal[] {
  if (clientStacks.length === 0) {
    return [];
  }
  return Object.entries(generations).flatMap(
    ([id, { certificatePem = "" }]) => {
      const certificate = parse(certificatePem);
      const key =
        certificate &&
        describeKey(new X509Certificate(certificatePem).publicKey);
      if (certificate === undefined || key === undefined) {
        return [];
      }
      const pathLength = readPathLength(certificate);
      const constraints = readNameConstraints(certificate);
      return checkChainForStacks(
        [
          {
            path: `generations.${id}.certificatePem`,
            key,
            ca: {
              ...(pathLength !== undefined && { pathLength }),
              criticalNameConstraints: constraints?.critical === true,
              anchor: rootTrustAnchorsPem === undefined,
              selfSigned: certificate.subject === certificate.issuer,
            },
          },
        ],
        clientStacks,
      );
    },
  );
}

/** `undefined` for one that is not known yet. */
function parse(pem: string): x509.X509Certificate | undefined {
  try {
    return new x509.X509Certificate(pem);
  } catch {
    return undefined;
  }
}
