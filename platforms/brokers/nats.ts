import type {
  BrokerDevice,
  BrokerFiles,
  BrokerGenerator,
  BrokerSettings,
} from "./broker";
import { BrokerIdentity, BrokerKind, ReloadWay } from "./broker";
import { filterOf, levelsOf } from "./topics";

const CONFIGURATION = "nats.conf";
const LIVE = "Open connections live on.";
// By its number: to look for the process by its name takes pgrep, which its image lacks.
const RELOAD = "nats-server --signal reload=1";

/** What MQTT within NATS needs beside a device's own topics: QoS 1 is delivered by, and QoS 2 released by, subjects of these. */
const DELIVERIES = ["$MQTT.sub.>", "$MQTT.deliver.pubrel.>"];

/**
 * NATS with its MQTT listener, 2.10 and later.
 *
 * Source: docs.nats.io, "MQTT", "TLS Authentication", "Permissions for MQTT";
 * which users a certificate is mapped to stands in `server/auth.go`.
 */
export const nats: BrokerGenerator = {
  kind: BrokerKind.Nats,
  title: "NATS server 2.10",
  paths: {
    server: "/mqtt/server",
    trust: "/mqtt/device-roots",
    crl: "/mqtt/crl",
    configuration: "/etc/nats",
    secret: "/mqtt/secret",
    data: "/data",
  },
  group: 1000,
  mainFile: CONFIGURATION,
  identities: [BrokerIdentity.CommonName, BrokerIdentity.None],
  readsRevocationList: false,
  needsDevices: "every device is a user, whom NATS finds by the whole subject",
  problems: ({ requireCertificate }) =>
    requireCertificate
      ? []
      : [
          "requireCertificate: false is nothing that the MQTT listener of NATS can do; it verifies every client or none. Leave it out.",
        ],
  generate: (settings): BrokerFiles => ({
    files: { [CONFIGURATION]: configurationOf(settings) },
    secretFiles: {},
    crlFiles: {},
    // One image begins with the program, the other puts it in front of an option.
    args: ["-c", `${settings.paths.configuration}/${CONFIGURATION}`],
    environment: {},
    secretEnvironment: {},
    reload: {
      certificate: signal(LIVE),
      trust: signal(
        "Open connections live on, those of devices whose root has gone among them.",
      ),
      configuration: signal(
        "Connections of devices that have gone, or whose topics have changed, are closed; the others live on. Another port or address needs a restart.",
      ),
    },
    caveats: [
      "There is no revocation list: to shut one device out, take it out of devices and reload.",
      "Certificates of devices need the extended key usage clientAuth, which those of this package have.",
      ...(settings.identity === BrokerIdentity.None
        ? []
        : [
            "A device is found by its e-mail, DNS and URI names first, and by its whole subject then: a device id that is the DNS name of another is nobody's, but do not write one device's subject into names of another.",
            "The client id is not compared with the certificate: a device that connects under the client id of another ends that one's connection.",
          ]),
      ...clientIdCaveats(settings),
      'Reload rereads certificate, roots and users; the log says "Reloaded server configuration", or why the old one stays.',
      "MQTT needs JetStream, and that a disk: data is to be a volume that outlives the pod.",
    ],
  }),
};

/** A client id is a part of subjects: none with a dot, and none with a wildcard, which ids of devices never hold. */
function clientIdCaveats({ devices }: BrokerSettings): string[] {
  const dotted = devices.filter(({ id }) => id.includes("."));
  const [first] = dotted;
  return first === undefined
    ? []
    : [
        `A client id with a dot is refused (CONNACK 2): ${JSON.stringify(first.id)}${dotted.length > 1 ? ` and ${dotted.length - 1} more have` : " has"} to connect under another one, which is of no account for what they may do.`,
      ];
}

function signal(liveSessions: string): {
  way: string;
  command: string;
  seconds: number;
  liveSessions: string;
} {
  return { way: ReloadWay.Signal, command: RELOAD, seconds: 2, liveSessions };
}

function configurationOf(settings: BrokerSettings): string {
  const { paths, port, address, identity } = settings;
  const map = identity === BrokerIdentity.None ? "verify" : "verify_and_map";
  return [
    "# One server; the name becomes part of what JetStream stores.",
    'server_name: "mqtt"',
    "# NATS' own protocol, for whoever is in the pod; devices are users of MQTT only.",
    'listen: "127.0.0.1:-1"',
    "jetstream {",
    `  store_dir: ${quoted(paths.data)}`,
    "}",
    "mqtt {",
    `  host: ${quoted(address)}`,
    `  port: ${port}`,
    "  tls {",
    `    cert_file: ${quoted(`${paths.server}/tls.crt`)}`,
    `    key_file: ${quoted(`${paths.server}/tls.key`)}`,
    `    ca_file: ${quoted(`${paths.trust}/ca-bundle.pem`)}`,
    `    ${map}: true`,
    "    # Seconds; devices on slow lines need more than the default of 2.",
    "    timeout: 10",
    "  }",
    "}",
    ...(identity === BrokerIdentity.None ? [] : usersOf(settings)),
    "",
  ].join("\n");
}

function usersOf({ devices, topics }: BrokerSettings): string[] {
  return [
    "authorization {",
    "  users = [",
    ...devices.flatMap((device) => userOf(device, topics)),
    "  ]",
    "}",
  ];
}

function userOf(
  { id, subject }: BrokerDevice,
  topics: readonly string[],
): string[] {
  const subjects = topics.flatMap((filter) => subjectsOf(filterOf(filter, id)));
  return [
    "    {",
    `      user: ${quoted(subject)}`,
    '      allowed_connection_types: ["MQTT"]',
    "      permissions {",
    `        publish { allow: ${list(subjects)} }`,
    `        subscribe { allow: ${list([...subjects, ...DELIVERIES])} }`,
    "      }",
    "    }",
  ];
}

/**
 * The subjects of NATS that a topic filter of MQTT stands for: levels are
 * divided by dots, a dot within one becomes `//`, an empty one `/`. `#` takes
 * in the level above it, and `>` does not.
 *
 * Source: docs.nats.io, "MQTT", "MQTT topics and NATS subjects".
 */
export function subjectsOf(filter: string): string[] {
  const levels = levelsOf(filter);
  const tokens = levels.map((level) =>
    level === "" ? "/" : level === "+" ? "*" : level.replaceAll(".", "//"),
  );
  if (levels.at(-1) !== "#") {
    return [tokens.join(".")];
  }
  const above = tokens.slice(0, -1);
  return above.length === 0
    ? [">"]
    : [above.join("."), [...above, ">"].join(".")];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function list(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(", ")}]`;
}
