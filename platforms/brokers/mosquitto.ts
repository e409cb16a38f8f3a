import type {
  BrokerFiles,
  BrokerGenerator,
  BrokerSettings,
  Reload,
} from "./broker";
import { BrokerIdentity, BrokerKind, ReloadWay } from "./broker";
import { OVERLAP_CAVEAT, filterOf, namesDevice } from "./topics";

const CONFIGURATION = "mosquitto.conf";
const ACCESS = "acl";

const SIGNALLED: Reload = {
  way: ReloadWay.Signal,
  command: "kill -HUP 1",
  seconds: 1,
  liveSessions: "Open connections live on.",
};

const RESTART: Reload = {
  way: ReloadWay.Restart,
  seconds: 5,
  liveSessions:
    "Open connections end with the old process; devices connect again, and sessions that are kept find their messages.",
};

/**
 * Whether a SIGHUP makes it read `cafile` again: with revocation lists, and
 * certificates required as they are here, it builds all of TLS anew, else it
 * reads `certfile` and `keyfile` alone.
 *
 * Source: `src/security_default.c` and `src/listeners.c` of 2.0.0 to 2.1.2.
 */
function rebuildsContext({ crlPem }: BrokerSettings): boolean {
  return crlPem !== "";
}

/**
 * Eclipse Mosquitto, 2.0 and later.
 *
 * Source: mosquitto.conf(5), mosquitto(8).
 */
export const mosquitto: BrokerGenerator = {
  kind: BrokerKind.Mosquitto,
  title: "Eclipse Mosquitto 2.0",
  paths: {
    server: "/mqtt/server",
    trust: "/mqtt/device-roots",
    crl: "/mqtt/crl",
    configuration: "/mosquitto/config",
    secret: "/mqtt/secret",
    data: "/mosquitto/data",
  },
  group: 1883,
  mainFile: CONFIGURATION,
  identities: [
    BrokerIdentity.CommonName,
    BrokerIdentity.Subject,
    BrokerIdentity.None,
  ],
  readsRevocationList: true,
  problems: ({ identity, topics, requireCertificate }) => [
    ...(requireCertificate
      ? []
      : [
          "requireCertificate: false makes mosquitto ask nobody for a certificate, so that no device gets in; leave it out.",
        ]),
    ...(identity === BrokerIdentity.Subject && topics.some(namesDevice)
      ? [
          'topics: a subject holds "," and "=", and may hold "/" or "+", of which mosquitto makes no part of a topic; leave {device} out, or write identity "CommonName".',
        ]
      : []),
  ],
  generate: (settings): BrokerFiles => ({
    files: {
      [CONFIGURATION]: configurationOf(settings),
      ...(settings.identity !== BrokerIdentity.None && {
        [ACCESS]: accessOf(settings),
      }),
    },
    secretFiles: {},
    crlFiles: settings.crlPem === "" ? {} : { "crl.pem": settings.crlPem },
    args: [
      "mosquitto",
      "-c",
      `${settings.paths.configuration}/${CONFIGURATION}`,
    ],
    environment: {},
    secretEnvironment: {},
    reload: {
      certificate: SIGNALLED,
      trust: rebuildsContext(settings) ? SIGNALLED : RESTART,
      ...(settings.crlPem !== "" && { crl: SIGNALLED }),
      configuration: RESTART,
    },
    caveats: caveatsOf(settings),
  }),
};

function configurationOf({
  paths,
  port,
  address,
  identity,
  crlPem,
}: BrokerSettings): string {
  return [
    // Before the listener, and so that what follows is that listener's alone.
    "per_listener_settings true",
    "persistence true",
    // The name of the file is appended as it is.
    `persistence_location ${paths.data}/`,
    "log_dest stderr",
    "",
    `listener ${port} ${address}`,
    "protocol mqtt",
    `certfile ${paths.server}/tls.crt`,
    `keyfile ${paths.server}/tls.key`,
    `cafile ${paths.trust}/ca-bundle.pem`,
    ...(crlPem === "" ? [] : [`crlfile ${paths.crl}/crl.pem`]),
    "# The lowest version; 1.3 is there as well.",
    "tls_version tlsv1.2",
    "require_certificate true",
    ...identityLines(identity, paths.configuration),
    "",
  ].join("\n");
}

function identityLines(identity: string, folder: string): string[] {
  if (identity === BrokerIdentity.None) {
    // Whoever gets here has shown a certificate of the device CA.
    return ["allow_anonymous true"];
  }
  return [
    identity === BrokerIdentity.Subject
      ? "use_subject_as_username true"
      : "use_identity_as_username true",
    "# Whatever client id a device sends: none ends the session of another.",
    "use_username_as_clientid true",
    "allow_anonymous false",
    `acl_file ${folder}/${ACCESS}`,
  ];
}

function accessOf({ topics }: BrokerSettings): string {
  return topics
    .map((filter) => `pattern readwrite ${filterOf(filter, "%u")}\n`)
    .join("");
}

function caveatsOf(settings: BrokerSettings): string[] {
  return [
    rebuildsContext(settings)
      ? "A SIGHUP makes it read certificate, key, device roots and revocation lists again; mosquitto does so since it has revocation lists, and without them new device roots would need a restart."
      : "A SIGHUP makes it read the certificate and its key again and no other file: new device roots need a restart.",
    "Nobody sends that signal by itself; in a pod it takes a sidecar that shares the process namespace, or a restart.",
    ...(settings.topics.some(namesDevice) &&
    settings.identity !== BrokerIdentity.None
      ? [OVERLAP_CAVEAT]
      : []),
    "Where tls.crt and tls.key do not belong together, a reload fails with a line in the log.",
    ...(settings.crlPem === ""
      ? []
      : [
          "Every CA that signs devices needs a revocation list in there, an empty one at least: without, none of its devices gets in. That goes for the next CA of a rotation, too.",
          "Devices of a CA are refused once its list is past its nextUpdate.",
          "A device that is connected while it is revoked stays connected until its connection ends.",
        ]),
  ];
}
