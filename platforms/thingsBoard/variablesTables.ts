import { ThingsBoardListener, ThingsBoardProduct } from "./product";

/** The variables of one listener, by what they say. Names only; values are made in `variables.ts`. */
export interface ListenerVariables {
  /** `true` opens the listener. */
  readonly enabled: string;
  readonly bindPort: string;
  /** The port it has where nobody says. */
  readonly defaultPort: number;
  /** The port of the same without TLS, which stays open beside it. */
  readonly plainPort?: number;
  /** `PEM` or `KEYSTORE`; left out where PEM is all there is. */
  readonly credentialsType?: string;
  readonly pem: PemVariables;
  readonly keystore?: KeystoreVariables;
  /** Where the dates of a device's certificate can be ignored. */
  readonly skipClientValidityCheck?: string;
}

/** Variables for PEM files. */
export interface PemVariables {
  /** Path of the chain. */
  readonly certificate: string;
  /** Path of the key. */
  readonly key: string;
  readonly keyPassword: string;
  /** Whether the password has a default, which is then tried on the key. */
  readonly keyPasswordHasDefault: boolean;
}

/** Variables for a key store. */
export interface KeystoreVariables {
  /** `JKS` or `PKCS12`. */
  readonly type: string;
  readonly file: string;
  readonly storePassword: string;
  readonly alias: string;
  /** Of a PKCS12 store it must be the store's. */
  readonly keyPassword: string;
}

/** The certificates by which LwM2M recognizes devices; only those of CAs count. */
export const LWM2M_TRUST = {
  // thingsboard.yml, transport.lwm2m.security.trust-credentials
  enabled: "LWM2M_TRUST_CREDENTIALS_ENABLED",
  credentialsType: "LWM2M_TRUST_CREDENTIALS_TYPE",
  certificate: "LWM2M_TRUST_PEM_CERT",
} as const;

/** What users see of how devices connect, and the CA file they download: of `tb-node` and Edge only. */
export const CONNECTIVITY = {
  // thingsboard.yml, device.connectivity.mqtts
  mqtts: {
    enabled: "DEVICE_CONNECTIVITY_MQTTS_ENABLED",
    host: "DEVICE_CONNECTIVITY_MQTTS_HOST",
    port: "DEVICE_CONNECTIVITY_MQTTS_PORT",
    certificate: "DEVICE_CONNECTIVITY_MQTTS_CA_ROOT_CERT",
  },
  // thingsboard.yml, device.connectivity.coaps
  coaps: {
    enabled: "DEVICE_CONNECTIVITY_COAPS_ENABLED",
    host: "DEVICE_CONNECTIVITY_COAPS_HOST",
    port: "DEVICE_CONNECTIVITY_COAPS_PORT",
    certificate: "DEVICE_CONNECTIVITY_COAPS_CA_ROOT_CERT",
  },
} as const;

/** All listeners but those of Edge's gRPC have these, below a prefix of their own. */
function credentials(
  prefix: string,
): Pick<ListenerVariables, "pem" | "keystore" | "credentialsType"> {
  return {
    credentialsType: `${prefix}_CREDENTIALS_TYPE`,
    pem: {
      certificate: `${prefix}_PEM_CERT`,
      key: `${prefix}_PEM_KEY`,
      keyPassword: `${prefix}_PEM_KEY_PASSWORD`,
      // server_key_password, of TBMQ's WebSocket ws_server_key_password
      keyPasswordHasDefault: true,
    },
    keystore: {
      type: `${prefix}_KEY_STORE_TYPE`,
      file: `${prefix}_KEY_STORE`,
      storePassword: `${prefix}_KEY_STORE_PASSWORD`,
      alias: `${prefix}_KEY_ALIAS`,
      keyPassword: `${prefix}_KEY_PASSWORD`,
    },
  };
}

// thingsboard.yml and tb-mqtt-transport.yml, transport.mqtt.ssl; tb-edge.yml has the same.
const MQTT: ListenerVariables = {
  enabled: "MQTT_SSL_ENABLED",
  bindPort: "MQTT_SSL_BIND_PORT",
  defaultPort: 8883,
  plainPort: 1883,
  ...credentials("MQTT_SSL"),
  skipClientValidityCheck: "MQTT_SSL_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT",
};

