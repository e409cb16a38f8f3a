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
  otherRootProblem,
} from "../platforms/thingsBoard/trustInChain";
import type { BundleTrustArgs } from "../resources";
import {
  EncryptedKeyForm,
  EncryptedPrivateKey,
  Keystore,
  KeystoreFormat,
  ThingsBoardLoader,
} from "../resources";
import { CERTIFICATE_SHA256, sha256Of } from "./annotations";
import { checkedName, refuse } from "./kubernetes";
import type { BrokerCertificate, ThingsBoardMqttArgs } from "./thingsBoardArgs";
import { acceptedByThingsBoard } from "./thingsBoardFiles";
import type { RequestedListener } from "./thingsBoardListeners";
import { CredentialsForm } from "./thingsBoardListeners";
import type { ObjectOptions } from "./thingsBoardObjects";
import { createBinarySecret, createSecret } from "./thingsBoardObjects";

/** Chain and key of one or more listeners, as they are mounted. */
export interface MadeCredentials {
  /** Name of the Secret. */
  readonly secretName: pulumi.Output<string>;
  /** What changes exactly when the certificate does; undefined where it is not known. */
  readonly chainPem: pulumi.Output<string> | undefined;
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

/** What a listener needs of a certificate that is given by outputs, and that is not there. */
export function missingOutputs(
  { form, server, serverPath, listener }: RequestedListener,
  reloads: boolean,
): string[] {
  const made = form !== CredentialsForm.Server;
  const annotated =
    !reloads ||
    listener === ThingsBoardListener.EdgeRpc ||
    listener === ThingsBoardListener.Http;
  return [
    ...((made || annotated) && server.chainPem === undefined
      ? [
          `${serverPath}.chainPem: is missing; give the ServerCertificate itself, or its chain, ${made ? "which goes into the Secret" : "by which pods are restarted when it changes"}.`,
        ]
      : []),
    ...(made && server.privateKeyPem === undefined
      ? [
          `${serverPath}.privateKeyPem: is missing; give the ServerCertificate itself, or its key, which goes into the Secret.`,
        ]
      : []),
  ];
}

/**
 * Makes the Secret that a listener loads, where that is not the server's own
 * one, after its content has been judged.
 *
 * @param name of the resources
 */
export function makeCredentials(
  component: string,
  name: string,
  requested: RequestedListener,
  args: ThingsBoardMqttArgs,
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
      return makeKeystore(component, name, requested, args, opts);
    case CredentialsForm.WithRoot:
      return makeWithRoot(component, name, requested, args, opts);
    default:
      return serverCredentials(component, requested, args, opts);
  }
}

function serverCredentials(
  component: string,
  { server, serverPath, own, listener }: RequestedListener,
  args: ThingsBoardMqttArgs,
  { parent }: ObjectOptions,
): MadeCredentials {
  const { chainPem, privateKeyPem } = server;
  return {
    secretName: pulumi.output(server.secretName),
    chainPem: chainPem === undefined ? undefined : pulumi.output(chainPem),
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

function loaderOf({ product }: ThingsBoardMqttArgs): string {
  return product === ThingsBoardProduct.Tbmq
    ? ThingsBoardLoader.Tbmq
    : ThingsBoardLoader.ThingsBoard;
}

function makeKeystore(
  component: string,
  name: string,
  { server, serverPath, own }: RequestedListener,
  args: ThingsBoardMqttArgs,
  opts: ObjectOptions,
): MadeCredentials {
  const { parent } = opts;
  const { chainPem = "", privateKeyPem = "" } = server;
  const { keystore } = args;
  const password = keystore?.password ?? "";
  const alias = keystore?.alias ?? DEFAULT_ALIAS;
  const trusted = keystore?.trustedPem ?? devicesOf(args);
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
  const object = checkedName(
    args.namespace,
    (own ? undefined : keystore?.secretName) ??
      pulumi.interpolate`${server.secretName}-keystore`,
    {
      component,
      namespace: "namespace",
      name: own ? `${serverPath}.secretName` : "keystore.secretName",
    },
    undefined,
    [server.secretName, environmentSecretName(args)],
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
      { [CERTIFICATE_SHA256]: sha256Of(chainPem) },
    ).metadata.name,
    chainPem: pulumi.output(chainPem),
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
  { server, serverPath, own }: RequestedListener,
  args: ThingsBoardMqttArgs,
  opts: ObjectOptions,
): MadeCredentials {
  const { parent } = opts;
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
  const object = checkedName(
    args.namespace,
    (own ? undefined : args.brokerSecretName) ??
      pulumi.interpolate`${server.secretName}-tbmq`,
    {
      component,
      namespace: "namespace",
      name: own ? `${serverPath}.secretName` : "brokerSecretName",
    },
    undefined,
    [server.secretName, environmentSecretName(args)],
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
    chainPem: chain,
    password: server.keyPassphrase,
    passwordPath: `${serverPath}.keyPassphrase`,
    accepted,
  };
}

/** Devices that TBMQ would not know, as far as the program alone says so. */
export function strangeDevices(
  { form, server, serverPath }: RequestedListener,
  { deviceAuthority }: ThingsBoardMqttArgs,
): string[] {
  if (form !== CredentialsForm.WithRoot || serverPath !== "server") {
    return [];
  }
  const problem = otherRootProblem(
    rootsOf(server.trust),
    rootsOf(deviceAuthority?.trust),
  );
  return problem === "" ? [] : [`deviceAuthority: ${problem}`];
}

/** The names of roots that are known while the program runs. */
function rootsOf(trust: BundleTrustArgs | undefined): string[] {
  const generations: unknown = trust?.generations;
  return Array.isArray(generations)
    ? generations.flatMap((generation: unknown) => {
        const { authority } = (generation ?? {}) as { authority?: unknown };
        return typeof authority === "string" ? [authority] : [];
      })
    : [];
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
