import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tls from "node:tls";
import { Broker } from "../support/broker";
import { splitPem } from "../support/certificates";
import type { CommandResult } from "../support/command";
import { describeWith, findProgram, runCommand } from "../support/command";
import { Fleet } from "../support/fleet";
import { readObject, required } from "../support/rendered";

const DAY = 86_400_000;
const TOPIC = "v1/devices/me/telemetry";
const DEVICE = "thermometer-berlin-01";
const GET_IT = "apt-get install mosquitto mosquitto-clients";

const clients = findProgram("mosquitto_sub") && findProgram("mosquitto_pub");

/** A device's files, as its firmware has them. */
interface Credentials {
  readonly chain: string;
  readonly key: string;
}

describeWith(
  {
    name: "mosquitto with its clients",
    path: clients === undefined ? undefined : findProgram("mosquitto"),
  },
  GET_IT,
  "a mosquitto on the rendered Secret",
  (program) => {
    const publisher = clients ?? "";
    let fleet: Fleet;
    /** The same names under other keys. */
    let otherFleet: Fleet;
    let broker: Broker;
    let expired: Credentials;

    beforeAll(async () => {
      fleet = new Fleet();
      otherFleet = new Fleet();
      fleet
        .configure("mqtt-pki:allowClockOverride", true)
        .configure("server.dnsNames", ["mqtt.my-iot-cloud.com", "localhost"]);
      await fleet.up({ now: new Date(Date.now() - 400 * DAY) });
      const old = fleet.path("expired");
      cpSync(fleet.rendered("devices", DEVICE), old, { recursive: true });
      expired = { chain: join(old, "chain.pem"), key: join(old, "key.pem") };
      // Renews all leaves, with their keys, under the CAs that signed the expired ones.
      await fleet.up();
      await otherFleet.up();
      broker = await Broker.start(program, fleet.directory, mount(fleet));
    });

    afterAll(async () => {
      fleet.remove();
      otherFleet.remove();
      await broker.stop();
    });

    /** The Secret as a pod sees it, and the device root beside it. */
    function mount(of: Fleet): {
      chain: string;
      key: string;
      deviceRoot: string;
    } {
      const folder = of.path("ssl-config");
      mkdirSync(folder, { mode: 0o700 });
      const { data } = readObject(
        of.rendered("1-manifest", "v1-secret-thingsboard-tb-mqtts.yaml"),
      );
      for (const [name, text] of Object.entries(data)) {
        writeFileSync(join(folder, name), text, { mode: 0o600 });
      }
      const chain = readFileSync(device(of).chain, "utf8");
      const deviceRoot = join(folder, "device-root.pem");
      writeFileSync(deviceRoot, splitPem(chain).at(-1) ?? "");
      const bundle = readObject(
        of.rendered(
          "1-manifest",
          "v1-configmap-thingsboard-mqtt-ca-bundle.yaml",
        ),
      );
      writeFileSync(
        join(folder, "ca-bundle.pem"),
        required(bundle.data, "ca-bundle.pem"),
      );
      return {
        chain: join(folder, "server.pem"),
        key: join(folder, "mqttserver_key.pem"),
        deviceRoot,
      };
    }

    function device(of: Fleet, id = DEVICE): Credentials {
      return {
        chain: of.rendered("devices", id, "chain.pem"),
        key: of.rendered("devices", id, "key.pem"),
      };
    }

    function options(
      credentials: Credentials | undefined,
      host: string,
    ): string[] {
      return [
        ...["-h", host, "-p", String(broker.port), "-t", TOPIC, "-d"],
        ...["--cafile", fleet.path("ssl-config", "ca-bundle.pem")],
        ...(credentials === undefined
          ? []
          : ["--cert", credentials.chain, "--key", credentials.key]),
      ];
    }

    function publish(
      credentials: Credentials | undefined,
      host = "localhost",
    ): Promise<CommandResult> {
      return runCommand(publisher, [
        ...options(credentials, host),
        ...["-q", "1", "-m", '{"temperature":25}'],
      ]);
    }

    /** Listens as another device until the first message. */
    function subscribe(): Promise<CommandResult> {
      return runCommand(findProgram("mosquitto_sub") ?? "", [
        ...options(device(fleet, "gateway-frankfurt-01"), "localhost"),
        ...["-q", "1", "-C", "1", "-W", "30", "-F", "message: %p"],
      ]);
    }

    /**
     * The alert by which the broker ends a handshake; `accepted` where it does
     * not. In TLS 1.2, where the client's handshake ends after the broker's
     * verdict.
     */
    function alertFor(credentials: Credentials | undefined): Promise<string> {
      return new Promise((resolve) => {
        const socket = tls.connect({
          host: "127.0.0.1",
          port: broker.port,
          servername: "localhost",
          maxVersion: "TLSv1.2",
          ca: readFileSync(fleet.path("ssl-config", "ca-bundle.pem")),
          ...(credentials !== undefined && {
            cert: readFileSync(credentials.chain),
            key: readFileSync(credentials.key),
          }),
        });
        socket.on("secureConnect", () => {
          socket.destroy();
          resolve("accepted");
        });
        socket.on("error", (error: Error) => {
          resolve(error.message);
        });
      });
    }

    test("takes a device's telemetry to whoever listens, and knows the device by its id", async () => {
      const from = broker.position;
      const listening = subscribe();
      await broker.waitFor(/Sending SUBACK/, from);
      expect((await publish(device(fleet))).code).toBe(0);
      expect((await listening).stdout).toContain(
        'message: {"temperature":25}\n',
      );
      expect(await broker.waitFor(/Received PUBLISH/, from)).toContain(
        `u'${DEVICE}'`,
      );
    });

    test("lets every device of the batch in", async () => {
      const ids = Object.keys(
        readObject(
          fleet.rendered(
            "1-manifest",
            "v1-secret-thingsboard-devices-demo-0.yaml",
          ),
        ).data,
      )
        .filter((key) => key.endsWith(".key.pem"))
        .map((key) => key.replace(/\.key\.pem$/, ""));
      expect(ids).toHaveLength(12);
      const alerts = await Promise.all(
        ids.map((id) => alertFor(device(fleet, id))),
      );
      expect(alerts).toEqual(ids.map(() => "accepted"));
    });

    test.each<[string, () => Credentials | undefined, RegExp, RegExp]>([
      [
        "no certificate",
        () => undefined,
        /peer did not return a certificate/,
        /handshake failure/,
      ],
      [
        "a certificate of another CA of the same name",
        () => device(otherFleet),
        /certificate verify failed/,
        /unknown ca/,
      ],
      [
        "an expired certificate of the same CA",
        () => expired,
        /certificate verify failed/,
        /certificate expired/,
      ],
      [
        "the broker's own certificate",
        () => ({
          chain: fleet.path("ssl-config", "server.pem"),
          key: fleet.path("ssl-config", "mqttserver_key.pem"),
        }),
        /certificate verify failed/,
        /unknown ca/,
      ],
    ])("refuses %s for its own reason", async (_name, who, log, alert) => {
      const from = broker.position;
      const { code } = await publish(who());
      expect(code).not.toBe(0);
      const said = await broker.waitFor(log, from);
      expect(said).not.toContain("Received PUBLISH");
      expect(await alertFor(who())).toMatch(alert);
    });

    test("is refused by a device that asked for another host name", async () => {
      const { code, stdout, stderr } = await publish(
        device(fleet),
        "127.0.0.1",
      );
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain("host name verification failed");
    });

    test("is refused by a device that trusts another root of the same name", async () => {
      const { data } = readObject(
        otherFleet.rendered(
          "1-manifest",
          "v1-configmap-thingsboard-mqtt-ca-bundle.yaml",
        ),
      );
      const bundle = otherFleet.path("ca-bundle.pem");
      writeFileSync(bundle, required(data, "ca-bundle.pem"));
      const { code, stdout, stderr } = await runCommand(publisher, [
        ...options(device(fleet), "localhost"),
        ...["--cafile", bundle, "-m", "{}"],
      ]);
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain("certificate verify failed");
    });
  },
);
