import type {
  BrokerDevice,
  BrokerFiles,
  BrokerGenerator,
  BrokerSettings,
} from "./broker";
import { BrokerIdentity, BrokerKind, ReloadWay } from "./broker";
import { escapeRegex, filterOf, namesDevice } from "./topics";
import { xmlText } from "./xml";

const CONFIGURATION = "broker.xml";
const LOGIN = "login.config";
const USERS = "cert-users.properties";
const ROLES = "cert-roles.properties";
const KEY_STORE = "server.pemcfg";
/** Role of every device. */
const DEVICES = "devices";
const LIVE = "Open connections live on.";
const RESTARTED =
  "Open connections end with the old process; what is to outlive it is in the data folder.";

/** What an MQTT client does with an address: queues come and go with its subscriptions. */
const PERMISSIONS = [
  "createAddress",
  "createDurableQueue",
  "createNonDurableQueue",
  "deleteDurableQueue",
  "deleteNonDurableQueue",
  "consume",
  "send",
];

/**
 * One part of a subject as Java writes it (RFC 1779): a value with a comma, a
 * plus or a quote in it stands in quotes.
 */
const ATTRIBUTE = String.raw`[A-Za-z0-9.]+=(?:"(?:[^"\\]|\\.)*"|[^",+]*)`;

/**
 * Apache ActiveMQ Artemis, 2.44 and later.
 *
 * Source: its user manual, "Configuring Transports", "Security", "MQTT",
 * "Configuration Reload"; `PEMCFG` and `PEMCA` are key stores of PEM files
 * (dentrassi's pem-keystore, part of the broker), whose sources it watches.
 */
export const artemis: BrokerGenerator = {
  kind: BrokerKind.Artemis,
  title: "Apache ActiveMQ Artemis 2.55",
  paths: {
    server: "/mqtt/server",
    trust: "/mqtt/device-roots",
    crl: "/mqtt/crl",
    configuration: "/var/lib/artemis-instance/etc-override",
    secret: "/mqtt/secret",
    data: "/var/lib/artemis-instance/data",
  },
  group: 1001,
  mainFile: CONFIGURATION,
  identities: [BrokerIdentity.CommonName, BrokerIdentity.None],
  readsRevocationList: true,
  needsDevices: "every device is a user of its own list",
  problems: ({ devices, identity }) =>
    identity === BrokerIdentity.CommonName ? roleProblems(devices) : [],
  generate: (settings): BrokerFiles => ({
    files: {
      [CONFIGURATION]: configurationOf(settings),
      [LOGIN]: loginOf(settings),
      [USERS]: usersOf(settings),
      [ROLES]: rolesOf(settings),
      [KEY_STORE]: keyStoreOf(settings),
    },
    secretFiles: {},
    crlFiles: settings.crlPem === "" ? {} : { "crl.pem": settings.crlPem },
    args: [],
    environment: {},
    secretEnvironment: {},
    reload: {
      certificate: watch(),
      trust: watch(),
      ...(settings.crlPem !== "" && {
        crl: {
          way: ReloadWay.Restart,
          seconds: 60,
          liveSessions: RESTARTED,
        },
      }),
      configuration: {
        way: ReloadWay.Restart,
        seconds: 60,
        liveSessions: RESTARTED,
      },
    },
    caveats: caveatsOf(settings),
  }),
};

function roleProblems(devices: readonly BrokerDevice[]): string[] {
  return devices.flatMap(({ id }, index) =>
    id === DEVICES
      ? [
          `devices[${index}].id: "${DEVICES}" is the role of all devices; give it another id.`,
        ]
      : [],
  );
}

function watch(): { way: string; seconds: number; liveSessions: string } {
  return { way: ReloadWay.Watch, seconds: 10, liveSessions: LIVE };
}

function configurationOf(settings: BrokerSettings): string {
  const { paths, identity, topics, devices } = settings;
  const grants =
    identity === BrokerIdentity.None
      ? [{ filter: "#", role: DEVICES }]
      : topics.flatMap((filter) =>
          namesDevice(filter)
            ? devices.map(({ id }) => ({
                filter: filterOf(filter, id),
                role: id,
              }))
            : [{ filter, role: DEVICES }],
        );
  return `<?xml version="1.0" encoding="UTF-8"?>
<configuration xmlns="urn:activemq">
  <core xmlns="urn:activemq:core">
    <name>mqtt</name>
    <journal-type>NIO</journal-type>
${["journal", "bindings", "large-messages", "paging"]
  .map(
    (name) =>
      `    <${name}-directory>${xmlText(`${paths.data}/${name}`)}</${name}-directory>\n`,
  )
  .join("")}    <!-- Milliseconds; certificates are looked at as often. -->
    <configuration-file-refresh-period>5000</configuration-file-refresh-period>
    <acceptors>
      <acceptor name="mqtts">${xmlText(acceptorOf(settings))}</acceptor>
    </acceptors>
    <!-- As in MQTT, so that what is below are topic filters. -->
    <wildcard-addresses>
      <delimiter>/</delimiter>
      <any-words>#</any-words>
      <single-word>+</single-word>
    </wildcard-addresses>
    <security-settings>
${rolesByFilter(grants)
  .map(
    ([filter, roles]) => `      <security-setting match="${xmlText(filter)}">
${PERMISSIONS.map(
  (type) =>
    `        <permission type="${type}" roles="${xmlText(roles.join(","))}"/>\n`,
).join("")}      </security-setting>
`,
  )
  .join("")}    </security-settings>
  </core>
</configuration>
`;
}

