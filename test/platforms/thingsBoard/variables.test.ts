import {
  ThingsBoardListener,
  ThingsBoardProduct,
} from "../../../platforms/thingsBoard/product";
import type { ListenerFiles } from "../../../platforms/thingsBoard/variables";
import {
  connectivityOf,
  defaultPort,
  hasListener,
  listenerOf,
  lwm2mTrust,
  passwordVariables,
  variablesOf,
} from "../../../platforms/thingsBoard/variables";

const PEM: ListenerFiles = {
  type: "PEM",
  certificate: "/ssl-config/server.pem",
  key: "/ssl-config/mqttserver_key.pem",
  encrypted: false,
  alias: "",
};
const STORE: ListenerFiles = {
  type: "KEYSTORE",
  certificate: "/ssl-config/keystore.p12",
  key: "",
  encrypted: true,
  alias: "server",
};

/** What a listener's variables are to be: the text of every public one, and the names of the secret ones. */
interface Row {
  readonly product: string;
  readonly listener: string;
  readonly port: number;
  readonly skip?: boolean;
  readonly pem: Readonly<Record<string, string>>;
  readonly pemPassword: string;
  readonly store?: Readonly<Record<string, string>>;
  readonly storePasswords?: readonly string[];
}

/** Written out, as they stand in the configuration files of ThingsBoard, Edge and TBMQ. */
const ROWS: readonly Row[] = [
  ...["thingsboard", "edge"].flatMap((product): Row[] => [
    {
      product,
      listener: "mqtt",
      port: 8883,
      skip: true,
      pem: {
        MQTT_SSL_ENABLED: "true",
        MQTT_SSL_BIND_PORT: "8883",
        MQTT_SSL_CREDENTIALS_TYPE: "PEM",
        MQTT_SSL_PEM_CERT: "/ssl-config/server.pem",
        MQTT_SSL_PEM_KEY: "/ssl-config/mqttserver_key.pem",
        MQTT_SSL_PEM_KEY_PASSWORD: "",
        MQTT_SSL_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "true",
      },
      pemPassword: "MQTT_SSL_PEM_KEY_PASSWORD",
      store: {
        MQTT_SSL_ENABLED: "true",
        MQTT_SSL_BIND_PORT: "8883",
        MQTT_SSL_CREDENTIALS_TYPE: "KEYSTORE",
        MQTT_SSL_KEY_STORE_TYPE: "PKCS12",
        MQTT_SSL_KEY_STORE: "/ssl-config/keystore.p12",
        MQTT_SSL_KEY_ALIAS: "server",
        MQTT_SSL_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "true",
      },
      storePasswords: ["MQTT_SSL_KEY_STORE_PASSWORD", "MQTT_SSL_KEY_PASSWORD"],
    },
    {
      product,
      listener: "http",
      port: 8443,
      pem: {
        SSL_ENABLED: "true",
        HTTP_BIND_PORT: "8443",
        SSL_CREDENTIALS_TYPE: "PEM",
        SSL_PEM_CERT: "/ssl-config/server.pem",
        SSL_PEM_KEY: "/ssl-config/mqttserver_key.pem",
        SSL_PEM_KEY_PASSWORD: "",
      },
      pemPassword: "SSL_PEM_KEY_PASSWORD",
      store: {
        SSL_ENABLED: "true",
        HTTP_BIND_PORT: "8443",
        SSL_CREDENTIALS_TYPE: "KEYSTORE",
        SSL_KEY_STORE_TYPE: "PKCS12",
        SSL_KEY_STORE: "/ssl-config/keystore.p12",
        SSL_KEY_ALIAS: "server",
      },
      storePasswords: ["SSL_KEY_STORE_PASSWORD", "SSL_KEY_PASSWORD"],
    },
    {
      product,
      listener: "coap",
      port: 5684,
      skip: false,
      pem: {
        COAP_DTLS_ENABLED: "true",
        COAP_DTLS_BIND_PORT: "5684",
        COAP_DTLS_CREDENTIALS_TYPE: "PEM",
        COAP_DTLS_PEM_CERT: "/ssl-config/server.pem",
        COAP_DTLS_PEM_KEY: "/ssl-config/mqttserver_key.pem",
        COAP_DTLS_PEM_KEY_PASSWORD: "",
        TB_COAP_X509_DTLS_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "false",
      },
      pemPassword: "COAP_DTLS_PEM_KEY_PASSWORD",
      store: {
        COAP_DTLS_ENABLED: "true",
        COAP_DTLS_BIND_PORT: "5684",
        COAP_DTLS_CREDENTIALS_TYPE: "KEYSTORE",
        COAP_DTLS_KEY_STORE_TYPE: "PKCS12",
        COAP_DTLS_KEY_STORE: "/ssl-config/keystore.p12",
        COAP_DTLS_KEY_ALIAS: "server",
        TB_COAP_X509_DTLS_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "false",
      },
      storePasswords: [
        "COAP_DTLS_KEY_STORE_PASSWORD",
        "COAP_DTLS_KEY_PASSWORD",
      ],
    },
    {
      product,
      listener: "lwm2m",
      port: 5686,
      skip: false,
      pem: {
        LWM2M_SERVER_CREDENTIALS_ENABLED: "true",
        LWM2M_SECURITY_BIND_PORT: "5686",
        LWM2M_SERVER_CREDENTIALS_TYPE: "PEM",
        LWM2M_SERVER_PEM_CERT: "/ssl-config/server.pem",
        LWM2M_SERVER_PEM_KEY: "/ssl-config/mqttserver_key.pem",
        LWM2M_SERVER_PEM_KEY_PASSWORD: "",
        TB_LWM2M_SERVER_SECURITY_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "false",
      },
      pemPassword: "LWM2M_SERVER_PEM_KEY_PASSWORD",
      store: {
        LWM2M_SERVER_CREDENTIALS_ENABLED: "true",
        LWM2M_SECURITY_BIND_PORT: "5686",
        LWM2M_SERVER_CREDENTIALS_TYPE: "KEYSTORE",
        LWM2M_SERVER_KEY_STORE_TYPE: "PKCS12",
        LWM2M_SERVER_KEY_STORE: "/ssl-config/keystore.p12",
        LWM2M_SERVER_KEY_ALIAS: "server",
        TB_LWM2M_SERVER_SECURITY_SKIP_VALIDITY_CHECK_FOR_CLIENT_CERT: "false",
      },
      storePasswords: [
        "LWM2M_SERVER_KEY_STORE_PASSWORD",
        "LWM2M_SERVER_KEY_PASSWORD",
      ],
    },
    {
      product,
      listener: "lwm2mBootstrap",
      port: 5688,
      pem: {
        LWM2M_BS_CREDENTIALS_ENABLED: "true",
        LWM2M_BS_SECURITY_BIND_PORT: "5688",
        LWM2M_BS_CREDENTIALS_TYPE: "PEM",
        LWM2M_BS_PEM_CERT: "/ssl-config/server.pem",
        LWM2M_BS_PEM_KEY: "/ssl-config/mqttserver_key.pem",
        LWM2M_BS_PEM_KEY_PASSWORD: "",
      },
      pemPassword: "LWM2M_BS_PEM_KEY_PASSWORD",
      store: {
        LWM2M_BS_CREDENTIALS_ENABLED: "true",
        LWM2M_BS_SECURITY_BIND_PORT: "5688",
        LWM2M_BS_CREDENTIALS_TYPE: "KEYSTORE",
        LWM2M_BS_KEY_STORE_TYPE: "PKCS12",
        LWM2M_BS_KEY_STORE: "/ssl-config/keystore.p12",
        LWM2M_BS_KEY_ALIAS: "server",
      },
      storePasswords: ["LWM2M_BS_KEY_STORE_PASSWORD", "LWM2M_BS_KEY_PASSWORD"],
    },
  ]),
  {
    product: "thingsboard",
    listener: "edgeRpc",
    port: 7070,
    pem: {
      EDGES_RPC_SSL_ENABLED: "true",
      EDGES_RPC_PORT: "7070",
      EDGES_RPC_SSL_CERT: "/ssl-config/server.pem",
      EDGES_RPC_SSL_PRIVATE_KEY: "/ssl-config/mqttserver_key.pem",
      // EDGES_RPC_SSL_KEY_PASSWORD is empty where nobody says.
    },
    pemPassword: "EDGES_RPC_SSL_KEY_PASSWORD",
  },
  ...(
    [
      ["mqtt", "LISTENER_SSL", 8883],
      ["wss", "LISTENER_WSS", 8085],
    ] as const
  ).map(([listener, prefix, port]): Row => ({
    product: "tbmq",
    listener,
    port,
    pem: {
      [`${prefix}_ENABLED`]: "true",
      [`${prefix}_BIND_PORT`]: String(port),
      [`${prefix}_CREDENTIALS_TYPE`]: "PEM",
      [`${prefix}_PEM_CERT`]: "/ssl-config/server.pem",
      [`${prefix}_PEM_KEY`]: "/ssl-config/mqttserver_key.pem",
      [`${prefix}_PEM_KEY_PASSWORD`]: "",
    },
    pemPassword: `${prefix}_PEM_KEY_PASSWORD`,
    store: {
      [`${prefix}_ENABLED`]: "true",
      [`${prefix}_BIND_PORT`]: String(port),
      [`${prefix}_CREDENTIALS_TYPE`]: "KEYSTORE",
      [`${prefix}_KEY_STORE_TYPE`]: "PKCS12",
      [`${prefix}_KEY_STORE`]: "/ssl-config/keystore.p12",
      [`${prefix}_KEY_ALIAS`]: "server",
    },
    storePasswords: [`${prefix}_KEY_STORE_PASSWORD`, `${prefix}_KEY_PASSWORD`],
  })),
];

