import { examineReading } from "./authority";
import { readCertificates } from "./chain";
import type { Finding } from "./finding";
import { Stack, VERIFIERS } from "./finding";
import { issued } from "./order";

/**
 * What is wrong with a file of trust anchors, as devices and brokers get it
 * (`ca.crt`, `ca-bundle.pem`): each CA in it, duplicates, and CAs that are no
 * roots. The order is free.
 *
 * @example
 * ```ts
 * examineBundle(bundlePem, { now }).filter(isFatal);
 * ```
 */
export function examineBundle(
  pem: string,
  { now }: { readonly now: Date },
): Finding[] {
  const { certificates, findings } = readCertificates(pem);
  if (certificates.length === 0 && findings.length === 0) {
    return [
      {
        code: "no-certificate",
        subject: "",
        message: "The text holds no certificate.",
        fatalFor: VERIFIERS,
      },
    ];
  }
  return [
    ...findings,
    ...certificates.flatMap((certificate, index) => {
      const { subject, native, selfSigned } = certificate;
      const first = certificates.findIndex((one) =>
        one.native.raw.equals(native.raw),
      );
      if (first !== index) {
        return [
          {
            code: "duplicate-certificate",
            subject,
            message: `It stands in the file twice, as number ${first + 1} and number ${index + 1}. Leave one out: a Kubernetes ClusterTrustBundle refuses it.`,
            fatalFor: [],
          },
        ];
      }
      const issuer = selfSigned
        ? undefined
        : certificates.find((one) => issued(one, certificate));
      return [
        ...examineReading(certificate, issuer, now),
        ...(selfSigned
          ? []
          : [
              {
                code: "trust-anchor-is-no-root",
                subject,
                message:
                  issuer === undefined
                    ? "It is not self-signed, and OpenSSL and Node.js trust nothing below it without the root. Put the root in its place."
                    : "It is no root. Its root stands in the file, so it does no harm; leave it out, since replacing it would mean a new file for every device.",
                fatalFor:
                  issuer === undefined ? [Stack.OpenSsl, Stack.Node] : [],
              },
            ]),
      ];
    }),
  ];
}
