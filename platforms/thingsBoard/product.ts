/** Programs of ThingsBoard that serve MQTT over TLS, for `ThingsBoardMqttArgs.product`. */
export const ThingsBoardProduct = {
  /** ThingsBoard, Community and Professional Edition: `tb-node`, alone or with its transports. */
  ThingsBoard: "thingsboard",
  /** ThingsBoard Edge: `tb-edge`. */
  Edge: "edge",
  /** TBMQ, the broker by itself. */
  Tbmq: "tbmq",
} as const;

/** How a listener is given certificate and key, for `ThingsBoardMqttArgs.credentialsType`. */
export const ThingsBoardCredentials = {
  /** Two PEM files: the chain and the key. */
  Pem: "PEM",
  /** One file with both, PKCS12. */
  Keystore: "KEYSTORE",
} as const;

/** What serves TLS or DTLS in a process of ThingsBoard's, and has variables of its own. */
export const ThingsBoardListener = {
  Mqtt: "mqtt",
  /** The web interface and the REST API. */
  Http: "http",
  /** CoAP over DTLS. */
  Coap: "coap",
  /** LwM2M over DTLS. */
  Lwm2m: "lwm2m",
  /** The bootstrap server of LwM2M. */
  Lwm2mBootstrap: "lwm2mBootstrap",
  /** gRPC, by which ThingsBoard Edge reaches `tb-node`. */
  EdgeRpc: "edgeRpc",
  /** MQTT over WebSocket, of TBMQ. */
  Wss: "wss",
} as const;
