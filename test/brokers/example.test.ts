import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { freePorts } from "../cluster/freePorts";
import { Broker, staysUser } from "../support/broker";
import { describeWith, findProgram, runCommand } from "../support/command";
import { InstalledProgram } from "../support/installedProgram";
import { required } from "../support/rendered";
import { writeVolume } from "./mounts";

const DEVICES = ["sensor-1", "sensor-2"];

const podSchema = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
      spec: z.object({
        containers: z.tuple([
          z.object({
            args: z.array(z.string()),
            volumeMounts: z.array(
              z.object({ name: z.string(), mountPath: z.string() }),
            ),
          }),
        ]),
        volumes: z.array(
          z.object({
            name: z.string(),
            secret: z
              .object({ secretName: z.string(), defaultMode: z.number() })
              .exactOptional(),
            configMap: z.object({ name: z.string() }).exactOptional(),
          }),
        ),
      }),
    }),
  }),
});
const dataSchema = z.object({ data: z.record(z.string(), z.string()) });

describe("the example of a mosquitto", () => {
  let program: InstalledProgram;

  beforeAll(async () => {
    program = await InstalledProgram.install("mosquitto");
    await program.command("up", "--engine=bundled");
  }, 300_000);

  afterAll(() => {
    program.remove();
  });

  function configure(settings: Readonly<Record<string, string>>): void {
    const path = join(program.folder, "Pulumi.dev.yaml");
    const { config } = z
      .object({ config: z.record(z.string(), z.string()) })
      .parse(parse(readFileSync(path, "utf8")));
    writeFileSync(path, stringify({ config: { ...config, ...settings } }));
  }

  /** @param file within the folder of what is rendered */
  function rendered(file: string): string {
    return readFileSync(join(program.folder, "rendered", "dev", file), "utf8");
  }

  function object(name: string): unknown {
    return parse(rendered(`1-manifest/${name}.yaml`));
  }

  function template() {
    return podSchema.parse(JSON.parse(rendered("broker/statefulset.json"))).spec
      .template;
  }

  test("goes with the types of the package", async () => {
    await program.checkTypes();
  });

  test("its README names the files that it renders", () => {
    const readme = readFileSync(join(program.folder, "README.md"), "utf8");
    const named = [
      ...readme.matchAll(/^\| `([a-z0-9/_.-]+\/[a-z0-9_.-]+)`/gm),
    ].map(([, name = ""]) => name);
    expect(named).toHaveLength(7);
    named.forEach((name) => {
      expect(rendered(name)).not.toBe("");
    });
  });

  test("an update without a change changes nothing; another host name is another pod, for its certificate alone", async () => {
    const before = template().metadata.annotations;
    expect(Object.keys(before).sort()).toEqual([
      "mqtt-pki/bundle-sha256",
      "mqtt-pki/certificate-sha256",
      "mqtt-pki/configuration-sha256",
    ]);
    await program.command("preview", "--expect-no-changes", "--engine=bundled");
    configure({ "my-mosquitto:host": "mqtt.example.org" });
    await program.command("up", "--engine=bundled");
    const after = template().metadata.annotations;
    expect(
      Object.keys(after).filter((key) => after[key] !== before[key]),
    ).toEqual(["mqtt-pki/certificate-sha256"]);
  }, 200_000);

  const clients = findProgram("mosquitto_pub") && findProgram("mosquitto_sub");
  describeWith(
    {
      name: "mosquitto with its clients",
      path: clients === undefined ? undefined : findProgram("mosquitto"),
    },
    "apt-get install mosquitto mosquitto-clients",
    "what it renders, in a mosquitto",
    (mosquitto) => {
      let broker: Broker;
      let port: number;

      beforeAll(async () => {
        [port = 0] = await freePorts(1);
        broker = await Broker.startOn(mosquitto, mountPod(port), port);
      });

      test("each device reaches its own topics, and those of others it does not", async () => {
        const [one = "", other = ""] = DEVICES;
        const root = join(program.folder, "root.pem");
        writeFileSync(
          root,
          await program.command("stack", "output", "trustAnchors"),
        );
        const as = (id: string) => {
          const folder = join(program.folder, "rendered/dev/devices", id);
          return [
            ...["--cafile", root, "--cert", join(folder, "chain.pem")],
            ...["--key", join(folder, "key.pem"), "-h", "localhost"],
            // As the README does: this is not the host that the certificate names.
            ...["-p", String(port), "-q", "1", "--insecure"],
          ];
        };
        const topic = `devices/${other}/telemetry`;
        const from = broker.position;
        const listening = runCommand(findProgram("mosquitto_sub") ?? "", [
          ...as(other),
          ...["-t", topic, "-C", "1", "-W", "5"],
        ]);
        await broker.waitFor(/Sending SUBACK/, from);
        const publish = (to: string, text: string) =>
          runCommand(findProgram("mosquitto_pub") ?? "", [
            ...as(one),
            ...["-t", to, "-m", text],
          ]);
        expect(await publish(topic, "forged")).toMatchObject({ code: 0 });
        await broker.waitFor(/Denied PUBLISH from sensor-1/, from);
        expect(
          await publish(`devices/${one}/telemetry`, "its own"),
        ).toMatchObject({ code: 0 });
        await broker.waitFor(
          /Received PUBLISH from sensor-1 .*'devices\/sensor-1\/telemetry'/,
          from,
        );
        await broker.stop();
        expect((await listening).stdout).not.toContain("forged");
      });
    },
  );

  /** Mounts what the pod does, and answers the path of a configuration whose paths and port are of this machine. */
  function mountPod(port: number): string {
    const { containers, volumes } = template().spec;
    const [{ args, volumeMounts }] = containers;
    const root = join(program.folder, "pod");
    for (const { name, mountPath } of volumeMounts) {
      const volume = volumes.find((one) => one.name === name);
      if (volume === undefined) {
        // Of volumeClaimTemplates.
        mkdirSync(join(root, mountPath), { recursive: true });
        continue;
      }
      const { secret, configMap } = volume;
      const { data } = dataSchema.parse(
        object(
          secret === undefined
            ? `v1-configmap-mqtt-${configMap?.name ?? ""}`
            : `v1-secret-mqtt-${secret.secretName}`,
        ),
      );
      writeVolume({
        mountPath: join(root, mountPath),
        mode: secret?.defaultMode ?? 0o644,
        files: Object.fromEntries(
          Object.entries(data).map(([key, text]) => [
            key,
            Buffer.from(text, secret === undefined ? "utf8" : "base64"),
          ]),
        ),
      });
    }
    const [, , mounted = ""] = args;
    const own = readFileSync(join(root, mounted), "utf8")
      .replace(/ (\/mqtt|\/mosquitto)/g, ` ${root}$1`)
      .replace(/^listener 8883 0\.0\.0\.0$/m, `listener ${port} 127.0.0.1`);
    expect(own).toContain(`listener ${port} `);
    const file = join(root, "mosquitto.conf");
    writeFileSync(
      file,
      [
        ...staysUser(),
        own,
        "log_type all",
        "connection_messages true",
        "",
      ].join("\n"),
    );
    return file;
  }

  test("names its devices", () => {
    const { data } = dataSchema.parse(object("v1-configmap-mqtt-mosquitto"));
    expect(required(data, "acl")).toBe("pattern readwrite devices/%u/#\n");
  });
});
