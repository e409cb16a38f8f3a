import type { BrokerSettings } from "../../../platforms/brokers";
import { DEFAULT_TOPICS } from "../../../platforms/brokers";

/** What is asked of a broker where a test asks for nothing special. */
export function settings(change: Partial<BrokerSettings> = {}): BrokerSettings {
  return {
    paths: {
      server: "/mqtt/server",
      trust: "/mqtt/device-roots",
      crl: "/mqtt/crl",
      configuration: "/mqtt/configuration",
      secret: "/mqtt/secret",
      data: "/data",
    },
    port: 8883,
    address: "0.0.0.0",
    identity: "CommonName",
    requireCertificate: true,
    crlPem: "",
    topics: DEFAULT_TOPICS,
    devices: [{ id: "sensor-1", subject: "CN=sensor-1,O=Example" }],
    storePassword: "",
    ...change,
  };
}
