import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { describeWith, findProgram } from "../support/command";
import { InstalledProgram } from "../support/installedProgram";
import { ApiServer } from "./apiServer";
import { clusterBinaries, howToGetBinaries } from "./binaries";
import type { Seen } from "./exampleCluster";
import { applyFile, look, NAMESPACE, untilPermitted } from "./exampleCluster";
import { connection, startAsPod } from "./podBroker";

// Who updates, by role.yaml.
const USER = "deployer";
const HOST = "mqtt.example.com";
const OTHER_HOST = "mqtt.example.org";
const BUNDLED = "--engine=bundled";

const binaries = clusterBinaries();

describeWith(
  { name: "a Kubernetes API for tests", path: binaries?.apiServer },
  howToGetBinaries(),
  "the example of a broker on a cluster, under its own Role",
  () => {
    let cluster: ApiServer;
    let program: InstalledProgram;

    beforeAll(async () => {
      if (binaries === undefined) {
        throw new Error("there are no programs to start");
      }
      program = await InstalledProgram.install("cluster");
      cluster = await ApiServer.start(binaries, {
        users: [USER],
        controllers: true,
      });
      await cluster.create("/api/v1/namespaces", {
        metadata: { name: NAMESPACE },
      });
      configure({
        "mqtt-pki:kubeconfig": cluster.kubeconfigOf(USER),
        "mqtt-pki:context": USER,
      });
    }, 300_000);

    afterAll(async () => {
      program.remove();
      await cluster.stop();
    });

    function configure(settings: Readonly<Record<string, string>>): void {
      const path = join(program.folder, "Pulumi.dev.yaml");
      const { config } = parse(readFileSync(path, "utf8")) as {
        config: Record<string, string>;
      };
      writeFileSync(path, stringify({ config: { ...config, ...settings } }));
    }

    const run = (...args: readonly string[]) => program.command(...args);

    async function see(kind: string, name: string): Promise<Seen> {
      const seen = await look(cluster, kind, name);
      if (seen === undefined) {
        throw new Error(`there is no ${kind} ${name}`);
      }
      return seen;
    }

    const seeAll = () =>
      Promise.all([
        see("Secret", "broker-tls"),
        see("ConfigMap", "device-roots"),
        see("Deployment", "mosquitto"),
      ]);

    test("goes with the types of the package", async () => {
      await program.checkTypes();
    });

    test("its files are what a server takes, to the last field", async () => {
      expect(await applyFile(cluster, "broker.yaml")).toEqual([
        "ConfigMap mosquitto: 201",
        "Deployment mosquitto: 201",
        "Service mosquitto: 201",
      ]);
      expect(await applyFile(cluster, "role.yaml")).toEqual([
        "Role mqtt-pki: 201",
        "RoleBinding mqtt-pki: 201",
      ]);
      await untilPermitted(cluster, USER);
    });

    test("a preview makes nothing; an update makes all of it, and the next one nothing", async () => {
      const before = await see("Deployment", "mosquitto");
      await run("preview", BUNDLED);
      expect(await look(cluster, "Secret", "broker-tls")).toBeUndefined();
      expect(await see("Deployment", "mosquitto")).toEqual(before);

      await run("up", BUNDLED);
      const made = await seeAll();
      const [secret, roots, broker] = made;
      expect(Object.keys(secret.data).sort()).toEqual([
        "ca.crt",
        "tls.crt",
        "tls.key",
      ]);
      expect(Object.keys(roots.data)).toContain("ca-bundle.pem");
      expect(broker.uid).toBe(before.uid);
      expect(Object.keys(broker.annotations).sort()).toEqual([
        "mqtt-pki/bundle-sha256",
        "mqtt-pki/certificate-sha256",
      ]);

      await run("preview", "--expect-no-changes", BUNDLED);
      await run("up", BUNDLED);
      expect(await seeAll()).toEqual(made);
    });

    describeWith(
      { name: "mosquitto", path: findProgram("mosquitto") },
      "apt-get install mosquitto",
      "a mosquitto started as the pod of broker.yaml",
      (mosquitto) => {
        test("serves the certificate under its name, and takes devices of the stack only", async () => {
          const root = await run("stack", "output", "trustAnchors", BUNDLED);
          const device = (name: string) =>
            readFileSync(join(program.folder, "devices/sensor-1", name));
          const credentials = {
            cert: device("chain.pem"),
            key: device("key.pem"),
          };
          const folder = join(program.folder, "pod");
          const broker = await startAsPod(cluster, mosquitto, folder);
          try {
            const asked = { port: broker.port, host: HOST, root };
            const sensor = await connection({ ...asked, ...credentials });
            expect(await sensor.echo("v1/telemetry", "25")).toBe("25");
            await sensor.end();
            await expect(
              connection({ ...asked, ...credentials, host: OTHER_HOST }),
            ).rejects.toThrow(OTHER_HOST);
            const from = broker.position;
            await expect(connection(asked)).rejects.toThrow();
            await broker.waitFor(/peer did not return a certificate/, from);
            await run(
              "probe",
              `mqtts://127.0.0.1:${broker.port}`,
              "secret/mqtt/broker-tls",
              ...["--servername", HOST],
              ...["--certificate", "devices/sensor-1/chain.pem"],
              ...["--key", "devices/sensor-1/key.pem"],
              ...["--kubeconfig", cluster.kubeconfigOf(USER)],
              ...["--context", USER, BUNDLED],
            );
          } finally {
            await broker.stop();
          }
        });
      },
    );

    test("another host name changes the Secret in place, and restarts the broker once", async () => {
      const [secret, roots, broker] = await seeAll();
      configure({ "my-broker:host": OTHER_HOST });
      await run("up", BUNDLED);
      const [newSecret, sameRoots, restarted] = await seeAll();
      expect(newSecret.uid).toBe(secret.uid);
      expect(hostsOf(secret)).toContain(HOST);
      expect(hostsOf(newSecret)).toContain(OTHER_HOST);
      expect(sameRoots).toEqual(roots);
      const { "mqtt-pki/certificate-sha256": newSum, ...others } =
        restarted.annotations;
      const { "mqtt-pki/certificate-sha256": sum, ...same } =
        broker.annotations;
      expect(newSum).not.toBe(sum);
      expect(others).toEqual(same);
      expect(restarted.uid).toBe(broker.uid);
      await run("up", BUNDLED);
      expect(await seeAll()).toEqual([newSecret, roots, restarted]);
    });

    test("destroy takes away what was made, and leaves the broker and the namespace", async () => {
      const broker = await see("Deployment", "mosquitto");
      await run("config", "set", "protect", "false", BUNDLED);
      await run("up", BUNDLED);
      expect(await see("Deployment", "mosquitto")).toEqual(broker);
      await run("destroy", BUNDLED);
      expect(await look(cluster, "Secret", "broker-tls")).toBeUndefined();
      expect(await look(cluster, "ConfigMap", "device-roots")).toBeUndefined();
      // Without a restart, either.
      expect(await see("Deployment", "mosquitto")).toEqual(broker);
      await see("ConfigMap", "mosquitto");
      await cluster.get(`/api/v1/namespaces/${NAMESPACE}`);
    });
  },
);

function hostsOf({ data }: Seen): string {
  const pem = Buffer.from(data["tls.crt"] ?? "", "base64");
  return new X509Certificate(pem).subjectAltName ?? "";
}
