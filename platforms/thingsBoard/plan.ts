import { isIPv6 } from "node:net";
import {
  ThingsBoardCredentials,
  ThingsBoardListener,
  ThingsBoardProduct,
} from "./product";
import { defaultPort, hasListener, plainPort } from "./variables";
import { versionProblems } from "./version";

/** What a process of ThingsBoard's is to serve, with the property path of each thing, to be judged as a whole. */
export interface ThingsBoardPlan {
  /** One of `ThingsBoardProduct`. */
  readonly product: string;
  /** One of `ThingsBoardCredentials`. */
  readonly credentialsType: string;
  readonly version?: string | undefined;
  readonly listeners: readonly PlannedListener[];
  readonly mounts: readonly PlannedMount[];
  /** Hosts that users are shown, by property path. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Ports that users are shown, by property path. */
  readonly shownPorts: Readonly<Record<string, number>>;
  readonly has: PlannedParts;
}

/** A listener that is asked for. */
export interface PlannedListener {
  /** One of `ThingsBoardListener`. */
  readonly listener: string;
  /** Under which the user asked for it; empty for MQTT, which is always there. */
  readonly path: string;
  readonly portPath: string;
  readonly port?: number | undefined;
  /** `ECDSA`, `RSA`, …; left out where nobody knows. */
  readonly keyAlgorithm?: string | undefined;
  /** Property path of the certificate. */
  readonly serverPath: string;
}

/** A volume. */
export interface PlannedMount {
  readonly path: string;
  readonly mountPath: string;
  /** What tells its volume from others. */
  readonly volume: string;
}

/** Which arguments are there that not every product or credentials type has a use for. */
export interface PlannedParts {
  readonly keystore: boolean;
  readonly brokerSecretName: boolean;
  readonly skipClientValidityCheck: boolean;
  readonly connectivity: boolean;
  readonly deviceAuthority: boolean;
  readonly edgeRpcPassphrase: boolean;
  readonly lwm2mBootstrapPort: boolean;
  readonly lwm2mBootstrap: boolean;
}

/** What each product is called in a sentence. */
const CALLED: Readonly<Record<string, string>> = {
  [ThingsBoardProduct.ThingsBoard]: "ThingsBoard",
  [ThingsBoardProduct.Edge]: "ThingsBoard Edge",
  [ThingsBoardProduct.Tbmq]: "TBMQ",
};

/** Listeners whose stack, Californium, is documented with EC keys only. */
const DTLS: readonly string[] = [
  ThingsBoardListener.Coap,
  ThingsBoardListener.Lwm2m,
  ThingsBoardListener.Lwm2mBootstrap,
];

/** Every mistake in a plan, `<property path>: <what is wrong>; <what to write instead>`; empty where there is none. */
export function planProblems(plan: ThingsBoardPlan): string[] {
  const { product, credentialsType } = plan;
  const known = {
    ...choiceProblem("product", product, ThingsBoardProduct),
    ...choiceProblem(
      "credentialsType",
      credentialsType,
      ThingsBoardCredentials,
    ),
  };
  return [
    ...Object.values(known),
    // Of a product that is none there is nothing to say.
    ...(known.product === undefined ? productProblems(plan) : []),
    ...credentialsProblems(plan),
    ...plan.mounts.flatMap((mount, index) =>
      mountProblems(mount, plan.mounts.slice(0, index)),
    ),
    ...portProblems(plan),
    ...plan.listeners.flatMap(keyProblems),
    ...Object.entries(plan.hosts).flatMap(([path, host]) =>
      isHost(host)
        ? []
        : [
            `${path}: ${JSON.stringify(host)} is no host name or address; write the one that devices use, without scheme and port, such as "mqtt.example.com".`,
          ],
    ),
  ];
}

function choiceProblem(
  path: string,
  value: string,
  choices: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const names = Object.values(choices);
  return names.includes(value)
    ? {}
    : {
        [path]: `${path}: ${JSON.stringify(value)} is not known here; write ${names.map((name) => JSON.stringify(name)).join(" or ")}.`,
      };
}

