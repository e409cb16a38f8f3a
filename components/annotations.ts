import { X509Certificate, createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { splitPem } from "./pemBlocks";
import type { TrustSource } from "./publication";

/** On a pod template: what changes exactly when the broker has to load another certificate. */
export const CERTIFICATE_SHA256 = "mqtt-pki/certificate-sha256";

/** On what holds a trust bundle, and on the template of pods that read it. */
export const BUNDLE_SHA256 = "mqtt-pki/bundle-sha256";

/** SHA-256 over a text, lowercase hex: of a trust bundle the same figure as a CA's `bundleSha256`. */
export function sha256Of(text: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi
    .output(text)
    .apply((known) => createHash("sha256").update(known).digest("hex"));
}

/** By this a trust bundle on a cluster is recognized without reading it. */
export function bundleDigest(
  trustAnchorsPem: pulumi.Input<string>,
): Record<string, pulumi.Output<string>> {
  return { [BUNDLE_SHA256]: sha256Of(trustAnchorsPem) };
}

/**
 * What `kubectl describe` says of an object that holds a trust bundle: its
 * digest, the generations in it, and when the first of them ends. None of it
 * changes unless the bundle does, or the name of a generation.
 */
export function bundleAnnotations({
  trustAnchorsPem,
  trust,
}: TrustSource): Record<string, pulumi.Input<string>> {
  return {
    ...bundleDigest(trustAnchorsPem),
    "mqtt-pki/not-after": pulumi.output(trustAnchorsPem).apply(earliestEnd),
    ...(trust !== undefined && {
      "mqtt-pki/generations": pulumi
        .output(trust.generations)
        .apply((generations) =>
          generations
            .map(({ id }) => id)
            .sort()
            .join(" "),
        ),
    }),
  };
}

/** When the first certificate of a PEM text ends, UTC, such as `2036-11-17T21:46:40Z`; empty where it holds none that can be read. */
export function earliestEnd(pem: string): string {
  const ends = splitPem(pem).flatMap((block) => {
    try {
      return [Date.parse(new X509Certificate(block).validTo)];
    } catch {
      // Whoever reads the bundle will say so; what describes it is no judge.
      return [];
    }
  });
  return ends.length === 0
    ? ""
    : new Date(Math.min(...ends)).toISOString().replace(/\.\d+Z$/, "Z");
}