describe.each(ROWS)("$product, $listener", (row) => {
  const { product, listener, port, skip } = row;
  const order = {
    listener,
    port,
    ...(skip !== undefined && { skipClientValidityCheck: skip }),
  };

  test("with PEM files, the password set to none: its default would be tried on the key", () => {
    expect(variablesOf(product, [{ ...order, files: PEM }])).toEqual(row.pem);
    expect(passwordVariables(product, listener, PEM)).toEqual([]);
  });

  test("with an encrypted key, the password is a secret and in no public variable", () => {
    const files = { ...PEM, encrypted: true };
    const { [row.pemPassword]: _, ...others } = row.pem;
    expect(variablesOf(product, [{ ...order, files }])).toEqual(others);
    expect(passwordVariables(product, listener, files)).toEqual([
      row.pemPassword,
    ]);
  });

  test("with a key store, where there can be one", () => {
    if (row.store === undefined) {
      expect(passwordVariables(product, listener, STORE)).toEqual([]);
      return;
    }
    expect(variablesOf(product, [{ ...order, files: STORE }])).toEqual(
      row.store,
    );
    expect(passwordVariables(product, listener, STORE)).toEqual(
      row.storePasswords,
    );
  });

  test("every variable is known to be that listener's", () => {
    const reader = listener === "lwm2mBootstrap" ? "lwm2m" : listener;
    const names = [
      ...Object.keys(row.pem),
      ...Object.keys(row.store ?? {}),
      row.pemPassword,
      ...(row.storePasswords ?? []),
    ];
    expect(names.map(listenerOf)).toEqual(names.map(() => reader));
  });
});