/** One entry for each filter: of two entries for the same one the broker would take one only. */
function rolesByFilter(
  grants: readonly { readonly filter: string; readonly role: string }[],
): [string, string[]][] {
  const roles = new Map<string, string[]>();
  for (const { filter, role } of grants) {
    const before = roles.get(filter) ?? [];
    roles.set(filter, before.includes(role) ? before : [...before, role]);
  }
  return [...roles];
}

function acceptorOf({
  address,
  port,
  paths,
  requireCertificate,
  crlPem,
}: BrokerSettings): string {
  const host = address.includes(":") ? `[${address}]` : address;
  const parameters = {
    protocols: "MQTT",
    sslEnabled: "true",
    sslAutoReload: "true",
    enabledProtocols: "TLSv1.3,TLSv1.2",
    keyStoreType: "PEMCFG",
    keyStorePath: `${paths.configuration}/${KEY_STORE}`,
    trustStoreType: "PEMCA",
    trustStorePath: `${paths.trust}/ca-bundle.pem`,
    ...(requireCertificate
      ? { needClientAuth: "true" }
      : { wantClientAuth: "true" }),
    ...(crlPem !== "" && { crlPath: `${paths.crl}/crl.pem` }),
  };
  return `tcp://${host}:${port}?${Object.entries(parameters)
    .map(
      ([name, value]) =>
        `${name}=${encodeURIComponent(value).replace(/%2[CF]/g, decodeURIComponent)}`,
    )
    .join(";")}`;
}

/** The realm is that of the bootstrap.xml of every instance. */
function loginOf({ paths }: BrokerSettings): string {
  return `activemq {
  org.apache.activemq.artemis.spi.core.security.jaas.TextFileCertificateLoginModule required
    baseDir="${paths.configuration}"
    reload=true
    org.apache.activemq.jaas.textfiledn.user="${USERS}"
    org.apache.activemq.jaas.textfiledn.role="${ROLES}";
};
`;
}

function keyStoreOf({ paths }: BrokerSettings): string {
  return [
    "alias=mqtt",
    `source.key=${property(`${paths.server}/tls.key`)}`,
    `source.cert=${property(`${paths.server}/tls.crt`)}`,
    "",
  ].join("\n");
}

function usersOf({ identity, devices }: BrokerSettings): string {
  return identity === BrokerIdentity.None
    ? "device=/.*/\n"
    : devices
        .map(
          ({ id }) =>
            `${property(id)}=${property(`/${subjectPattern(id)}/`)}\n`,
        )
        .join("");
}

/** A regular expression of Java for the subjects with this common name, as Java writes them. */
function subjectPattern(commonName: string): string {
  const other = `(?:(?!CN=)${ATTRIBUTE})`;
  const divider = String.raw`(?:, | \+ )`;
  return `(?:${other}${divider})*CN=${escapeRegex(commonName)}(?:${divider}${other})*`;
}

function rolesOf({ identity, devices, topics }: BrokerSettings): string {
  if (identity === BrokerIdentity.None) {
    return `${DEVICES}=device\n`;
  }
  const own = topics.some(namesDevice);
  return [
    `${DEVICES}=${devices.map(({ id }) => property(id)).join(",")}\n`,
    ...(own
      ? devices.map(({ id }) => `${property(id)}=${property(id)}\n`)
      : []),
  ].join("");
}

/** Text as a key or a value of a Java properties file. */
function property(text: string): string {
  return text.replace(/[\\ :=#!]/g, String.raw`\$&`);
}

function caveatsOf({ identity, crlPem }: BrokerSettings): string[] {
  return [
    "The image copies the ConfigMap into its instance when it makes that, and an instance on a volume of its own is made once: keep etc off volumes, or copy broker.xml and login.config yourself.",
    "login.config replaces the realm activemq: the web console knows no other users than devices then.",
    "While it takes up a certificate or roots its port is closed for some milliseconds: devices that connect just then are refused and have to try again.",
    "Files that do not belong together are taken up as well, and refuse everybody until they do; a Secret changes in one step, files elsewhere have to.",
    "The client id is not compared with the certificate: a device that connects under the client id of another ends that one's connection.",
    ...(identity === BrokerIdentity.None
      ? []
      : [
          "Lists of users and roles are read again when they change; topics of single devices stand in broker.xml, so that a new device takes a restart where {device} is in topics.",
          "A device is looked up by one regular expression for each one that there is; with tens of thousands of devices, let an LDAP or a login module of your own do that.",
        ]),
    ...(crlPem === ""
      ? []
      : [
          "Java asks for a list of every CA of the chain, that of the root for the intermediate included, and refuses all devices without one, or once one is past its nextUpdate.",
        ]),
  ];
}