function productProblems(plan: ThingsBoardPlan): string[] {
  const { product, listeners, has, version, credentialsType } = plan;
  const called = CALLED[product] ?? product;
  const isTbmq = product === ThingsBoardProduct.Tbmq;
  const unused = (is: boolean, path: string, why: string): string[] =>
    is ? [`${path}: ${why}; leave it out.`] : [];
  return [
    ...listeners
      .filter(({ listener }) => !hasListener(product, listener))
      .map(({ path }) => `${path}: ${called} serves none; leave it out.`),
    ...unused(
      isTbmq && has.connectivity,
      "connectivity",
      "TBMQ shows nobody how devices connect",
    ),
    ...unused(
      isTbmq && has.skipClientValidityCheck,
      "skipClientValidityCheck",
      "is a setting of TBMQ's X.509 provider, in its user interface",
    ),
    ...unused(
      !isTbmq && has.brokerSecretName,
      "brokerSecretName",
      `names a Secret of TBMQ's, and ${called} loads the server's`,
    ),
    ...versionProblems(product, version, {
      pem: credentialsType === ThingsBoardCredentials.Pem,
      chainProvisioning: has.deviceAuthority,
      connectivity: has.connectivity,
      edgeRpcPassphrase: has.edgeRpcPassphrase,
    }),
  ];
}

function credentialsProblems({
  credentialsType,
  product,
  has,
}: ThingsBoardPlan): string[] {
  const isKeystore = credentialsType === ThingsBoardCredentials.Keystore;
  return [
    ...(isKeystore && !has.keystore
      ? [
          "keystore: is missing; write the password of the key store, { password }.",
        ]
      : []),
    ...(!isKeystore && has.keystore
      ? [
          'keystore: is given, and credentialsType is "PEM"; write "KEYSTORE" there, or leave it out.',
        ]
      : []),
    ...(isKeystore &&
    product === ThingsBoardProduct.Tbmq &&
    has.brokerSecretName
      ? [
          "brokerSecretName: names a Secret of PEM files, and there is none; write keystore.secretName.",
        ]
      : []),
    ...(has.lwm2mBootstrapPort && !has.lwm2mBootstrap
      ? [
          "lwm2m.bootstrapPort: is given, and lwm2m.bootstrap is not true; leave one of the two out.",
        ]
      : []),
  ];
}

function mountProblems(
  { path, mountPath, volume }: PlannedMount,
  before: readonly PlannedMount[],
): string[] {
  if (
    !/^\/[^\s:]*[^/\s:]$/.test(mountPath) ||
    /\/\.{1,2}(\/|$)/.test(mountPath)
  ) {
    return [
      `${path}: ${JSON.stringify(mountPath)} is no absolute path; ThingsBoard reloads files under absolute paths only, and Kubernetes takes no colon. Write "/ssl-config".`,
    ];
  }
  const other = before.find(
    (one) => one.mountPath === mountPath && one.volume !== volume,
  );
  return other === undefined
    ? []
    : [
        `${path}: ${JSON.stringify(mountPath)} is where ${other.path} goes, too; write two paths.`,
      ];
}

function portProblems(plan: ThingsBoardPlan): string[] {
  const { listeners, product, shownPorts } = plan;
  const isPort = (port: number): boolean =>
    Number.isInteger(port) && port >= 1 && port <= 65535;
  const seen = new Map<string, string>();
  return [
    ...listeners.flatMap(({ listener, port, portPath }) => {
      if (port === undefined) {
        return [];
      }
      if (!isPort(port)) {
        return [
          `${portPath}: ${port} is no port; write 1 to 65535, usually ${defaultPort(product, listener)}.`,
        ];
      }
      if (port === plainPort(product, listener)) {
        return [
          `${portPath}: ${port} stays open without TLS; write another one, usually ${defaultPort(product, listener)}. A Service can lead its port ${port} there.`,
        ];
      }
      // TCP and UDP have ports of their own.
      const place = `${DTLS.includes(listener)} ${port}`;
      const other = seen.get(place);
      seen.set(place, other ?? portPath);
      return other === undefined
        ? []
        : [`${portPath}: ${port} is that of ${other}, too; write another one.`];
    }),
    ...Object.entries(shownPorts).flatMap(([path, port]) =>
      isPort(port)
        ? []
        : [
            `${path}: ${port} is no port; write the one by which devices come in, 1 to 65535.`,
          ],
    ),
  ];
}

function keyProblems({
  listener,
  keyAlgorithm,
  path,
  serverPath,
}: PlannedListener): string[] {
  return keyAlgorithm === undefined ||
    keyAlgorithm === "ECDSA" ||
    !DTLS.includes(listener)
    ? []
    : [
        serverPath === "server"
          ? `${path}: DTLS needs an EC key, and that of server is ${keyAlgorithm}; give ${path.split(".")[0] ?? path}.server, a certificate with an ECDSA key.`
          : `${serverPath}: has a key of kind ${keyAlgorithm}, and DTLS needs an EC key; give a certificate with an ECDSA key.`,
      ];
}

const HOST_LABEL = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/;

function isHost(host: string): boolean {
  return (
    host.length <= 253 &&
    (host
      .replace(/\.$/, "")
      .split(".")
      .every((label) => HOST_LABEL.test(label)) ||
      isIPv6(host))
  );
}
