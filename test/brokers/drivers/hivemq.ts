import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BrokerKind } from "../../../platforms/brokers";
import type { BrokerDriver } from "../driver";
import { JAVA, JAVA_REFUSALS, findJavaBroker } from "../javaBroker";

/** HiveMQ CE, embedded; the ConfigMap is its conf folder, as in its image. */
export const hivemqDriver: BrokerDriver = {
  kind: BrokerKind.HiveMq,
  find: () =>
    findJavaBroker({
      version: "2025.5",
      main: "HiveMq",
      options: () => [
        `-Dlogback.configurationFile=${join(JAVA, "logback.xml")}`,
      ],
      args: ({ configuration, data }) => {
        mkdirSync(data, { recursive: true });
        return [configuration, data];
      },
    }),
  refusals: JAVA_REFUSALS,
  foreignClientId: "taken",
  sessionsOutliveReload: true,
};
