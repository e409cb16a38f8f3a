import type { BrokerFiles, BrokerGenerator, BrokerSettings } from "./broker";
import { BrokerIdentity, BrokerKind, ReloadWay } from "./broker";
import { xmlText } from "./xml";

const CONFIGURATION = "config.xml";
const PASSWORD = "HIVEMQ_STORE_PASSWORD";
const LIVE = "Open connections live on.";
const KEY_STORE = { file: "keystore.p12", format: "PKCS12", alias: "mqtt" };
const TRUST_STORE = {
  file: "truststore.p12",
  format: "PKCS12",
  alias: "device-root",
};

/**
 * HiveMQ Community Edition, 2024.3 and later.
 *
 * Source: its `config.xsd`; `SslContextStore` looks at both stores every ten
 * seconds, and `EnvVarUtil` puts variables of the environment into the text
 * before it is read as XML. That PKCS#12 is read where the code asks for a
 * store of type JKS is Java's doing (security property
 * `keystore.type.compat`), and was tried out.
 */
export const hivemq: BrokerGenerator = {
  kind: BrokerKind.HiveMq,
  title: "HiveMQ CE 2025.5",
  paths: {
    server: "/mqtt/server",
    trust: "/mqtt/device-roots",
    crl: "/mqtt/crl",
    configuration: "/opt/hivemq/conf",
    secret: "/mqtt/secret",
    data: "/opt/hivemq/data",
  },
  group: 10000,
  mainFile: CONFIGURATION,
  identities: [BrokerIdentity.None],
  readsRevocationList: false,
  stores: { key: KEY_STORE, trust: TRUST_STORE },
  problems: ({ requireCertificate }) =>
    requireCertificate
      ? []
      : [
          "requireCertificate: false would let in whoever comes, to do everything; leave it out.",
        ],
  generate: (settings): BrokerFiles => ({
    files: { [CONFIGURATION]: configurationOf(settings) },
    secretFiles: {},
    crlFiles: {},
    args: [],
    // The default of the image, written down: it is what lets in whoever has a certificate.
    environment: { HIVEMQ_ALLOW_ALL_CLIENTS: "true" },
    // It becomes a part of config.xml before that is read.
    secretEnvironment: { [PASSWORD]: xmlText(settings.storePassword) },
    reload: {
      certificate: watch(),
      trust: watch(),
      configuration: {
        way: ReloadWay.Restart,
        seconds: 60,
        liveSessions:
          "Open connections end; sessions that are kept are in the data folder.",
      },
    },
    caveats: [
      "The community edition takes no name from a certificate, and without an extension of your own every device may publish and subscribe to everything, under any client id.",
      "The allow-all extension of its image is what lets devices in: with HIVEMQ_ALLOW_ALL_CLIENTS other than true, and no other extension, nobody gets in.",
      "There is no revocation list: to shut one device out takes an extension, or another CA.",
      "The password is read when it starts: keep it the same when certificates change, or restart. HIVEMQ_STORE_PASSWORD holds it as a text of XML.",
      "A store that cannot be read leaves the old one in use, with a line in the log.",
      "Key store and trust store are PKCS#12, which its type JKS reads as long as Java's security property keystore.type.compat is true, as it is by default.",
      "The ConfigMap takes the place of the image's conf folder; without its logback.xml the log goes to the console.",
    ],
  }),
};

function watch(): { way: string; seconds: number; liveSessions: string } {
  return { way: ReloadWay.Watch, seconds: 15, liveSessions: LIVE };
}

function configurationOf({ paths, port, address }: BrokerSettings): string {
  const password = `\${${PASSWORD}}`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<hivemq>
  <listeners>
    <tls-tcp-listener>
      <port>${port}</port>
      <bind-address>${xmlText(address)}</bind-address>
      <tls>
        <keystore>
          <path>${xmlText(`${paths.secret}/${KEY_STORE.file}`)}</path>
          <password>${password}</password>
          <private-key-password>${password}</private-key-password>
        </keystore>
        <truststore>
          <path>${xmlText(`${paths.secret}/${TRUST_STORE.file}`)}</path>
          <password>${password}</password>
        </truststore>
        <client-authentication-mode>REQUIRED</client-authentication-mode>
        <protocols>
          <protocol>TLSv1.3</protocol>
          <protocol>TLSv1.2</protocol>
        </protocols>
      </tls>
    </tls-tcp-listener>
  </listeners>
  <anonymous-usage-statistics>
    <enabled>false</enabled>
  </anonymous-usage-statistics>
</hivemq>
`;
}