// thingsboard.yml and tb-edge.yml, server.ssl: the port is that of plain HTTP. tb-mqtt-transport's own web port has none.
const HTTP: ListenerVariables = {
  enabled: "SSL_ENABLED",
  bindPort: "HTTP_BIND_PORT",
  defaultPort: 8080,
  ...credentials("SSL"),
};

// thingsboard.yml, tb-coap-transport.yml and tb-edge.yml, coap.dtls
const COAP: ListenerVariables = {
  enabled: "COAP_DTLS_ENABLED",
  bindPort: "COAP_DTLS_BIND_PORT",
  defaultPort: 5684,
  plainPort: 5683,
  ...credentials("COAP_DTLS"),
  skipClientValidityCheck:
    "TB_COAP_X509_DTLS_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT",
};

// thingsboard.yml, tb-lwm2m-transport.yml and tb-edge.yml, transport.lwm2m.server.security
const LWM2M: ListenerVariables = {
  enabled: "LWM2M_SERVER_CREDENTIALS_ENABLED",
  bindPort: "LWM2M_SECURITY_BIND_PORT",
  defaultPort: 5686,
  plainPort: 5685,
  ...credentials("LWM2M_SERVER"),
  skipClientValidityCheck:
    "TB_LWM2M_SERVER_SECURITY_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT",
};

// thingsboard.yml, tb-lwm2m-transport.yml and tb-edge.yml, transport.lwm2m.bootstrap.security
const LWM2M_BOOTSTRAP: ListenerVariables = {
  enabled: "LWM2M_BS_CREDENTIALS_ENABLED",
  bindPort: "LWM2M_BS_SECURITY_BIND_PORT",
  defaultPort: 5688,
  plainPort: 5687,
  ...credentials("LWM2M_BS"),
};

// thingsboard.yml, edges.rpc.ssl: the port is that of plain gRPC. Read by tb-node, not by Edge itself.
const EDGE_RPC: ListenerVariables = {
  enabled: "EDGES_RPC_SSL_ENABLED",
  bindPort: "EDGES_RPC_PORT",
  defaultPort: 7070,
  pem: {
    certificate: "EDGES_RPC_SSL_CERT",
    key: "EDGES_RPC_SSL_PRIVATE_KEY",
    keyPassword: "EDGES_RPC_SSL_KEY_PASSWORD",
    keyPasswordHasDefault: false,
  },
};

// thingsboard-mqtt-broker.yml, listener.ssl.config; whether an expired certificate passes is a setting of its X.509
// provider, in the user interface.
const TBMQ_MQTT: ListenerVariables = {
  enabled: "LISTENER_SSL_ENABLED",
  bindPort: "LISTENER_SSL_BIND_PORT",
  defaultPort: 8883,
  ...credentials("LISTENER_SSL"),
};

// thingsboard-mqtt-broker.yml, listener.wss.config
const TBMQ_WSS: ListenerVariables = {
  enabled: "LISTENER_WSS_ENABLED",
  bindPort: "LISTENER_WSS_BIND_PORT",
  defaultPort: 8085,
  ...credentials("LISTENER_WSS"),
};

// thingsboard-mqtt-broker.yml, server.ssl
const TBMQ_HTTP: ListenerVariables = { ...HTTP, defaultPort: 8083 };

const EDGE = {
  [ThingsBoardListener.Mqtt]: MQTT,
  [ThingsBoardListener.Http]: HTTP,
  [ThingsBoardListener.Coap]: COAP,
  [ThingsBoardListener.Lwm2m]: LWM2M,
  [ThingsBoardListener.Lwm2mBootstrap]: LWM2M_BOOTSTRAP,
};

/** The listeners of each product, with their variables. */
export const LISTENERS: Readonly<
  Record<string, Readonly<Record<string, ListenerVariables>>>
> = {
  [ThingsBoardProduct.ThingsBoard]: {
    ...EDGE,
    [ThingsBoardListener.EdgeRpc]: EDGE_RPC,
  },
  [ThingsBoardProduct.Edge]: EDGE,
  [ThingsBoardProduct.Tbmq]: {
    [ThingsBoardListener.Mqtt]: TBMQ_MQTT,
    [ThingsBoardListener.Http]: TBMQ_HTTP,
    [ThingsBoardListener.Wss]: TBMQ_WSS,
  },
};
