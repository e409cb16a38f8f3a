import type { WorkloadContent } from "../../../platforms/thingsBoard/workloadPatch";
import {
  literals,
  podPatch,
  servicePorts,
} from "../../../platforms/thingsBoard/workloadPatch";
import {
  KeyFileAccess,
  ThingsBoardManifest,
  ThingsBoardRole,
  shapeOf,
} from "../../../platforms/thingsBoard/workloadShape";

/** Every listener that there is, with a volume of its own where it has a certificate of its own. */
const CONTENT: WorkloadContent = {
  environment: {
    MQTT_SSL_ENABLED: "true",
    MQTT_SSL_PEM_CERT: "/ssl-config/server.pem",
    SSL_ENABLED: "true",
    COAP_DTLS_ENABLED: "true",
    LWM2M_SERVER_CREDENTIALS_ENABLED: "true",
    EDGES_RPC_SSL_ENABLED: "true",
  },
  configMapName: "tls-env",
  secretEnvironmentNames: ["MQTT_SSL_PEM_KEY_PASSWORD", "SSL_PEM_KEY_PASSWORD"],
  environmentSecretName: "tls-env-secret",
  connectivityEnvironment: { DEVICE_CONNECTIVITY_MQTTS_ENABLED: "true" },
  connectivityConfigMapName: "connectivity",
  mounts: [
    mount("mqtts", "Secret", "/ssl-config", ["mqtt"]),
    mount("https", "Secret", "/https-config", ["http", "edgeRpc"]),
    mount("coaps", "Secret", "/coap-config", ["coap", "lwm2m"]),
    mount("ca", "ConfigMap", "/mqtt-ca", ["connectivity"]),
  ],
  ports: {
    mqtts: 8883,
    https: 8443,
    coaps: 5684,
    lwm2ms: 5686,
    "lwm2ms-bs": 5688,
  },
};

function mount(
  name: string,
  kind: string,
  mountPath: string,
  listeners: readonly string[],
) {
  return { name, kind, objectName: `${name}-object`, mountPath, listeners };
}

function patchFor(
  role: string,
  keyFileAccess: string = KeyFileAccess.Everyone,
) {
  return podPatch(CONTENT, { container: "server", role, keyFileAccess });
}

test.each([
  [
    ThingsBoardRole.MqttTransport,
    ["MQTT_SSL_ENABLED", "MQTT_SSL_PEM_CERT", "MQTT_SSL_PEM_KEY_PASSWORD"],
    ["mqtts"],
    ["8883/TCP mqtts"],
  ],
  [
    ThingsBoardRole.Core,
    [
      "SSL_ENABLED",
      "EDGES_RPC_SSL_ENABLED",
      "SSL_PEM_KEY_PASSWORD",
      "DEVICE_CONNECTIVITY_MQTTS_ENABLED",
    ],
    ["https", "ca"],
    ["8443/TCP https"],
  ],
  [
    ThingsBoardRole.CoapTransport,
    ["COAP_DTLS_ENABLED"],
    ["coaps"],
    ["5684/UDP coaps"],
  ],
  [
    ThingsBoardRole.Lwm2mTransport,
    ["LWM2M_SERVER_CREDENTIALS_ENABLED"],
    ["coaps"],
    ["5686/UDP lwm2ms", "5688/UDP lwm2ms-bs"],
  ],
])("%s takes what it serves, and no more", (role, names, volumes, ports) => {
  const { volumes: made = [], containers } = patchFor(role);
  const [container] = containers;
  expect(container?.env?.map(({ name }) => name)).toEqual(names);
  expect(made).toMatchObject(volumes.map((name) => ({ name })));
  expect(made).toHaveLength(volumes.length);
  expect(
    container?.ports?.map(
      ({ containerPort, protocol, name }) =>
        `${containerPort}/${protocol} ${name}`,
    ),
  ).toEqual(ports);
});

