import type {
  PlannedListener,
  ThingsBoardPlan,
} from "../../../platforms/thingsBoard/plan";
import { planProblems } from "../../../platforms/thingsBoard/plan";

const MQTT: PlannedListener = {
  listener: "mqtt",
  path: "",
  portPath: "bindPort",
  port: 8883,
  serverPath: "server",
};
const PLAN: ThingsBoardPlan = {
  product: "thingsboard",
  credentialsType: "PEM",
  listeners: [MQTT],
  mounts: [
    { path: "mountPath", mountPath: "/ssl-config", volume: "mqtts" },
    { path: "bundleMountPath", mountPath: "/mqtt-ca", volume: "ca" },
  ],
  hosts: {},
  shownPorts: {},
  has: {
    keystore: false,
    brokerSecretName: false,
    skipClientValidityCheck: false,
    connectivity: false,
    deviceAuthority: false,
    edgeRpcPassphrase: false,
    lwm2mBootstrapPort: false,
    lwm2mBootstrap: false,
  },
};

function listener(
  name: string,
  more: Partial<PlannedListener> = {},
): PlannedListener {
  return {
    listener: name,
    path: name,
    portPath: `${name}.port`,
    serverPath: "server",
    ...more,
  };
}

function parts(has: Partial<ThingsBoardPlan["has"]>): ThingsBoardPlan["has"] {
  return { ...PLAN.has, ...has };
}

test("nothing is wrong with what is asked for most", () => {
  expect(planProblems(PLAN)).toEqual([]);
});

const DTLS_RSA = { keyAlgorithm: "RSA" };

