import * as pulumi from "@pulumi/pulumi";
import {
  ThingsBoardCredentials,
  ThingsBoardListener,
  ThingsBoardProduct,
} from "../platforms/thingsBoard/product";
import type { ListenerFiles } from "../platforms/thingsBoard/variables";
import {
  deviceTrustProblem,
  fileWithRoot,
} from "../platforms/thingsBoard/trustInChain";
import {
  EncryptedKeyForm,
  EncryptedPrivateKey,
  Keystore,
  KeystoreFormat,
  ThingsBoardLoader,
} from "../resources";
import { CERTIFICATE_SHA256, sha256Of } from "./annotations";
import type { ObjectName } from "./kubernetes";
import { checkedName, refuse } from "./kubernetes";
import type { ObjectOptions } from "./namedObjects";
import { createBinarySecret, createSecret } from "./namedObjects";
import type { BrokerCertificate, ThingsBoardMqttArgs } from "./thingsBoardArgs";
import { acceptedByThingsBoard } from "./thingsBoardFiles";
import type { RequestedListener } from "./thingsBoardListeners";
import { CredentialsForm } from "./thingsBoardListeners";

/** Chain and key of one or more listeners, as they are mounted. */
export interface MadeCredentials {
  /** Name of the Secret, once it is there. */
  readonly secretName: pulumi.Output<string>;
  /** The same, beforehand. */
  readonly objectName: pulumi.Output<string>;
  /** The certificates in it, which change exactly when pods need to read it again; undefined where they are not known. */
  readonly certificatesPem: pulumi.Output<string> | undefined;
  /** Opens the key or the store; undefined where nothing is encrypted. */
  readonly password: pulumi.Input<string> | undefined;
  readonly passwordPath: string;
  /** Before these files have been judged, nothing that names them may go out. */
  readonly accepted: pulumi.Output<void>;
}

/** Name of the key in a store where nobody says. */
export const DEFAULT_ALIAS = "server";

/** What a listener finds below its mount path. */
export function filesBelow(
  { form, own, server }: RequestedListener,
  mountPath: string,
  alias: string,
): ListenerFiles {
  if (form === CredentialsForm.Keystore) {
    return {
      type: ThingsBoardCredentials.Keystore,
      certificate: `${mountPath}/keystore.p12`,
      key: "",
      encrypted: true,
      alias,
    };
  }
  // Every Secret of a server has tls.crt; the names of the manifests are there on request, and where we make it.
  const short = form === CredentialsForm.Server && own;
  return {
    type: ThingsBoardCredentials.Pem,
    certificate: `${mountPath}/${short ? "tls.crt" : "server.pem"}`,
    key: `${mountPath}/${short ? "tls.key" : "mqttserver_key.pem"}`,
    encrypted: server.keyPassphrase !== undefined,
    alias: "",
  };
}

/**
 * Makes the Secret that a listener loads, where that is not the server's own
 * one, after its content has been judged.
 *
 * @param name of the resources
 * @param taken names of other Secrets
 */
export function makeCredentials(
  component: string,
  name: string,
  requested: RequestedListener,
  args: ThingsBoardMqttArgs,
  taken: readonly pulumi.Input<string>[],
  opts: ObjectOptions,
): MadeCredentials {
  const { chainPem, privateKeyPem } = requested.server;
  const incomplete =
    chainPem === undefined ||
    privateKeyPem === undefined ||
    (requested.form === CredentialsForm.Keystore &&
      args.keystore === undefined);
  // What is missing is refused together with all else that is wrong.
  switch (incomplete ? CredentialsForm.Server : requested.form) {
    case CredentialsForm.Keystore:
      return makeKeystore(component, name, requested, args, taken, opts);
    case CredentialsForm.WithRoot:
      return makeWithRoot(component, name, requested, args, taken, opts);
    default:
      return serverCredentials(component, requested, args, opts);
  }
}

