import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BrokerKind } from "../../../platforms/brokers";
import type { BrokerDriver } from "../driver";
import { JAVA, JAVA_REFUSALS, findJavaBroker } from "../javaBroker";

/** ActiveMQ Artemis, embedded, on the files that its image copies into its instance. */
export const artemisDriver: BrokerDriver = {
  kind: BrokerKind.Artemis,
  find: () =>
    findJavaBroker({
      version: "2.55.0",
      main: "Artemis",
      options: ({ configuration }) => [
        `-Djava.security.auth.login.config=${join(configuration, "login.config")}`,
        `-Djava.util.logging.config.file=${join(JAVA, "logging.properties")}`,
      ],
      args: ({ configuration, data }) => {
        mkdirSync(data, { recursive: true });
        return [join(configuration, "broker.xml")];
      },
    }),
  refusals: {
    ...JAVA_REFUSALS,
    unlistedAuthority: {
      client: /alert number 46/,
      log: /Could not determine revocation status/,
    },
    revoked: {
      client: /alert number 46/,
      log: /CertificateRevokedException/,
    },
    unknownDevice: {
      client: /connack [45]/,
      log: /Unable to validate user .*CN=sensor-stranger/,
    },
  },
  knownAs: (device) => new RegExp(`User ${device}\\(`),
  foreignTopic: "closed",
  foreignClientId: "taken",
  sessionsOutliveReload: true,
};
