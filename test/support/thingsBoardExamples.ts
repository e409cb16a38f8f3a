/** What each example renders. */
export interface RenderedExample {
  readonly example: string;
  readonly namespace: string;
  /** Under which devices reach the broker. */
  readonly host: string;
  /** The Secret that is mounted at /ssl-config. */
  readonly secret: string;
  readonly environment: string;
  /** Beginning of its variables. */
  readonly prefix: string;
  /** Overlays, each with the workload it patches. */
  readonly overlays: Readonly<Record<string, string>>;
  /** Annotations of the pods that serve MQTT, by the ends of their names. */
  readonly annotations: readonly string[];
  /** Does the broker validate devices, by the CAs of its own file? */
  readonly validates: boolean;
}

/** The examples of ThingsBoard, Edge and TBMQ. */
export const THINGSBOARD_EXAMPLES: readonly RenderedExample[] = [
  {
    example: "thingsboard-aws",
    namespace: "thingsboard",
    host: "mqtt.example.com",
    secret: "tb-mqtts",
    environment: "tb-mqtts-env",
    prefix: "MQTT_SSL",
    overlays: { transport: "tb-mqtt-transport", node: "tb-node" },
    annotations: ["certificate-sha256", "configuration-sha256"],
    validates: false,
  },
  {
    example: "thingsboard-minikube",
    namespace: "thingsboard",
    host: "localhost",
    secret: "tb-mqtts",
    environment: "tb-mqtts-env",
    prefix: "MQTT_SSL",
    overlays: { transport: "tb-mqtt-transport" },
    annotations: ["configuration-sha256"],
    validates: false,
  },
  {
    example: "thingsboard-edge",
    namespace: "thingsboard-edge",
    host: "edge.example.com",
    secret: "tb-edge-mqtts",
    environment: "tb-edge-mqtts-env",
    prefix: "MQTT_SSL",
    overlays: { "tb-edge": "tb-edge" },
    annotations: [
      "bundle-sha256",
      "configuration-sha256",
      "connectivity-sha256",
    ],
    validates: false,
  },
  {
    example: "thingsboard-tbmq",
    namespace: "thingsboard-mqtt-broker",
    host: "mqtt.example.com",
    secret: "tbmq-mqtts",
    environment: "tbmq-mqtts-env",
    prefix: "LISTENER_SSL",
    overlays: { tbmq: "tbmq" },
    annotations: ["certificate-sha256", "configuration-sha256"],
    validates: true,
  },
];