function serverCredentials(
  component: string,
  requested: RequestedListener,
  args: ThingsBoardMqttArgs,
  { parent }: ObjectOptions,
): MadeCredentials {
  const { server, serverPath, own, listener } = requested;
  const { chainPem, privateKeyPem } = server;
  const secretName = existingSecret(component, requested, args);
  return {
    secretName,
    objectName: secretName,
    certificatesPem:
      chainPem === undefined ? undefined : pulumi.output(chainPem),
    password: server.keyPassphrase,
    passwordPath: `${serverPath}.keyPassphrase`,
    accepted:
      chainPem !== undefined &&
      privateKeyPem !== undefined &&
      (own || server.hasAliases === undefined)
        ? // A Secret with the names of the manifests was judged where it was made.
          acceptedByThingsBoard(
            component,
            serverPath,
            {
              loader:
                listener === ThingsBoardListener.EdgeRpc
                  ? ThingsBoardLoader.EdgeRpc
                  : loaderOf(args),
              certFileText: chainPem,
              keyFileText: privateKeyPem,
              keyPassword: "",
            },
            parent,
          )
        : pulumi.output(undefined),
  };
}

/** A `ServerCertificate` without `kubernetes` has no Secret to mount, and only some listeners get one of their own. */
function existingSecret(
  component: string,
  { form, server, serverPath }: RequestedListener,
  { server: ofMqtt, configMapName }: ThingsBoardMqttArgs,
): pulumi.Output<string> {
  // Without a name, that of the variables is refused, which comes from it.
  const judged = server === ofMqtt && configMapName === undefined;
  return pulumi.output(server.secretName).apply((text) => {
    refuse(
      component,
      text === "" && form === CredentialsForm.Server && !judged
        ? [
            `${serverPath}.secretName: is empty, so that there is no Secret to mount; give the ServerCertificate kubernetes: { namespace, secretName }.`,
          ]
        : [],
    );
    return text;
  });
}

function loaderOf({ product }: ThingsBoardMqttArgs): string {
  return product === ThingsBoardProduct.Tbmq
    ? ThingsBoardLoader.Tbmq
    : ThingsBoardLoader.ThingsBoard;
}

/** Name of a Secret that is made of a server's certificate and key. */
function nameOfSecret(
  component: string,
  { server, serverPath, own }: RequestedListener,
  args: ThingsBoardMqttArgs,
  taken: readonly pulumi.Input<string>[],
  wanted: { path: string; name: pulumi.Input<string> | undefined },
  suffix: string,
): ObjectName {
  return checkedName(
    args.namespace,
    (own ? undefined : wanted.name) ??
      pulumi.interpolate`${server.secretName}-${suffix}`,
    {
      component,
      namespace: "namespace",
      name: own ? `${serverPath}.secretName` : wanted.path,
    },
    undefined,
    [server.secretName, environmentSecretName(args), ...taken],
  );
}

function makeKeystore(
  component: string,
  name: string,
  requested: RequestedListener,
  args: ThingsBoardMqttArgs,
  taken: readonly pulumi.Input<string>[],
  opts: ObjectOptions,
): MadeCredentials {
  const { parent } = opts;
  const { server, serverPath } = requested;
  const { chainPem = "", privateKeyPem = "" } = server;
  const { keystore } = args;
  const password = keystore?.password ?? "";
  const alias = keystore?.alias ?? DEFAULT_ALIAS;
  const trusted = keystore?.trustedPem ?? devicesOf(args);
  const certificatesPem = pulumi.concat(chainPem, trusted ?? "");
  const store = new Keystore(
    `${name}-keystore`,
    {
      format: KeystoreFormat.Pkcs12,
      privateKeyPem,
      chainPem,
      password,
      alias,
      ...(trusted !== undefined && {
        trustAnchorsPem: trusted,
        trustAlias: "device-ca",
      }),
    },
    { parent },
  );
  const object = nameOfSecret(
    component,
    requested,
    args,
    taken,
    { path: "keystore.secretName", name: keystore?.secretName },
    "keystore",
  );
  const accepted = acceptedByThingsBoard(
    component,
    serverPath,
    {
      loader: loaderOf(args),
      keystoreBase64: store.contentBase64,
      keystorePassword: password,
      keyPassword: password,
      keyAlias: alias,
    },
    parent,
  );
  return {
    secretName: createBinarySecret(
      `${name}-keystore-secret`,
      object,
      pulumi.secret(
        pulumi
          .all([store.contentBase64, accepted])
          .apply(([content]) => ({ "keystore.p12": content })),
      ),
      opts,
      { [CERTIFICATE_SHA256]: sha256Of(certificatesPem) },
    ).metadata.name,
    objectName: object.name,
    certificatesPem,
    password,
    passwordPath: "keystore.password",
    accepted,
  };
}

