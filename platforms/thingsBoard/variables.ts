import { ThingsBoardCredentials, ThingsBoardListener } from "./product";
import type { ListenerVariables } from "./variablesTables";
import { CONNECTIVITY, LISTENERS, LWM2M_TRUST } from "./variablesTables";

/** Chain and key as a listener finds them. */
export interface ListenerFiles {
  /** One of `ThingsBoardCredentials`. */
  readonly type: string;
  /** Absolute path of the chain, or of the key store (PKCS12). */
  readonly certificate: string;
  /** Absolute path of the key; empty for a key store. */
  readonly key: string;
  /** Whether the key file is encrypted; its passphrase then comes in a secret variable. A key store always is. */
  readonly encrypted: boolean;
  /** Name of the key in the store; empty for PEM. */
  readonly alias: string;
}

/** What a listener is to do. */
export interface ListenerOrder {
  /** One of `ThingsBoardListener`. */
  readonly listener: string;
  readonly files: ListenerFiles;
  /** Left out, no variable says it, and it is ThingsBoard's default. */
  readonly port?: number;
  readonly skipClientValidityCheck?: boolean;
}

/**
 * The variables that open listeners, without those that are passwords: see
 * {@link passwordVariables}. Files are named by absolute paths: others
 * are looked up in the class path, too, and then never reloaded.
 *
 * @throws RangeError for a listener that the product has not; see {@link hasListener}
 *
 * @example
 * ```ts
 * variablesOf(ThingsBoardProduct.ThingsBoard, [{ listener: "mqtt", port: 8883, files }]);
 * ```
 */
export function variablesOf(
  product: string,
  orders: readonly ListenerOrder[],
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const order of orders) {
    const variables = variablesOfListener(product, order.listener);
    const { files } = order;
    Object.assign(environment, {
      [variables.enabled]: "true",
      ...(order.port !== undefined && {
        [variables.bindPort]: String(order.port),
      }),
      ...(files.type === ThingsBoardCredentials.Keystore
        ? keystoreEnvironment(variables, files)
        : pemEnvironment(variables, files)),
      ...(variables.skipClientValidityCheck !== undefined &&
        order.skipClientValidityCheck !== undefined && {
          [variables.skipClientValidityCheck]: String(
            order.skipClientValidityCheck,
          ),
        }),
    });
  }
  return environment;
}

function variablesOfListener(
  product: string,
  listener: string,
): ListenerVariables {
  const variables = LISTENERS[product]?.[listener];
  if (variables === undefined) {
    throw new RangeError(`${product} has no listener ${listener}`);
  }
  return variables;
}

/** Whether a product serves this at all. */
export function hasListener(product: string, listener: string): boolean {
  return Object.hasOwn(LISTENERS[product] ?? {}, listener);
}

/** The port of a listener where nobody says; 0 where the product has none. */
export function defaultPort(product: string, listener: string): number {
  return LISTENERS[product]?.[listener]?.defaultPort ?? 0;
}

/** The port on which a listener's protocol is served without TLS as well; undefined where it is not, or need not be. */
export function plainPort(
  product: string,
  listener: string,
): number | undefined {
  return LISTENERS[product]?.[listener]?.plainPort;
}

function pemEnvironment(
  variables: ListenerVariables,
  { certificate, key, encrypted }: ListenerFiles,
): Record<string, string> {
  const { pem, credentialsType } = variables;
  return {
    ...(credentialsType !== undefined && {
      [credentialsType]: ThingsBoardCredentials.Pem,
    }),
    [pem.certificate]: certificate,
    // Without it, ThingsBoard would not start on a certificate file that holds no key.
    [pem.key]: key,
    // The default is not empty, and ThingsBoard would try it on our key.
    ...(!encrypted && pem.keyPasswordHasDefault && { [pem.keyPassword]: "" }),
  };
}

function keystoreEnvironment(
  { keystore, credentialsType }: ListenerVariables,
  { certificate, alias }: ListenerFiles,
): Record<string, string> {
  return keystore === undefined || credentialsType === undefined
    ? {}
    : {
        [credentialsType]: ThingsBoardCredentials.Keystore,
        [keystore.type]: "PKCS12",
        [keystore.file]: certificate,
        // The defaults are others for each listener: tomcat, serveralias, server, bootstrap.
        [keystore.alias]: alias,
      };
}

/**
 * The names of the secret variables of a listener; all of them have one value.
 *
 * @throws RangeError for a listener that the product has not
 */
export function passwordVariables(
  product: string,
  listener: string,
  { type, encrypted }: Pick<ListenerFiles, "type" | "encrypted">,
): string[] {
  const { pem, keystore } = variablesOfListener(product, listener);
  if (type !== ThingsBoardCredentials.Keystore) {
    return encrypted ? [pem.keyPassword] : [];
  }
  // Java has one password for a PKCS12 store and its key.
  return keystore === undefined
    ? []
    : [keystore.storePassword, keystore.keyPassword];
}

/**
 * The variables by which LwM2M recognizes devices.
 *
 * @param certificates absolute path of a PEM file with the CAs
 */
export function lwm2mTrust(certificates: string): Record<string, string> {
  return {
    [LWM2M_TRUST.enabled]: "true",
    [LWM2M_TRUST.credentialsType]: ThingsBoardCredentials.Pem,
    [LWM2M_TRUST.certificate]: certificates,
  };
}

/** What users of the web interface are told, and the file that devices download. */
export interface ConnectivityOrder {
  /** Absolute path of the PEM file with the roots. */
  readonly certificates: string;
  readonly mqtts?: { readonly host: string; readonly port: number };
  readonly coaps?: { readonly host: string; readonly port: number };
}

/** `DEVICE_CONNECTIVITY_*`, for `tb-node` and Edge. */
export function connectivityOf(
  order: ConnectivityOrder,
): Record<string, string> {
  return Object.fromEntries(
    (["mqtts", "coaps"] as const).flatMap((protocol) => {
      const shown = order[protocol];
      const names = CONNECTIVITY[protocol];
      return shown === undefined
        ? []
        : [
            [names.enabled, "true"],
            [names.host, shown.host],
            [names.port, String(shown.port)],
            [names.certificate, order.certificates],
          ];
    }),
  );
}

/** Beginnings of names, with the listener that reads them; `LWM2M_` for the bootstrap server and the trusted CAs as well. */
const PREFIXES: readonly (readonly [string, string])[] = [
  ["MQTT_SSL_", ThingsBoardListener.Mqtt],
  ["LISTENER_SSL_", ThingsBoardListener.Mqtt],
  ["LISTENER_WSS_", ThingsBoardListener.Wss],
  ["SSL_", ThingsBoardListener.Http],
  ["HTTP_", ThingsBoardListener.Http],
  ["COAP_DTLS_", ThingsBoardListener.Coap],
  ["TB_COAP_", ThingsBoardListener.Coap],
  ["LWM2M_", ThingsBoardListener.Lwm2m],
  ["TB_LWM2M_", ThingsBoardListener.Lwm2m],
  ["EDGES_RPC_", ThingsBoardListener.EdgeRpc],
];

/**
 * Which listener reads a variable; a deployment with a process for each
 * transport gives each its own ones.
 *
 * @returns one of `ThingsBoardListener`; undefined for a variable of all or of none
 *
 * @example
 * ```ts
 * listenerOf("MQTT_SSL_PEM_CERT"); // "mqtt"
 * ```
 */
export function listenerOf(variable: string): string | undefined {
  return PREFIXES.find(([prefix]) => variable.startsWith(prefix))?.[1];
}
