import { mosquitto } from "../../../platforms/brokers/mosquitto";
import { nats, subjectsOf } from "../../../platforms/brokers/nats";
import { keyPattern, rabbitmq } from "../../../platforms/brokers/rabbitmq";
import fc from "fast-check";
import { required } from "../../support/rendered";
import { emptyList } from "./revocationList";
import { settings } from "./someSettings";

const level = fc.stringMatching(/^[A-Za-z0-9._@-]{1,6}$/);
const topic = fc.array(level, { minLength: 1, maxLength: 4 });

describe("mosquitto", () => {
  test("has one listener, with TLS, and nobody without a name", () => {
    const { files, args } = mosquitto.generate(settings());
    const text = required(files, "mosquitto.conf");
    expect(text.match(/^listener .*/gm)).toEqual(["listener 8883 0.0.0.0"]);
    expect(text).toMatch(/^allow_anonymous false$/m);
    expect(text).toMatch(/^use_identity_as_username true$/m);
    expect(text).toMatch(/^use_username_as_clientid true$/m);
    expect(text).not.toContain("crlfile");
    expect(files.acl).toBe("pattern readwrite devices/%u/#\n");
    expect(args).toEqual([
      "mosquitto",
      "-c",
      "/mqtt/configuration/mosquitto.conf",
    ]);
  });

  test.each([
    ["", "restart", undefined],
    [emptyList("CA"), "signal", "signal"],
  ])(
    "takes up roots by a signal only where it builds all of TLS anew: %#",
    (crlPem, trust, crl) => {
      const { reload } = mosquitto.generate(settings({ crlPem }));
      expect(reload.certificate.way).toBe("signal");
      expect(reload.trust.way).toBe(trust);
      expect(reload.crl?.way).toBe(crl);
    },
  );

  test("by subject it names nobody in a topic", () => {
    expect(mosquitto.problems(settings({ identity: "Subject" }))).toEqual([
      expect.stringMatching(/^topics: /),
    ]);
    const all = settings({ identity: "Subject", topics: ["#"] });
    expect(mosquitto.problems(all)).toEqual([]);
    expect(mosquitto.generate(all).files["mosquitto.conf"]).toContain(
      "use_subject_as_username true",
    );
  });
});

describe("NATS", () => {
  test.each([
    ["devices/a/#", ["devices.a", "devices.a.>"]],
    ["devices/a.b/+", ["devices.a//b.*"]],
    ["/devices//a", ["/.devices./.a"]],
    ["a/", ["a./"]],
    ["#", [">"]],
  ])("writes %s as subjects", (filter, subjects) => {
    expect(subjectsOf(filter)).toEqual(subjects);
  });

  test("two topics are one subject only where they are one topic", () => {
    fc.assert(
      fc.property(topic, topic, (one, other) => {
        const subject = (levels: string[]) => subjectsOf(levels.join("/"))[0];
        expect(subject(one) === subject(other)).toBe(
          one.join("/") === other.join("/"),
        );
      }),
    );
  });

  test("a device is a user of MQTT only, by its whole subject", () => {
    const text = required(nats.generate(settings()).files, "nats.conf");
    expect(text).toContain('user: "CN=sensor-1,O=Example"');
    expect(text).toContain('allowed_connection_types: ["MQTT"]');
    expect(text).toContain("verify_and_map: true");
    expect(text).toContain('listen: "127.0.0.1:-1"');
  });

  test("says which devices need a client id that is not theirs", () => {
    const { caveats } = nats.generate(
      settings({ devices: [{ id: "a.b", subject: "CN=a.b" }] }),
    );
    expect(caveats.join("\n")).toContain('"a.b" has to connect under another');
  });
});

describe("RabbitMQ", () => {
  test("a filter's pattern matches what the filter does, and its routing keys", () => {
    const matches = (filter: string, key: string) =>
      new RegExp(`^(${keyPattern(filter)})$`).test(key);
    expect(matches("devices/a/#", "devices.a")).toBe(true);
    expect(matches("devices/a/#", "devices.a.b.c")).toBe(true);
    expect(matches("devices/a/#", "devices.ab")).toBe(false);
    expect(matches("devices/+/x", "devices.a.x")).toBe(true);
    expect(matches("devices/+/x", "devices.a.b.x")).toBe(false);
    expect(matches("#", "anything.at.all")).toBe(true);
    fc.assert(
      fc.property(topic, (levels) => {
        const key = levels.join(".").replaceAll("/", ".");
        expect(matches(levels.join("/"), key)).toBe(true);
        expect(matches(levels.join("/"), `${key}x`)).toBe(false);
      }),
    );
  });

  test.each([
    [["a", "a.b"], /"a" would reach the topics of "a\.b"/],
    [["a.b", "a/b"], /"a\/b" would reach the topics of "a\.b"/],
  ])("refuses devices whose topics are one: %j", (ids, message) => {
    const devices = ids.map((id) => ({ id, subject: `CN=${id}` }));
    const problems = rabbitmq.problems(settings({ devices }));
    expect(problems.join("\n")).toMatch(message);
    expect(rabbitmq.problems(settings({ devices, topics: ["#"] }))).toEqual([]);
  });

  test("its users have no password, and queues of their own", () => {
    const { files, environment } = rabbitmq.generate(settings());
    const definitions = JSON.parse(required(files, "definitions.json")) as {
      users: { password_hash: string }[];
      permissions: { configure: string }[];
    };
    expect(definitions.users).toMatchObject([
      { name: "sensor-1", password_hash: "", tags: [] },
    ]);
    expect(definitions.permissions[0]?.configure).toBe(
      "^mqtt-subscription-sensor-1qos[01]$",
    );
    expect(files["rabbitmq.conf"]).toMatch(/^listeners\.tcp = none$/m);
    expect(files["advanced.config"]).toBeUndefined();
    expect(environment).not.toHaveProperty("RABBITMQ_ADVANCED_CONFIG_FILE");
  });

  test("lists of one issuer are counted, and TLS stands in one file", () => {
    const list = emptyList("CA");
    const { files, crlFiles } = rabbitmq.generate(
      settings({ crlPem: list + list + emptyList("Other CA") }),
    );
    expect(Object.keys(crlFiles).map((name) => name.slice(9))).toEqual([
      "r0",
      "r1",
      "r0",
    ]);
    expect(files["rabbitmq.conf"]).not.toContain("ssl_options.");
    expect(files["advanced.config"]).toContain("ssl_crl_hash_dir");
  });
});