/** By whom TBMQ is to know devices, as entries of a store; ThingsBoard validates nobody. */
function devicesOf({
  product,
  deviceAuthority,
}: ThingsBoardMqttArgs): pulumi.Input<string> | undefined {
  return product === ThingsBoardProduct.Tbmq && deviceAuthority !== undefined
    ? (deviceAuthority.trustAnchorsPem ?? deviceAuthority.certificatePem)
    : undefined;
}

function makeWithRoot(
  component: string,
  name: string,
  requested: RequestedListener,
  args: ThingsBoardMqttArgs,
  taken: readonly pulumi.Input<string>[],
  opts: ObjectOptions,
): MadeCredentials {
  const { parent } = opts;
  const { server, serverPath } = requested;
  const { chainPem = "", privateKeyPem = "" } = server;
  const authority = args.deviceAuthority;
  const file = pulumi
    .all([
      chainPem,
      server.trustAnchorsPem,
      authority?.certificatePem ?? "",
      authority?.chainPem ?? "",
    ])
    .apply(([chain, anchors, devices, above]) => {
      const made = fileWithRoot(chain, anchors);
      if ("problem" in made) {
        refuse(component, [`${serverPath}.chainPem: ${made.problem}`]);
        return "";
      }
      const problem = deviceTrustProblem(made.pem, devices + above);
      refuse(component, problem === "" ? [] : [`deviceAuthority: ${problem}`]);
      return made.pem;
    });
  const key = keyForTbmq(name, server, privateKeyPem, parent);
  const object = nameOfSecret(
    component,
    requested,
    args,
    taken,
    { path: "brokerSecretName", name: args.brokerSecretName },
    "tbmq",
  );
  const accepted = acceptedByThingsBoard(
    component,
    serverPath,
    {
      loader: ThingsBoardLoader.Tbmq,
      certFileText: file,
      keyFileText: key,
      keyPassword: server.keyPassphrase ?? "",
    },
    parent,
  );
  const chain = pulumi.all([file, accepted]).apply(([pem]) => pem);
  return {
    secretName: createSecret(
      `${name}-broker-secret`,
      object,
      { "server.pem": chain, "mqttserver_key.pem": key },
      opts,
      { [CERTIFICATE_SHA256]: sha256Of(chain) },
    ).metadata.name,
    objectName: object.name,
    certificatesPem: chain,
    password: server.keyPassphrase,
    passwordPath: `${serverPath}.keyPassphrase`,
    accepted,
  };
}

/** TBMQ opens encrypted PKCS#8, which guards a passphrase better than the form that ThingsBoard opens. */
function keyForTbmq(
  name: string,
  { keyPassphrase }: BrokerCertificate,
  privateKeyPem: pulumi.Input<string>,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  return keyPassphrase === undefined
    ? pulumi.secret(privateKeyPem)
    : new EncryptedPrivateKey(
        `${name}-encrypted-key`,
        {
          privateKeyPem,
          passphrase: keyPassphrase,
          form: EncryptedKeyForm.Pkcs8,
        },
        { parent },
      ).encryptedPrivateKeyPem;
}

/** Name of the Secret with passwords, be there one or not. */
export function environmentSecretName(
  args: ThingsBoardMqttArgs,
): pulumi.Input<string> {
  return (
    args.environmentSecretName ??
    pulumi.interpolate`${args.server.secretName}-env`
  );
}
