import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { connect as connectMqtt } from "mqtt";
import { Broker } from "../../../support/broker";
import type { OpenSsl } from "../../../pki/support/openssl";
import type { Checks, Outside } from "./outside";
import type { Credentials, Holdings, PlayedFleet } from "./playedFleet";

const HOST = "mqtt.my-iot-cloud.com";

/** A real mosquitto with the files of a fleet. */
class Mosquitto {
  private constructor(
    private readonly folder: string,
    private readonly broker: Broker,
  ) {}

  static async start(
    program: string,
    folder: string,
    holdings: Holdings,
  ): Promise<Mosquitto> {
    write(folder, holdings);
    const file = (name: string) => join(folder, name);
    const broker = await Broker.start(program, folder, {
      chain: file("server.pem"),
      key: file("server.key"),
      deviceRoot: file("ca-bundle.pem"),
    });
    return new Mosquitto(folder, broker);
  }

  /** What a Secret and a ConfigMap do: the files are others, and the broker has not looked yet. */
  mount(holdings: Holdings): void {
    write(this.folder, holdings);
  }

  reload(): Promise<void> {
    return this.broker.reload();
  }

  restart(): Promise<void> {
    return this.broker.restart();
  }

  stop(): Promise<void> {
    return this.broker.stop();
  }

  /** Whether a device gets its CONNACK. */
  lets({ chain, key }: Credentials, roots: string): Promise<boolean> {
    return new Promise((resolve) => {
      const client = connectMqtt({
        host: "127.0.0.1",
        port: this.broker.port,
        protocol: "mqtts",
        servername: HOST,
        ca: roots,
        cert: chain,
        key,
        reconnectPeriod: 0,
        connectTimeout: 20_000,
      });
      const end = (answer: boolean) => () => {
        client.end(true);
        resolve(answer);
      };
      client.once("connect", end(true));
      client.once("close", end(false));
      client.on("error", end(false));
    });
  }

  /** Who has issued the certificate that the broker shows. */
  issuer(device: Credentials, roots: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({
        host: "127.0.0.1",
        port: this.broker.port,
        servername: HOST,
        ca: roots,
        cert: device.chain,
        key: device.key,
      });
      socket.on("error", reject);
      socket.on("secureConnect", () => {
        const { CN } = socket.getPeerCertificate().issuer;
        socket.destroy();
        resolve(String(CN));
      });
    });
  }
}

function write(folder: string, { server, deviceRoots }: Holdings): void {
  const files = {
    "server.pem": server.chain,
    "server.key": server.key,
    "ca-bundle.pem": deviceRoots,
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }
}

/** What the runbooks with a real mosquitto have in common. */
abstract class WithMosquitto implements Outside {
  protected first!: Holdings;
  protected mosquitto!: Mosquitto;

  constructor(
    protected readonly fleet: PlayedFleet,
    protected readonly checks: Checks,
    protected readonly program: string,
  ) {}

  async begin(): Promise<void> {
    this.first = this.fleet.holdings();
    this.mosquitto = await Mosquitto.start(
      this.program,
      this.fleet.folder,
      this.first,
    );
    await this.expectLet("a device on day 0", this.first.device, true);
  }

  abstract after(step: string): Promise<void>;

  async end(): Promise<void> {
    await this.mosquitto.stop();
  }

  protected async expectLet(
    what: string,
    device: Credentials,
    expected: boolean,
  ): Promise<void> {
    const { serverRoots } = this.fleet.holdings();
    const is = await this.mosquitto.lets(device, serverRoots);
    this.checks.equal(`${what} is let in`, is, expected);
  }
}

/** The broker's own certificate, taken by SIGHUP; devices keep the root they have had from the beginning. */
export class ServerIntermediate extends WithMosquitto {
  async after(step: string): Promise<void> {
    const now = this.fleet.holdings();
    this.mosquitto.mount(now);
    await this.mosquitto.reload();
    this.checks.equal(
      `${step}: the roots of devices`,
      now.serverRoots,
      this.first.serverRoots,
    );
    await this.expectLet(`${step}: a device`, this.first.device, true);
    this.checks.equal(
      `${step}: who signs the broker's certificate`,
      await this.mosquitto.issuer(this.first.device, this.first.serverRoots),
      `IoT Cloud (MQTT) Server CA${step === "02-stage" ? "" : " 2027a"}`,
    );
  }
}

/** A new root for brokers: restarted at each change of the bundle. */
export class DeviceRootOfMosquitto extends WithMosquitto {
  async after(step: string): Promise<void> {
    const now = this.fleet.holdings();
    const [old, fresh] = [this.first.device, now.device];
    this.mosquitto.mount(now);
    if (step === "05-retire") {
      await this.expectLet("retired, no restart yet: the old chain", old, true);
    }
    if (step !== "03-activate") {
      await this.mosquitto.restart();
    }
    await this.expectLet(`${step}: the old chain`, old, step < "05-retire");
    await this.expectLet(`${step}: what a device holds now`, fresh, true);
    this.checks.equal(
      `${step}: it is another chain`,
      fresh.chain !== old.chain,
      step !== "01-stage",
    );
  }
}

/** A root's key is known to an attacker, who makes a device of their own. */
export class CompromisedDeviceRoot extends WithMosquitto {
  private attacker!: Credentials;

  constructor(
    fleet: PlayedFleet,
    checks: Checks,
    program: string,
    private readonly openssl: OpenSsl,
  ) {
    super(fleet, checks, program);
  }

  async after(step: string): Promise<void> {
    if (step === "01-keep-one-staged") {
      this.attacker = await this.forge();
    }
    const isOut = step >= "06-out";
    this.mosquitto.mount(this.fleet.holdings());
    if (step === "06-out") {
      await this.expectLet(
        "out, no restart yet: an attacker",
        this.attacker,
        true,
      );
    }
    if (step !== "03-compromised") {
      await this.mosquitto.restart();
    }
    const { device } = this.fleet.holdings();
    await this.expectLet(`${step}: what a device holds now`, device, true);
    await this.expectLet(`${step}: an attacker`, this.attacker, !isOut);
    await this.expectLet(`${step}: the old chain`, this.first.device, !isOut);
  }

  private async forge(): Promise<Credentials> {
    const { openssl } = this;
    const root = openssl.file("known-root.pem", this.first.deviceRoots);
    const rootKey = await this.fleet.key("device-root-key");
    const [key, request] = ["attacker.key", "attacker.csr"].map((name) =>
      openssl.path(name),
    );
    const signer = openssl.file("known-root.key", rootKey);
    openssl.run([
      ...["req", "-new", "-newkey", "ec", "-nodes", "-subj", "/CN=attacker"],
      ...["-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-keyout", key ?? "", "-out", request ?? ""],
    ]);
    const chain = openssl.run([
      ...["x509", "-req", "-in", request ?? "", "-days", "30"],
      ...["-CA", root, "-CAkey", signer, "-set_serial", "0x7f01"],
    ]);
    return { chain, key: openssl.run(["pkey", "-in", key ?? ""]) };
  }
}
