import type {
  BrokerDevice,
  BrokerFiles,
  BrokerGenerator,
  BrokerSettings,
} from "./broker";
import { BrokerIdentity, BrokerKind, ReloadWay } from "./broker";
import { watchedByErlang } from "./erlang";
import { issuerHash } from "./issuerHash";
import { bytesOf, revocationListsOf } from "./pem";
import { escapeRegex, filterOf, levelsOf, namesDevice } from "./topics";

const CONFIGURATION = "rabbitmq.conf";
const ADVANCED = "advanced.config";
const PLUGINS = "enabled_plugins";
const DEFINITIONS = "definitions.json";
const LIVE = "Open connections live on.";
const CLEAR = "rabbitmqctl eval 'ssl:clear_pem_cache().'";

/** CAs below the root in a device's chain, at most. */
const DEPTH = 5;

/**
 * RabbitMQ with its MQTT plugin, 3.10 to 4.
 *
 * Source: rabbitmq.com, "MQTT Plugin", "TLS Support", "Access Control",
 * "Definition Export and Import"; Erlang's `ssl` and `ssl_crl_hash_dir`.
 */
export const rabbitmq: BrokerGenerator = {
  kind: BrokerKind.RabbitMq,
  title: "RabbitMQ 3.10 to 4",
  paths: {
    server: "/mqtt/server",
    trust: "/mqtt/device-roots",
    crl: "/mqtt/crl",
    configuration: "/mqtt/configuration",
    secret: "/mqtt/secret",
    data: "/var/lib/rabbitmq",
  },
  group: 999,
  mainFile: CONFIGURATION,
  identities: [BrokerIdentity.CommonName],
  readsRevocationList: true,
  needsDevices: "every device is a user of its own list",
  problems: ({ devices, topics, requireCertificate }) => [
    ...(requireCertificate
      ? []
      : [
          "requireCertificate: false would let a client without a certificate try passwords at this port; leave it out.",
        ]),
    ...ambiguityOf(devices, topics),
  ],
  generate: (settings): BrokerFiles => {
    const folder = settings.paths.configuration;
    return {
      files: {
        [CONFIGURATION]: configurationOf(settings),
        [PLUGINS]: "[rabbitmq_mqtt].\n",
        [DEFINITIONS]: definitionsOf(settings),
        ...(settings.crlPem !== "" && { [ADVANCED]: advancedOf(settings) }),
      },
      secretFiles: {},
      crlFiles: crlFilesOf(settings.crlPem),
      args: [],
      environment: {
        RABBITMQ_CONFIG_FILE: `${folder}/${CONFIGURATION}`,
        RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/${PLUGINS}`,
        ...(settings.crlPem !== "" && {
          RABBITMQ_ADVANCED_CONFIG_FILE: `${folder}/${ADVANCED}`,
        }),
      },
      secretEnvironment: {},
      reload: {
        certificate: watchedByErlang(CLEAR),
        trust: watchedByErlang(CLEAR),
        ...(settings.crlPem !== "" && {
          crl: { way: ReloadWay.Watch, seconds: 1, liveSessions: LIVE },
        }),
        configuration: {
          way: ReloadWay.Restart,
          seconds: 60,
          liveSessions: "Open connections end; durable queues stay.",
        },
      },
      caveats: caveatsOf(settings),
    };
  },
};

/** Both `/` and `.` are `.` in a routing key, so that the topics of one device could be those of another. */
function ambiguityOf(
  devices: readonly BrokerDevice[],
  topics: readonly string[],
): string[] {
  if (!topics.some(namesDevice)) {
    return [];
  }
  const seen = new Map(devices.map(({ id }) => [id.replaceAll("/", "."), id]));
  return devices.flatMap(({ id }) => {
    const words = id.split(/[./]/);
    const above = words
      .slice(1)
      .map((_, index) => words.slice(0, index + 1).join("."))
      .find((one) => seen.has(one));
    const same = seen.get(id.replaceAll("/", "."));
    const other = same !== id ? same : above && seen.get(above);
    return other === undefined
      ? []
      : [
          `devices: RabbitMQ writes "." for each "/" of a topic, so that ${JSON.stringify(other)} would reach the topics of ${JSON.stringify(id)}; give one of them another id, or topics without {device}.`,
        ];
  });
}

function configurationOf(settings: BrokerSettings): string {
  const { port, address, paths, crlPem } = settings;
  return [
    "# No listener but that of MQTT over TLS.",
    "listeners.tcp = none",
    "mqtt.listeners.tcp = none",
    `mqtt.listeners.ssl.default = ${address}:${port}`,
    "mqtt.allow_anonymous = false",
    "mqtt.ssl_cert_login = true",
    "mqtt.vhost = /",
    "mqtt.exchange = amq.topic",
    "ssl_cert_login_from = common_name",
    ...(crlPem === ""
      ? sslLines(settings)
      : ["# ssl_options: in advanced.config"]),
    `load_definitions = ${paths.configuration}/${DEFINITIONS}`,
    "",
  ].join("\n");
}

function sslLines({ paths }: BrokerSettings): string[] {
  return [
    `ssl_options.cacertfile = ${paths.trust}/ca-bundle.pem`,
    `ssl_options.certfile = ${paths.server}/tls.crt`,
    `ssl_options.keyfile = ${paths.server}/tls.key`,
    "ssl_options.verify = verify_peer",
    "ssl_options.fail_if_no_peer_cert = true",
    `ssl_options.depth = ${DEPTH}`,
    "ssl_options.versions.1 = tlsv1.3",
    "ssl_options.versions.2 = tlsv1.2",
  ];
}

/** Where it names `ssl_options`, nothing of them is read from rabbitmq.conf. */
function advancedOf({ paths }: BrokerSettings): string {
  return [
    "[{rabbit, [{ssl_options, [",
    `  {cacertfile, "${paths.trust}/ca-bundle.pem"},`,
    `  {certfile, "${paths.server}/tls.crt"},`,
    `  {keyfile, "${paths.server}/tls.key"},`,
    "  {verify, verify_peer},",
    "  {fail_if_no_peer_cert, true},",
    `  {depth, ${DEPTH}},`,
    "  {versions, ['tlsv1.3', 'tlsv1.2']},",
    "  {crl_check, peer},",
    `  {crl_cache, {ssl_crl_hash_dir, {internal, [{dir, "${paths.crl}"}]}}}`,
    "]}]}].",
    "",
  ].join("\n");
}

function definitionsOf({ devices, topics }: BrokerSettings): string {
  const vhost = "/";
  return `${JSON.stringify(
    {
      vhosts: [{ name: vhost }],
      users: devices.map(({ id }) => ({
        name: id,
        // No password: none is right.
        password_hash: "",
        hashing_algorithm: "rabbit_password_hashing_sha256",
        tags: [],
        limits: {},
      })),
      permissions: devices.map(({ id }) => {
        // Its own queues, whatever client id it sends.
        const queues = `mqtt-subscription-${escapeRegex(id)}qos[01]`;
        const both = `^(${queues}|amq\\.topic)$`;
        return {
          user: id,
          vhost,
          configure: `^${queues}$`,
          write: both,
          read: both,
        };
      }),
      topic_permissions: devices.map(({ id }) => {
        const allowed = `^(${topics.map((filter) => keyPattern(filterOf(filter, id))).join("|")})$`;
        return {
          user: id,
          vhost,
          exchange: "amq.topic",
          write: allowed,
          read: allowed,
        };
      }),
    },
    undefined,
    2,
  )}\n`;
}

/** A topic filter as a regular expression of routing keys; of the filters that devices subscribe to as well, in which `+` is `*`. */
export function keyPattern(filter: string): string {
  const levels = levelsOf(filter);
  const open = levels.at(-1) === "#";
  const closed = (open ? levels.slice(0, -1) : levels)
    .map((level) =>
      level === "+" ? "[^.]+" : escapeRegex(level.replaceAll("/", ".")),
    )
    .join("\\.");
  return !open ? closed : closed === "" ? ".*" : `${closed}(\\..*)?`;
}

/** By the names under which Erlang looks for them; lists of one issuer are counted. */
function crlFilesOf(pem: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const block of revocationListsOf(pem)) {
    const hash = issuerHash(bytesOf(block));
    let number = 0;
    while (files[`${hash}.r${number}`] !== undefined) {
      number += 1;
    }
    files[`${hash}.r${number}`] = block;
  }
  return files;
}

function caveatsOf({ crlPem }: BrokerSettings): string[] {
  return [
    "Definitions only add: a device that is taken out of devices stays a user until `rabbitmqctl delete_user <id>`, or revoke its certificate.",
    "New devices need no restart: `rabbitmqctl import_definitions` with the mounted definitions.json takes them in.",
    "A device that sends a user name or a password is asked for both, and has none: it must leave them out.",
    "The client id is not compared with the certificate: a device that connects under the client id of another ends that one's connection, and cannot read its queue.",
    'Routing keys know no "/": `a/b` and `a.b` are one topic.',
    ...(crlPem === ""
      ? []
      : [
          "Every CA that signs devices needs a revocation list in there, an empty one at least: without, none of its devices gets in. That goes for the next CA of a rotation, too.",
          "With revocation lists the TLS settings stand in advanced.config, and those of rabbitmq.conf count for nothing.",
        ]),
  ];
}
