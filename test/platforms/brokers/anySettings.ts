import fc from "fast-check";
import type {
  BrokerGenerator,
  BrokerSettings,
} from "../../../platforms/brokers";
import {
  BrokerIdentity,
  DEFAULT_TOPICS,
  settingsProblems,
} from "../../../platforms/brokers";

/** What a user has who writes nothing but the broker, and two devices. */
export function settingsFor(
  { paths, identities }: BrokerGenerator,
  changes: Partial<BrokerSettings> = {},
): BrokerSettings {
  return {
    paths,
    port: 8883,
    address: "0.0.0.0",
    identity: identities[0] ?? BrokerIdentity.None,
    requireCertificate: true,
    crlPem: "",
    topics: DEFAULT_TOPICS,
    devices: ["sensor-1", "sensor.2"].map((id) => ({
      id,
      subject: `CN=${id},O=Example`,
    })),
    storePassword: "",
    ...changes,
  };
}

const folder = fc.stringMatching(/^(\/[A-Za-z0-9._@-]{1,12}){1,4}$/);
const level = fc.oneof(
  fc.constantFrom("+", "{device}", "sensors"),
  fc.stringMatching(/^[!-~]{1,12}$/),
);

/** Settings that are taken, with whatever may stand in paths, addresses, ids and topics. */
export function anySettings(
  generator: BrokerGenerator,
): fc.Arbitrary<BrokerSettings> {
  return fc
    .record({
      paths: fc.record({
        server: folder,
        trust: folder,
        crl: folder,
        configuration: folder,
        secret: folder,
        data: folder,
      }),
      port: fc.integer({ min: 1, max: 65535 }),
      address: fc.constantFrom("0.0.0.0", "127.0.0.1", "::", "fd00::1"),
      identity: fc.constantFrom(...generator.identities),
      topics: fc.array(
        fc
          .array(level, { minLength: 1, maxLength: 4 })
          .map((levels) => levels.join("/")),
        { minLength: 1, maxLength: 3 },
      ),
      devices: fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9._@/-]{1,20}$/), {
        minLength: 1,
        maxLength: 4,
      }),
      storePassword: fc.stringMatching(/^[ -~]{6,20}$/),
    })
    .map(({ identity, topics, devices, ...rest }) =>
      settingsFor(generator, {
        ...rest,
        identity,
        topics: identity === BrokerIdentity.None ? DEFAULT_TOPICS : topics,
        devices: devices.map((id) => ({ id, subject: `CN=${id}` })),
      }),
    )
    .filter((settings) => settingsProblems(generator, settings).length === 0);
}
