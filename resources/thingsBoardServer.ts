import * as pulumi from "@pulumi/pulumi";

/** Where a ThingsBoard is, and as whom it is spoken to: a tenant administrator. */
export interface ThingsBoardServerArgs {
  /** `https://thingsboard.example.com`. Default: the environment's `THINGSBOARD_URL`. */
  url?: pulumi.Input<string>;
  /** An API key (ThingsBoard 4.3 and later); secret. Default, where no user is given either: `THINGSBOARD_API_KEY`. */
  apiKey?: pulumi.Input<string>;
  /** In the place of an API key. Default: `THINGSBOARD_USERNAME`, where neither a key nor a user is given. */
  username?: pulumi.Input<string>;
  /** Secret. Default: `THINGSBOARD_PASSWORD`, as `username`. */
  password?: pulumi.Input<string>;
  /** Roots that vouch for the server, PEM. Default: the file that `THINGSBOARD_CA_FILE` names, or else those of Node. */
  caPem?: pulumi.Input<string>;
  /** How long a request may take, 1 to 3600 seconds. Default 60; an import of devices may take 600. */
  timeoutSeconds?: pulumi.Input<number>;
}

/** The same, its secrets marked as such. */
export function secretServer(
  server: pulumi.Input<ThingsBoardServerArgs>,
): pulumi.Input<ThingsBoardServerArgs> {
  if (pulumi.Output.isInstance(server) || server instanceof Promise) {
    return pulumi.secret(server);
  }
  const { apiKey, password } = server;
  return {
    ...server,
    ...(apiKey !== undefined && { apiKey: pulumi.secret(apiKey) }),
    ...(password !== undefined && { password: pulumi.secret(password) }),
  };
}
