import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link ConfigurationFiles}. */
export interface ConfigurationFilesArgs {
  /** The folder, relative to the project. It is made where it is missing. */
  directory: pulumi.Input<string>;
  /** Texts by their paths below the folder, such as `kustomization.yaml` or `conf.d/tls.conf`. Mode 0644. Default: none. */
  files?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Texts that are secret, whatever they were: mode 0600. Default: none. */
  secretFiles?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** The same in base64, for what is no text, such as key stores. Default: none. */
  secretBinaryFiles?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * Files in a folder, for what is no Kubernetes object: a Kustomize overlay, the
 * configuration of a broker on a machine of its own, what a device needs to
 * connect. Each file is replaced whole. One that was edited or deleted by hand
 * is written again by the next update, with a warning.
 *
 * Refused in the preview: a path that leaves the folder, by a symbolic link as
 * well, two resources that write one file, of other stacks as well, a file or
 * folder that is there already and is not this resource's, a secret among
 * {@link ConfigurationFilesArgs.files}. Deletion takes away just the files that
 * were written, and those folders that are then empty; a file that was edited
 * by hand stays.
 *
 * @example
 * ```ts
 * new ConfigurationFiles("broker", {
 *   directory: "rendered/dev/mosquitto",
 *   files: { "conf.d/tls.conf": "listener 8883\n" },
 *   secretFiles: { "server.key": server.privateKeyPem },
 * });
 * ```
 */
export class ConfigurationFiles extends pulumi.CustomResource {
  declare readonly directory: pulumi.Output<string>;
  /** Paths of all files below the folder, in order. */
  declare readonly paths: pulumi.Output<string[]>;
  /** SHA-256 over the paths and texts of the files that are no secret, lowercase hex: changes exactly where one of them does. */
  declare readonly sha256: pulumi.Output<string>;

  constructor(
    name: string,
    args: ConfigurationFilesArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    const { secretFiles, secretBinaryFiles } = args;
    super(
      "mqtt-pki:index:ConfigurationFiles",
      name,
      {
        ...args,
        ...(secretFiles !== undefined && {
          secretFiles: pulumi.secret(secretFiles),
        }),
        ...(secretBinaryFiles !== undefined && {
          secretBinaryFiles: pulumi.secret(secretBinaryFiles),
        }),
        record: undefined,
        paths: undefined,
        sha256: undefined,
        secretPaths: undefined,
        digests: undefined,
      },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["digests"] }),
    );
  }
}
