import * as pulumi from "@pulumi/pulumi";
import type { BrokerGenerator, Reloads } from "../platforms/brokers";
import { nextUpdateOf, ReloadWay } from "../platforms/brokers";
import type { BrokerConfigurationArgs } from "./brokerArgs";
import type { BrokerMaterial } from "./brokerMaterial";

/** What changes exactly when the broker has to be restarted: digests of what it does not take up otherwise. */
export function annotationsOf(
  args: BrokerConfigurationArgs,
  { made, chainSha256, bundleSha256, crlSha256, filesSha256 }: BrokerMaterial,
): pulumi.Output<Record<string, string>> {
  return pulumi
    .all([
      made.reload,
      args.signalled ?? false,
      chainSha256,
      bundleSha256,
      crlSha256,
      filesSha256,
    ])
    .apply(
      ([reload, signalled, chain, bundle, crl, files]): Record<
        string,
        string
      > => {
        const restarts = (way: string | undefined) =>
          way === ReloadWay.Restart || (way === ReloadWay.Signal && !signalled);
        return {
          ...(restarts(reload.certificate.way) && {
            "mqtt-pki/certificate-sha256": chain,
          }),
          ...(restarts(reload.trust.way) && {
            "mqtt-pki/bundle-sha256": bundle,
          }),
          ...(restarts(reload.crl?.way) && { "mqtt-pki/crl-sha256": crl }),
          ...(restarts(reload.configuration.way) && {
            "mqtt-pki/configuration-sha256": files,
          }),
        };
      },
    );
}

const INPUTS = {
  certificate: "certificate and key",
  trust: "device roots",
  crl: "revocation lists",
  configuration: "configuration",
} as const;

/** What makes the broker take up a change, a line for each of its inputs. */
export function hintOf(reload: Reloads): string {
  return Object.entries(INPUTS)
    .flatMap(([name, words]) => {
      const one = reload[name as keyof typeof INPUTS];
      if (one === undefined) {
        return [];
      }
      const { way, command, seconds, liveSessions } = one;
      const what =
        way === ReloadWay.Restart
          ? "restart the broker"
          : way === ReloadWay.Signal
            ? `run ${command ?? ""}`
            : `nothing to do, within ${seconds} s${command === undefined ? "" : `; at once with ${command}`}`;
      return [`${words}: ${what}. ${liveSessions}`];
    })
    .join("\n");
}

/** In the preview, where there is still time; an update has told them before. */
export function tellCaveats(
  name: string,
  { title }: BrokerGenerator,
  args: BrokerConfigurationArgs,
  { made }: BrokerMaterial,
  parent: pulumi.Resource,
): void {
  if (!pulumi.runtime.isDryRun()) {
    return;
  }
  made.apply(({ caveats }) => {
    void pulumi.log.info(
      [`${name}: ${title}:`, ...caveats.map((text) => `- ${text}`)].join("\n"),
      parent,
    );
  });
  // After what is made of it: a list that is none was refused there.
  pulumi.all([args.crlPem, made]).apply(([pem]) => {
    const next = pem === undefined ? undefined : nextUpdateOf(pem);
    if (next !== undefined && next.getTime() < Date.now()) {
      void pulumi.log.warn(
        `${name}: crlPem: a list in it should have been replaced by ${next.toISOString()}; brokers that keep to that refuse every device of its CA.`,
        parent,
      );
    }
  });
}