test("no listener of a product is missing in that table, and no product has another's", () => {
  for (const product of Object.values(ThingsBoardProduct)) {
    const listeners = Object.values(ThingsBoardListener);
    expect(listeners.filter((one) => hasListener(product, one)).sort()).toEqual(
      ROWS.filter((row) => row.product === product)
        .map(({ listener }) => listener)
        .concat(product === "tbmq" ? ["http"] : [])
        .sort(),
    );
  }
  expect(hasListener("nothing", "mqtt")).toBe(false);
  expect(hasListener("tbmq", "toString")).toBe(false);
  expect(() => variablesOf("tbmq", [{ listener: "coap", files: PEM }])).toThrow(
    RangeError,
  );
});

test("what is left out is said by no variable", () => {
  expect(
    Object.keys(variablesOf("thingsboard", [{ listener: "http", files: PEM }])),
  ).not.toContain("HTTP_BIND_PORT");
});

test("ports where nobody says", () => {
  expect(
    [
      ["thingsboard", "mqtt"],
      ["thingsboard", "http"],
      ["edge", "coap"],
      ["edge", "lwm2m"],
      ["edge", "lwm2mBootstrap"],
      ["thingsboard", "edgeRpc"],
      ["tbmq", "mqtt"],
      ["tbmq", "http"],
      ["tbmq", "wss"],
      ["tbmq", "coap"],
    ].map(([product = "", listener = ""]) => defaultPort(product, listener)),
  ).toEqual([8883, 8080, 5684, 5686, 5688, 7070, 8883, 8083, 8085, 0]);
});

test("LwM2M's trusted CAs", () => {
  expect(lwm2mTrust("/mqtt-device-ca/ca-bundle.pem")).toEqual({
    LWM2M_TRUST_CREDENTIALS_ENABLED: "true",
    LWM2M_TRUST_CREDENTIALS_TYPE: "PEM",
    LWM2M_TRUST_PEM_CERT: "/mqtt-device-ca/ca-bundle.pem",
  });
  expect(listenerOf("LWM2M_TRUST_PEM_CERT")).toBe("lwm2m");
});

test("what users are shown, of one protocol or of two", () => {
  const certificates = "/mqtt-ca/ca-bundle.pem";
  const mqtts = { host: "mqtt.example.com", port: 8883 };
  const coaps = { host: "coap.example.com", port: 5684 };
  const shown = {
    DEVICE_CONNECTIVITY_MQTTS_ENABLED: "true",
    DEVICE_CONNECTIVITY_MQTTS_HOST: "mqtt.example.com",
    DEVICE_CONNECTIVITY_MQTTS_PORT: "8883",
    DEVICE_CONNECTIVITY_MQTTS_CA_ROOT_CERT: "/mqtt-ca/ca-bundle.pem",
  };
  expect(connectivityOf({ certificates, mqtts })).toEqual(shown);
  expect(connectivityOf({ certificates, mqtts, coaps })).toEqual({
    ...shown,
    DEVICE_CONNECTIVITY_COAPS_ENABLED: "true",
    DEVICE_CONNECTIVITY_COAPS_HOST: "coap.example.com",
    DEVICE_CONNECTIVITY_COAPS_PORT: "5684",
    DEVICE_CONNECTIVITY_COAPS_CA_ROOT_CERT: "/mqtt-ca/ca-bundle.pem",
  });
  expect(Object.keys(shown).map(listenerOf)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("a variable of something else is nobody's", () => {
  for (const name of ["TB_KAFKA_SSL_ENABLED", "XMQTT_SSL_ENABLED", ""]) {
    expect(listenerOf(name)).toBeUndefined();
  }
});
