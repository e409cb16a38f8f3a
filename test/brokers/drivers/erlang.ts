import { BrokerKind } from "../../../platforms/brokers";
import type { BrokerDriver } from "../driver";

// Neither is in a package registry, and both are started by images of their own. That what is emitted for them is what
// they read is tested as text: test/platforms/brokers/.

export const emqxDriver = missing(
  BrokerKind.Emqx,
  "start the image emqx/emqx with the emitted environment",
);

export const vernemqDriver = missing(
  BrokerKind.VerneMq,
  "start the image vernemq/vernemq with the emitted environment",
);

function missing(kind: string, howToGet: string): BrokerDriver {
  const never = { client: /(?!)/ };
  return {
    kind,
    find: () => ({ missing: kind, howToGet }),
    refusals: {
      noCertificate: never,
      foreignAuthority: never,
      expired: never,
      serverCertificate: never,
      tls11: never,
      keyOfAnother: never,
    },
    foreignClientId: "taken",
    sessionsOutliveReload: true,
  };
}
