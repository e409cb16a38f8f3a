import type { Finding } from "./finding";
import { Stack } from "./finding";
import { examineReading } from "./authority";
import { attempt, certificateBlocks, readCertificate } from "./reading";

/** Whether Cumulocity would take a CA certificate as a trusted one. */
export interface CumulocityAnswer {
  readonly takes: boolean;
  /** Why not, and what would be hard later on; empty where all is well. */
  readonly findings: readonly Finding[];
}

/** The rules of `examineAuthority` that Cumulocity has, too. */
const WHY: Readonly<Record<string, string>> = {
  "version-1": "takes X.509 v3 only",
  "no-basic-constraints": "takes CAs only (422 at the upload)",
  "not-a-ca": "takes CAs only (422 at the upload)",
  expired: "takes no expired certificate",
  "ed25519-key":
    'cannot check the proof of possession of an Ed25519 key ("openssl dgst -sha256 -sign" makes RSA and ECDSA signatures only)',
};

/**
 * Would Cumulocity take this certificate as a trusted CA (Device management >
 * Trusted certificates, `POST /tenant/tenants/{t}/trusted-certificates`)? By
 * its documentation, "Managing trusted certificates" and "Device
 * certificates": X.509 v3, PEM, not expired, basicConstraints CA:TRUE, and a
 * key whose possession can be proved. Whether the same certificate was
 * uploaded before, by this tenant or another, only the platform knows.
 *
 * @param now UTC
 * @example
 * ```ts
 * wouldCumulocityTake(caPem, now).takes;
 * ```
 */
export function wouldCumulocityTake(
  caPem: string,
  now: Date,
): CumulocityAnswer {
  const certificate = attempt(() => readCertificate(caPem, ""));
  if (certificate === undefined) {
    return {
      takes: false,
      findings: [
        {
          code: "unreadable",
          subject: "",
          message:
            "It is no certificate in PEM. Cumulocity takes the CA's certificate as PEM.",
          fatalFor: [Stack.Cumulocity],
        },
      ],
    };
  }
  const { subject, publicKey } = certificate;
  const refused = examineReading(certificate, undefined, now)
    .filter(({ fatalFor }) => fatalFor.includes(Stack.Cumulocity))
    .map(({ code, message }) => ({
      code,
      subject,
      message: `Cumulocity ${WHY[code] ?? "refuses it"}. ${message}`,
      fatalFor: [Stack.Cumulocity],
    }));
  const advice: Finding[] = [];
  if (certificateBlocks(caPem).length > 1) {
    advice.push({
      code: "several-certificates",
      subject,
      message:
        "The text holds more than one certificate. Upload one CA at a time: the one that devices' chains end at.",
      fatalFor: [],
    });
  }
  const bits = publicKey?.asymmetricKeyDetails?.modulusLength ?? 2048;
  if (bits < 2048) {
    advice.push({
      code: "small-rsa-key",
      subject,
      message: `Its RSA key has ${bits} bits; Cumulocity's documentation calls less than 2048 unsafe.`,
      fatalFor: [],
    });
  }
  return { takes: refused.length === 0, findings: [...refused, ...advice] };
}