/** What is asked for, and what is said of it. */
const REFUSED: readonly [
  string,
  Partial<ThingsBoardPlan>,
  readonly string[],
][] = [
  [
    "a product that is none",
    { product: "thingsbored" },
    [
      'product: "thingsbored" is not known here; write "thingsboard" or "edge" or "tbmq".',
    ],
  ],
  [
    "a credentials type that is none",
    { credentialsType: "JKS" },
    ['credentialsType: "JKS" is not known here; write "PEM" or "KEYSTORE".'],
  ],
  [
    "all of it at once",
    { product: "x", credentialsType: "y", hosts: { "connectivity.host": "" } },
    ["product: ", "credentialsType: ", "connectivity.host: "],
  ],
  [
    "what TBMQ has not",
    {
      product: "tbmq",
      listeners: [
        MQTT,
        listener("http"),
        listener("wss"),
        listener("coap"),
        listener("lwm2m"),
        listener("lwm2mBootstrap", { path: "lwm2m.bootstrap" }),
        listener("edgeRpc"),
      ],
      has: parts({ connectivity: true, skipClientValidityCheck: true }),
    },
    [
      "coap: TBMQ serves none; leave it out.",
      "lwm2m: TBMQ serves none; leave it out.",
      "lwm2m.bootstrap: TBMQ serves none; leave it out.",
      "edgeRpc: TBMQ serves none; leave it out.",
      "connectivity: TBMQ shows nobody how devices connect; leave it out.",
      "skipClientValidityCheck: is a setting of TBMQ's X.509 provider, in its user interface; leave it out.",
    ],
  ],
  [
    "what Edge has not",
    {
      product: "edge",
      listeners: [MQTT, listener("edgeRpc"), listener("wss")],
    },
    [
      "edgeRpc: ThingsBoard Edge serves none; leave it out.",
      "wss: ThingsBoard Edge serves none; leave it out.",
    ],
  ],
  [
    "a Secret of TBMQ's for ThingsBoard",
    { has: parts({ brokerSecretName: true }) },
    [
      "brokerSecretName: names a Secret of TBMQ's, and ThingsBoard loads the server's; leave it out.",
    ],
  ],
  [
    "a Secret of PEM files for a key store",
    {
      product: "tbmq",
      credentialsType: "KEYSTORE",
      has: parts({ brokerSecretName: true, keystore: true }),
    },
    ["brokerSecretName: names a Secret of PEM files"],
  ],
  [
    "a key store without a password, and one without a use",
    { credentialsType: "KEYSTORE" },
    [
      "keystore: is missing; write the password of the key store, { password }.",
    ],
  ],
  [
    "a key store for PEM",
    { has: parts({ keystore: true }) },
    ['keystore: is given, and credentialsType is "PEM"; '],
  ],
  [
    "a port of what is not served",
    { has: parts({ lwm2mBootstrapPort: true }) },
    ["lwm2m.bootstrapPort: is given, and lwm2m.bootstrap is not true; "],
  ],
  [
    "a version without PEM",
    { version: "3.3.1" },
    ["credentialsType: PEM files are read since version 3.3.2, "],
  ],
  [
    "a version that is none",
    { version: "newest" },
    ['version: "newest" is no'],
  ],
  [
    "paths that are relative, or lead back",
    {
      mounts: [
        { path: "mountPath", mountPath: "ssl-config", volume: "a" },
        { path: "http.mountPath", mountPath: "/a/../b", volume: "b" },
        { path: "coap.mountPath", mountPath: "/a:ro", volume: "c" },
      ],
    },
    [
      'mountPath: "ssl-config" is no absolute path; ThingsBoard reloads',
      'http.mountPath: "/a/../b" is no absolute path; ',
      'coap.mountPath: "/a:ro" is no absolute path; ',
    ],
  ],
  [
    "one path for two volumes, said once",
    {
      mounts: [
        { path: "mountPath", mountPath: "/x", volume: "a" },
        { path: "mountPath", mountPath: "/x", volume: "a" },
        { path: "bundleMountPath", mountPath: "/x", volume: "b" },
      ],
    },
    ['bundleMountPath: "/x" is where mountPath goes, too; write two paths.'],
  ],
  [
    "ports that are none",
    {
      listeners: [{ ...MQTT, port: 0 }, listener("coap", { port: 70_000 })],
      shownPorts: { "connectivity.mqttsPort": 1.5 },
    },
    [
      "bindPort: 0 is no port; write 1 to 65535, usually 8883.",
      "coap.port: 70000 is no port; write 1 to 65535, usually 5684.",
      "connectivity.mqttsPort: 1.5 is no port; ",
    ],
  ],
  [
    "one port for two listeners of the same protocol",
    {
      listeners: [
        MQTT,
        listener("http", { port: 8883 }),
        listener("coap", { port: 5684 }),
        listener("lwm2m", { port: 5684 }),
      ],
    },
    [
      "http.port: 8883 is that of bindPort, too; write another one.",
      "lwm2m.port: 5684 is that of coap.port, too; write another one.",
    ],
  ],
  [
    "ports that the plain protocols keep",
    {
      listeners: [
        { ...MQTT, port: 1883 },
        listener("coap", { port: 5683 }),
        listener("lwm2m", { port: 5685 }),
        listener("lwm2mBootstrap", { port: 5687 }),
      ],
    },
    [
      "bindPort: 1883 stays open without TLS; write another one, usually 8883.",
      "coap.port: 5683 stays open without TLS",
      "lwm2m.port: 5685 stays open without TLS",
      "lwm2mBootstrap.port: 5687 stays open without TLS",
    ],
  ],
  [
    "DTLS with another key than an EC one, shared or its own",
    {
      listeners: [
        { ...MQTT, ...DTLS_RSA },
        listener("coap", DTLS_RSA),
        listener("lwm2m", {
          keyAlgorithm: "ED25519",
          serverPath: "lwm2m.server",
        }),
        listener("lwm2mBootstrap", { ...DTLS_RSA, path: "lwm2m.bootstrap" }),
      ],
    },
    [
      "coap: DTLS needs an EC key, and that of server is RSA; give coap.server, ",
      "lwm2m.server: has a key of kind ED25519, and DTLS needs an EC key; ",
      "lwm2m.bootstrap: DTLS needs an EC key, and that of server is RSA; give lwm2m.server, ",
    ],
  ],
  [
    "hosts that are a URL, or have a port",
    {
      hosts: {
        "connectivity.host": "mqtts://mqtt.example.com",
        "connectivity.coapsHost": "coap.example.com:5684",
      },
    },
    ["connectivity.host: ", "connectivity.coapsHost: "],
  ],
  [
    "a host that could be mistaken for an address, and a port behind an address",
    {
      hosts: {
        "connectivity.host": "cafe:8883",
        "connectivity.coapsHost": "2001:db8:::1",
      },
    },
    ["connectivity.host: ", "connectivity.coapsHost: "],
  ],
];

test.each(REFUSED)("%s", (_what, changes, expected) => {
  const problems = planProblems({ ...PLAN, ...changes });
  expect(problems).toHaveLength(expected.length);
  for (const [index, beginning] of expected.entries()) {
    expect(problems[index]?.slice(0, beginning.length)).toBe(beginning);
  }
});

test("UDP and TCP do not share their ports, nor does one volume collide with itself", () => {
  expect(
    planProblems({
      ...PLAN,
      listeners: [
        MQTT,
        listener("coap", { port: 8883, keyAlgorithm: "ECDSA" }),
      ],
    }),
  ).toEqual([]);
});

test.each([
  "mqtt.example.com",
  "mqtt.example.com.",
  "localhost",
  "192.0.2.7",
  "2001:db8::7",
  "::ffff:192.0.2.7",
])("%s is a host", (host) => {
  expect(
    planProblems({ ...PLAN, hosts: { "connectivity.host": host } }),
  ).toEqual([]);
});

test.each([
  "",
  " ",
  "a b",
  "-a.example.com",
  "a_b",
  "a..b",
  "x".repeat(64),
  "a/b",
])("%j is none", (host) => {
  expect(
    planProblems({ ...PLAN, hosts: { "connectivity.host": host } }),
  ).toHaveLength(1);
});
