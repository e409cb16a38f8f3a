import type { BrokerFiles, BrokerGenerator, BrokerSettings } from "./broker";
import { BrokerIdentity, BrokerKind, ReloadWay } from "./broker";
import { watchedByErlang } from "./erlang";
import { OVERLAP_CAVEAT, filterOf, namesDevice } from "./topics";

const CONFIGURATION = "mqtt-tls.hocon";
const ACCESS = "acl.conf";
const CLEAR = "emqx ctl pem_cache clean all";

/** CAs below the root in a device's chain, at most. */
const DEPTH = 5;

/** A value of the configuration: HOCON takes what JSON does. */
type Value = string | number | boolean | readonly Value[] | Tree;
interface Tree {
  readonly [key: string]: Value;
}

/**
 * EMQX, 5.1 and later.
 *
 * Source: docs.emqx.com, "Enable SSL/TLS Connection", "Client TLS",
 * "Configuration Files" (variables count for more than emqx.conf, and that for
 * more than what the dashboard has changed), "ACL File"; `emqx_schema.erl`.
 */
export const emqx: BrokerGenerator = {
  kind: BrokerKind.Emqx,
  title: "EMQX 5.1 to 6",
  paths: {
    server: "/mqtt/server",
    trust: "/mqtt/device-roots",
    crl: "/mqtt/crl",
    configuration: "/mqtt/configuration",
    secret: "/mqtt/secret",
    data: "/opt/emqx/data",
  },
  group: 1000,
  mainFile: CONFIGURATION,
  identities: [
    BrokerIdentity.CommonName,
    BrokerIdentity.Subject,
    BrokerIdentity.None,
  ],
  readsRevocationList: false,
  problems: ({ identity, requireCertificate, topics }) => [
    ...(requireCertificate
      ? []
      : [
          "requireCertificate: false would let a client without a certificate be whoever its user name says; leave it out.",
        ]),
    ...(identity === BrokerIdentity.Subject && topics.some(namesDevice)
      ? [
          'topics: a subject may hold "/", "+" and "#", which make another topic filter of it; leave {device} out, or write identity "CommonName".',
        ]
      : []),
  ],
  generate: (settings): BrokerFiles => {
    const tree = treeOf(settings);
    return {
      files: {
        [CONFIGURATION]: hocon(tree),
        [ACCESS]: accessOf(settings),
      },
      secretFiles: {},
      crlFiles: {},
      args: [],
      environment: variables(tree),
      secretEnvironment: {},
      reload: {
        certificate: watchedByErlang(CLEAR),
        trust: watchedByErlang(CLEAR),
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

function treeOf({ paths, port, address, identity }: BrokerSettings): Tree {
  const name =
    identity === BrokerIdentity.None
      ? "disabled"
      : identity === BrokerIdentity.Subject
        ? "dn"
        : "cn";
  const off = { default: { enable: false } };
  return {
    listeners: {
      ssl: {
        default: {
          enable: true,
          bind: `${address.includes(":") ? `[${address}]` : address}:${port}`,
          ssl_options: {
            cacertfile: `${paths.trust}/ca-bundle.pem`,
            certfile: `${paths.server}/tls.crt`,
            keyfile: `${paths.server}/tls.key`,
            verify: "verify_peer",
            fail_if_no_peer_cert: true,
            depth: DEPTH,
            versions: ["tlsv1.3", "tlsv1.2"],
          },
        },
      },
      // There by default, and open to whoever says a name.
      tcp: off,
      ws: off,
      wss: off,
    },
    mqtt: { peer_cert_as_username: name, peer_cert_as_clientid: name },
    authorization: {
      no_match: "deny",
      sources: [
        {
          type: "file",
          enable: true,
          path: `${paths.configuration}/${ACCESS}`,
        },
      ],
    },
  };
}

/** The tree as a file, every block on lines of its own. */
function hocon(tree: Tree, indent = ""): string {
  return Object.entries(tree)
    .map(([key, value]) =>
      isTree(value)
        ? `${indent}${key} {\n${hocon(value, `${indent}  `)}${indent}}\n`
        : `${indent}${key} = ${JSON.stringify(value)}\n`,
    )
    .join("");
}

/** The tree as variables of the environment: `EMQX_`, and `__` between the keys. */
function variables(tree: Tree, prefix = "EMQX_"): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) => {
      const name = `${prefix}${key.toUpperCase()}`;
      return isTree(value)
        ? Object.entries(variables(value, `${name}__`))
        : [[name, JSON.stringify(value)]];
    }),
  );
}

function isTree(value: Value): value is Tree {
  return typeof value === "object" && !Array.isArray(value);
}

/** Terms of Erlang, one on a line. */
function accessOf({ identity, topics }: BrokerSettings): string {
  const filters =
    identity === BrokerIdentity.None
      ? ["#"]
      : topics.map((filter) => filterOf(filter, "${username}"));
  return [
    `{allow, all, all, [${filters.map((filter) => JSON.stringify(filter)).join(", ")}]}.`,
    "{deny, all}.",
    "",
  ].join("\n");
}

function caveatsOf({ identity, topics }: BrokerSettings): string[] {
  return [
    `The variables are enough for the official image; without them, write \`include "<folder>/${CONFIGURATION}"\` into emqx.conf.`,
    "It checks revocation lists only from the HTTP address in a device's certificate (CRL distribution point), and such a list must have an issuing distribution point; there is no such address in certificates of this package unless you put it there.",
    "The listeners tcp, ws and wss of the image are switched off: on them anyone would be whoever the user name says.",
    "Overwritten files are taken up when Erlang's cache of PEM files has run out, within two minutes; other paths need a restart of the listener.",
    ...(identity === BrokerIdentity.CommonName
      ? [
          "The common name is the client id as well, whatever a device sends: none ends the session of another, and none has two connections.",
          ...(topics.some(namesDevice) ? [OVERLAP_CAVEAT] : []),
        ]
      : []),
    ...(identity === BrokerIdentity.Subject
      ? [
          "The subject is written with its last part first, as in `CN=…,O=…`, or the other way about, by the version: look at one in the dashboard before you write rules for it.",
        ]
      : []),
  ];
}
