import * as pulumi from "@pulumi/pulumi";

/** Whose loader reads the files, for {@link CheckThingsBoardFilesArgs.loader}. */
export const ThingsBoardLoader = {
  /** MQTT, HTTP, CoAP and LwM2M of ThingsBoard and of ThingsBoard Edge. */
  ThingsBoard: "THINGSBOARD",
  /** `EDGES_RPC_SSL_*` of tb-node, for the connections of ThingsBoard Edge; PEM only. */
  EdgeRpc: "EDGE_RPC",
  /** TBMQ: also opens encrypted PKCS#8, and trusts devices by the certificates in the file. */
  Tbmq: "TBMQ",
} as const;

/** Arguments of {@link checkThingsBoardFiles}: PEM files, or a key store. */
export interface CheckThingsBoardFilesArgs {
  /** One of {@link ThingsBoardLoader}. Default `THINGSBOARD`. */
  loader?: pulumi.Input<string>;
  /** `MQTT_SSL_PEM_CERT`: the text of that file. */
  certFileText?: pulumi.Input<string>;
  /** `MQTT_SSL_PEM_KEY`: the text of that file; left out, the key stands in the other one. */
  keyFileText?: pulumi.Input<string>;
  /** `MQTT_SSL_PEM_KEY_PASSWORD`, or `MQTT_SSL_KEY_PASSWORD` of a key store. Left out: the product's own default, which for MQTT is not empty. */
  keyPassword?: pulumi.Input<string>;
  /** `MQTT_SSL_KEY_STORE`: that file, PKCS#12 or JKS, in base64. */
  keystoreBase64?: pulumi.Input<string>;
  /** `MQTT_SSL_KEY_STORE_PASSWORD`. Left out: the product's own default. */
  keystorePassword?: pulumi.Input<string>;
  /** `MQTT_SSL_KEY_ALIAS`. Left out: the first private key. */
  keyAlias?: pulumi.Input<string>;
}

/** Whether ThingsBoard starts, and whether clients then reach it. Holds no secret. */
export interface ThingsBoardFilesAnswer {
  /** It starts, and handshakes succeed as far as these files decide. */
  readonly ok: boolean;
  /** It starts. Where it does not, the plain port 1883 stays closed, too. */
  readonly starts: boolean;
  /** Which row of the acceptance matrix this is: `encrypted PKCS#8`. */
  readonly row: string;
  /** Why, and what to do. */
  readonly message: string;
}

/**
 * Would ThingsBoard start its MQTT over TLS with these files? Nothing is
 * started: the files are read by the rules of ThingsBoard's own loader. In a
 * preview that does not know an argument yet, the answer is not known either.
 *
 * Source: the start-up of thingsboard/thingsboard and thingsboard/tbmq, tried
 * with Java and BouncyCastle.
 *
 * @example
 * ```ts
 * checkThingsBoardFiles({ certFileText: server.chainPem, keyFileText: server.privateKeyPem })
 *   .apply(({ message }) => message);
 * ```
 */
export function checkThingsBoardFiles(
  args: CheckThingsBoardFilesArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<ThingsBoardFilesAnswer> {
  const answer: pulumi.Output<ThingsBoardFilesAnswer> =
    pulumi.runtime.invokeOutput(
      "mqtt-pki:index:checkThingsBoardFiles",
      { ...args },
      opts,
    );
  // It counts as secret where an argument is; what it says is none.
  return pulumi.unsecret(answer);
}
