import type { BrokerFiles, BrokerGenerator, BrokerSettings } from "./broker";
import { BrokerIdentity, BrokerKind, ReloadWay } from "./broker";
import { watchedByErlang } from "./erlang";
import { filterOf, namesDevice } from "./topics";

const CONFIGURATION = "vernemq.conf";
const ACCESS = "vmq.acl";
const LIVE = "Open connections live on.";
const CLEAR = "vmq-admin tls clear-pem-cache";

/** CAs below the root in a device's chain, at most; its own default of 1 is one intermediate. */
const DEPTH = 5;

/**
 * VerneMQ, 2.1 and later.
 *
 * Source: docs.vernemq.com, "MQTT Listeners", "File Based Authentication and
 * Authorization", "Managing Certificates"; its schema `vmq_server.schema`,
 * `vmq_ssl.erl` (who a certificate is), `vmq_crl_srv.erl` (revocation),
 * `vmq_acl.erl`.
 */
export const vernemq: BrokerGenerator = {
  kind: BrokerKind.VerneMq,
  title: "VerneMQ 2.1 and 2.2",
  paths: {
    server: "/mqtt/server",
    trust: "/mqtt/device-roots",
    crl: "/mqtt/crl",
    configuration: "/mqtt/configuration",
    secret: "/mqtt/secret",
    data: "/vernemq/data",
  },
  group: 10000,
  mainFile: CONFIGURATION,
  identities: [BrokerIdentity.CommonName, BrokerIdentity.None],
  readsRevocationList: true,
  problems: ({ identity, requireCertificate, topics }) =>
    requireCertificate ||
    (identity === BrokerIdentity.CommonName && topics.every(namesDevice))
      ? []
      : [
          "requireCertificate: false would give a client without a certificate every topic that has no {device} in it; leave it out.",
        ],
  generate: (settings): BrokerFiles => {
    const lines = linesOf(settings);
    return {
      files: {
        [CONFIGURATION]: Object.entries(lines)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join(""),
        [ACCESS]: accessOf(settings),
      },
      secretFiles: {},
      crlFiles: settings.crlPem === "" ? {} : { "crl.pem": settings.crlPem },
      args: [],
      environment: variables(lines),
      secretEnvironment: {},
      reload: {
        certificate: watchedByErlang(CLEAR),
        trust: watchedByErlang(CLEAR),
        ...(settings.crlPem !== "" && {
          crl: { way: ReloadWay.Watch, seconds: 60, liveSessions: LIVE },
        }),
        configuration: {
          way: ReloadWay.Restart,
          seconds: 60,
          liveSessions:
            "Open connections end; what is to outlive it is in the data folder.",
        },
      },
      caveats: caveatsOf(settings),
    };
  },
};

function linesOf({
  paths,
  port,
  address,
  identity,
  requireCertificate,
  crlPem,
}: BrokerSettings): Record<string, string> {
  const host = address.includes(":") ? `[${address}]` : address;
  const listener = "listener.ssl.default";
  return {
    [listener]: `${host}:${port}`,
    [`${listener}.cafile`]: `${paths.trust}/ca-bundle.pem`,
    [`${listener}.certfile`]: `${paths.server}/tls.crt`,
    [`${listener}.keyfile`]: `${paths.server}/tls.key`,
    ...(crlPem !== "" && { [`${listener}.crlfile`]: `${paths.crl}/crl.pem` }),
    [`${listener}.depth`]: String(DEPTH),
    [`${listener}.tls_version`]: "tlsv1.2,tlsv1.3",
    [`${listener}.require_certificate`]: requireCertificate ? "on" : "off",
    [`${listener}.use_identity_as_username`]:
      identity === BrokerIdentity.None ? "off" : "on",
    // Passwords are asked for otherwise, of devices that have shown a certificate; other listeners go on asking.
    [`${listener}.allow_anonymous_override`]: "on",
    allow_anonymous: "off",
    // The image opens these to the world unless told otherwise.
    "listener.tcp.default": "127.0.0.1:1883",
    "listener.ws.default": "127.0.0.1:8080",
    "plugins.vmq_acl": "on",
    "vmq_acl.acl_file": `${paths.configuration}/${ACCESS}`,
  };
}

/** For the image, which writes a line of vernemq.conf for each: in small letters, `__` for a dot. */
function variables(lines: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(lines).map(([key, value]) => [
      `DOCKER_VERNEMQ_${key.toUpperCase().replaceAll(".", "__")}`,
      value,
    ]),
  );
}

function accessOf({ identity, topics }: BrokerSettings): string {
  return identity === BrokerIdentity.None
    ? "topic #\n"
    : topics
        .map((filter) => {
          const own = filterOf(filter, "%u");
          return `${own === filter ? "topic" : "pattern"} ${own}\n`;
        })
        .join("");
}

function caveatsOf({ identity, crlPem, topics }: BrokerSettings): string[] {
  return [
    "The variables are enough for the official image, with DOCKER_VERNEMQ_ACCEPT_EULA beside them, which is yours to say; without them, put the lines of vernemq.conf into your own.",
    "Overwritten files are taken up when Erlang's cache of PEM files has run out, within two minutes.",
    "The listeners tcp and ws of the image are bound to the loopback address, where its own tools are.",
    ...(identity === BrokerIdentity.None
      ? []
      : [
          "The client id is not compared with the certificate: a device that connects under the client id of another ends that one's connection.",
          "A common name counts that is UTF8String or PrintableString and stands alone in its part of the subject, as those of this package do.",
          "acl_file is read again every ten seconds.",
          ...(topics.some(namesDevice)
            ? [
                'In {device} of a topic a "/" is no divider: a device with one in its id reaches no topic of its own.',
              ]
            : []),
        ]),
    ...(crlPem === ""
      ? []
      : [
          "Of a revocation list it reads the serial numbers alone: neither its signature nor its dates count, nor which CA has issued the number.",
          "The list is looked up for the device's own certificate, and read again every minute.",
        ]),
  ];
}
