import * as pulumi from "@pulumi/pulumi";
import type {
  BrokerFiles,
  BrokerGenerator,
  BrokerSettings,
} from "../platforms/brokers";
import { Keystore } from "../resources";
import { sha256Of } from "./annotations";
import type { BrokerConfigurationArgs } from "./brokerArgs";

/** All that a broker is given, and digests of it. */
export interface BrokerMaterial {
  /** All of it that is no secret; what is, is made without the password, and stands below. */
  readonly made: pulumi.Output<BrokerFiles>;
  readonly secretFiles: pulumi.Output<Readonly<Record<string, string>>>;
  readonly secretEnvironment: pulumi.Output<Readonly<Record<string, string>>>;
  /** Key store and trust store, base64 by file name; secret. None for brokers that read PEM. */
  readonly stores: pulumi.Output<Record<string, string>>;
  /** Whether there is anything for a Secret. */
  readonly holdsSecret: boolean;
  readonly chainSha256: pulumi.Output<string>;
  readonly bundleSha256: pulumi.Output<string>;
  readonly crlSha256: pulumi.Output<string>;
  readonly filesSha256: pulumi.Output<string>;
}

/** Makes a broker's configuration, and the stores of one that reads no PEM. */
export function materialOf(
  name: string,
  generator: BrokerGenerator,
  args: BrokerConfigurationArgs,
  settings: pulumi.Output<BrokerSettings>,
  parent: pulumi.Resource,
): BrokerMaterial {
  const { storePassword, deviceAuthority, trustBundle, server } = args;
  const made = settings.apply((known) => generator.generate(known));
  // What holds the password is made apart: all of one output is secret as soon as a part of it is.
  const secretParts =
    storePassword === undefined
      ? undefined
      : pulumi.secret(
          pulumi
            .all([settings, storePassword])
            .apply(([known, password]) =>
              generator.generate({ ...known, storePassword: password }),
            )
            .apply(({ secretFiles, secretEnvironment }) => ({
              secretFiles,
              secretEnvironment,
            })),
        );
  return {
    made,
    secretFiles:
      secretParts?.secretFiles ?? pulumi.output<Record<string, string>>({}),
    secretEnvironment:
      secretParts?.secretEnvironment ??
      pulumi.output<Record<string, string>>({}),
    stores: storesOf(name, generator, args, parent),
    holdsSecret: storePassword !== undefined,
    chainSha256: sha256Of(server.chainPem),
    bundleSha256:
      trustBundle === undefined
        ? sha256Of(deviceAuthority?.trustAnchorsPem ?? "")
        : pulumi.output(trustBundle.bundleSha256),
    crlSha256: sha256Of(args.crlPem ?? ""),
    filesSha256: sha256Of(
      pulumi
        .all([made.files, made.environment, made.args])
        .apply((known) => JSON.stringify(known)),
    ),
  };
}

function storesOf(
  name: string,
  { stores }: BrokerGenerator,
  { server, deviceAuthority, storePassword }: BrokerConfigurationArgs,
  parent: pulumi.Resource,
): pulumi.Output<Record<string, string>> {
  if (
    stores === undefined ||
    storePassword === undefined ||
    deviceAuthority === undefined
  ) {
    return pulumi.output<Record<string, string>>({});
  }
  const key = new Keystore(
    `${name}-key-store`,
    {
      format: stores.key.format,
      privateKeyPem: server.privateKeyPem,
      chainPem: server.chainPem,
      alias: stores.key.alias,
      password: storePassword,
    },
    { parent },
  );
  const trust = new Keystore(
    `${name}-trust-store`,
    {
      format: stores.trust.format,
      trustAnchorsPem: deviceAuthority.trustAnchorsPem,
      trustAlias: stores.trust.alias,
      password: storePassword,
    },
    { parent },
  );
  return pulumi
    .all([key.contentBase64, trust.contentBase64])
    .apply(([keyStore, trustStore]) => ({
      [stores.key.file]: keyStore,
      [stores.trust.file]: trustStore,
    }));
}