test("a monolith takes everything", () => {
  const { volumes, containers } = patchFor(ThingsBoardRole.Monolith);
  expect(volumes).toHaveLength(CONTENT.mounts.length);
  expect(containers[0]?.env).toHaveLength(9);
  expect(containers[0]?.ports).toHaveLength(5);
  expect(Object.keys(literals(CONTENT, ThingsBoardRole.Monolith))).toHaveLength(
    7,
  );
});

test("variables come one by one from ConfigMap and Secret, never all at once; volumes whole", () => {
  const patch = patchFor(ThingsBoardRole.MqttTransport);
  expect(patch.containers[0]?.env).toEqual([
    {
      name: "MQTT_SSL_ENABLED",
      valueFrom: {
        configMapKeyRef: { name: "tls-env", key: "MQTT_SSL_ENABLED" },
      },
    },
    {
      name: "MQTT_SSL_PEM_CERT",
      valueFrom: {
        configMapKeyRef: { name: "tls-env", key: "MQTT_SSL_PEM_CERT" },
      },
    },
    {
      name: "MQTT_SSL_PEM_KEY_PASSWORD",
      valueFrom: {
        secretKeyRef: {
          name: "tls-env-secret",
          key: "MQTT_SSL_PEM_KEY_PASSWORD",
        },
      },
    },
  ]);
  const text = JSON.stringify(patch);
  expect(text).not.toMatch(/envFrom|subPath/);
  expect(patch.containers[0]?.volumeMounts).toEqual([
    { mountPath: "/ssl-config", name: "mqtts", readOnly: true },
  ]);
});

test("a key is readable for the process in the image, with and without a group", () => {
  expect(patchFor(ThingsBoardRole.MqttTransport)).toMatchObject({
    volumes: [{ secret: { defaultMode: 0o444, secretName: "mqtts-object" } }],
  });
  expect(
    patchFor(ThingsBoardRole.MqttTransport).securityContext,
  ).toBeUndefined();
  expect(
    patchFor(ThingsBoardRole.MqttTransport, KeyFileAccess.Group),
  ).toMatchObject({
    securityContext: { fsGroup: 799 },
    volumes: [{ secret: { defaultMode: 0o440 } }],
  });
  // A CA bundle is for everybody.
  const { volumes } = patchFor(ThingsBoardRole.Core, KeyFileAccess.Group);
  expect(volumes?.[1]).toEqual({
    name: "ca",
    configMap: { name: "ca-object", defaultMode: 0o444 },
  });
});

test("a workload that serves nothing of it gets its container's name only", () => {
  const nothing = {
    ...CONTENT,
    environment: {},
    secretEnvironmentNames: [],
    mounts: [],
    ports: {},
  };
  expect(
    podPatch(nothing, {
      container: "server",
      role: ThingsBoardRole.MqttTransport,
      keyFileAccess: KeyFileAccess.Group,
    }),
  ).toEqual({ containers: [{ name: "server" }] });
});

test("ports of a Service lead to those of the pods", () => {
  expect(servicePorts(CONTENT.ports, ThingsBoardRole.MqttTransport)).toEqual([
    { port: 8883, name: "mqtts", protocol: "TCP", targetPort: 8883 },
  ]);
});

test.each(Object.values(ThingsBoardManifest))("the manifest %s", (manifest) => {
  const shape = shapeOf(manifest);
  if (manifest === ThingsBoardManifest.Helm) {
    expect(shape).toBeUndefined();
    return;
  }
  expect(shape?.kind).toBe("StatefulSet");
  // Only those whose pods have the group can do with files for it.
  const hasGroup = /monolith|tbmq/.test(manifest);
  expect(shape?.keyFileAccess).toBe(
    hasGroup ? KeyFileAccess.Group : KeyFileAccess.Everyone,
  );
  expect(shape?.service !== undefined).toBe(
    /minikube|openshift/.test(manifest),
  );
});

test("names of what is no manifest", () => {
  for (const name of ["", "toString", "aws"]) {
    expect(shapeOf(name)).toBeUndefined();
  }
});
