import { X509Certificate } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { wouldThingsBoardStart } from "../../pki/examine/thingsBoard";
import { Broker } from "../support/broker";
import { splitPem } from "../support/certificates";
import { describeWith, findProgram, runCommand } from "../support/command";
import { handshake } from "../support/handshake";
import { InstalledProgram } from "../support/installedProgram";
import type { PodTemplatePatch } from "../support/patchedWorkload";
import { readPatch } from "../support/patchedWorkload";
import { digest, readInventory, readObject, tree } from "../support/rendered";
import { THINGSBOARD_EXAMPLES } from "../support/thingsBoardExamples";

const BUNDLED = "--engine=bundled";
const mosquitto = findProgram("mosquitto");
// Of a broker alone, nobody publishes; without a broker, nobody listens.
const publisher =
  mosquitto === undefined ? undefined : findProgram("mosquitto_pub");
const DEVICES = ["gateway-01", "thermometer-01", "thermometer-02"];

const stateSchema = z.object({
  deployment: z.object({
    resources: z.array(
      z.looseObject({
        urn: z.string(),
        outputs: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  }),
});

let programs: readonly InstalledProgram[] = [];

beforeAll(async () => {
  programs = await InstalledProgram.installAll(
    THINGSBOARD_EXAMPLES.map(({ example }) => example),
  );
  for (const program of programs) {
    await program.command("up", BUNDLED);
  }
}, 500_000);

afterAll(() => {
  for (const program of programs) {
    program.remove();
  }
});

test("they go with the types of the package", async () => {
  await InstalledProgram.checkAllTypes(programs);
});

describe.each(
  THINGSBOARD_EXAMPLES.map((expected, index) => ({ ...expected, index })),
)("$example", (expected) => {
  let program: InstalledProgram;
  let rendered: string;

  beforeAll(() => {
    const found = programs[expected.index];
    if (found === undefined) {
      throw new Error(`${expected.example} is not installed`);
    }
    program = found;
    rendered = join(found.folder, "rendered");
  });

  /** What a rendered object holds, as text. */
  function dataOf(kind: string, name: string): Record<string, string> {
    const file = `v1-${kind.toLowerCase()}-${expected.namespace}-${name}.yaml`;
    return readObject(join(rendered, "1-manifest", file)).data;
  }

  function patchOf(overlay: string, workload: string): PodTemplatePatch {
    const file = join(
      rendered,
      "kustomize",
      overlay,
      `statefulset-${workload}.yaml`,
    );
    const patch = readPatch(file);
    expect(patch.workload).toBe(workload);
    return patch.template;
  }

  /** The patch of the workload that serves MQTT. */
  function broker(): PodTemplatePatch {
    const [first] = Object.entries(expected.overlays);
    if (first === undefined) {
      throw new Error(`${expected.example} has no overlay`);
    }
    return patchOf(...first);
  }

  /** The root of the devices, which nobody outside of the state needs, but a mosquitto. */
  async function deviceRoot(): Promise<string> {
    const { deployment } = stateSchema.parse(
      JSON.parse(await program.command("stack", "export", BUNDLED)),
    );
    const name = expected.validates ? "root" : "device-root";
    const found = deployment.resources.find(({ urn }) =>
      urn.endsWith(`::${name}-certificate`),
    );
    return z.string().parse(found?.outputs?.certificatePem);
  }

  /** What a path in a container is, by the mounts and volumes of its patch. */
  function behind(
    { spec }: PodTemplatePatch,
    path: string,
  ): Record<string, string> {
    const [{ volumeMounts }] = spec.containers;
    const mount = volumeMounts.find(
      ({ mountPath }) => mountPath === path.slice(0, path.lastIndexOf("/")),
    );
    const volume = spec.volumes.find(({ name }) => name === mount?.name);
    return volume?.secret === undefined
      ? dataOf("ConfigMap", volume?.configMap?.name ?? "")
      : dataOf("Secret", volume.secret.secretName);
  }

  test("every variable of a workload is in its ConfigMap, and every file it names is mounted", () => {
    let files = 0;
    for (const [overlay, workload] of Object.entries(expected.overlays)) {
      const patch = patchOf(overlay, workload);
      const [{ env }] = patch.spec.containers;
      const variables = env.filter(({ valueFrom }) => valueFrom !== undefined);
      expect(variables.length).toBeGreaterThan(3);
      for (const { name, valueFrom } of variables) {
        const { configMapKeyRef } = valueFrom ?? {};
        const text = dataOf("ConfigMap", configMapKeyRef?.name ?? "")[
          configMapKeyRef?.key ?? ""
        ];
        expect({ name, type: typeof text }).toEqual({ name, type: "string" });
        if (text?.startsWith("/") === true) {
          files += 1;
          expect(behind(patch, text)).toHaveProperty([basename(text)]);
        }
      }
    }
    expect(files).toBeGreaterThan(1);
  });

  test("the broker starts with its files, as its variables name them", () => {
    const variables = dataOf("ConfigMap", expected.environment);
    const { prefix } = expected;
    expect(variables[`${prefix}_ENABLED`]).toBe("true");
    const patch = broker();
    const fileOf = (variable: string): string => {
      const path = variables[`${prefix}_${variable}`] ?? "";
      return behind(patch, path)[basename(path)] ?? "";
    };
    expect(
      wouldThingsBoardStart({
        certFileText: fileOf("PEM_CERT"),
        keyFileText: fileOf("PEM_KEY"),
        keyPassword: variables[`${prefix}_PEM_KEY_PASSWORD`] ?? "missing",
      }),
    ).toMatchObject({ ok: true, starts: true });
    expect(fileOf("PEM_CERT")).toBe(
      dataOf("Secret", expected.secret)["server.pem"],
    );
    expect(
      patch.spec.containers[0].ports.map(({ containerPort }) => containerPort),
    ).toEqual([8883]);
  });

  test("pods restart by what that version does not reload", () => {
    const { annotations = {} } = broker().metadata ?? {};
    expect(Object.keys(annotations).sort()).toEqual(
      expected.annotations.map((name) => `mqtt-pki/${name}`),
    );
    const file = dataOf("Secret", expected.secret)["server.pem"] ?? "";
    if (expected.annotations.includes("certificate-sha256")) {
      expect(annotations["mqtt-pki/certificate-sha256"]).toBe(digest(file));
    }
  });

  test("a device reaches it under its name by the root that the stack puts out", async () => {
    const root = await program.command(
      "stack",
      "output",
      "trustAnchors",
      BUNDLED,
    );
    const secret = dataOf("Secret", expected.secret);
    for (const device of DEVICES) {
      const text = (name: string): string =>
        readFileSync(join(rendered, "devices", device, name), "utf8");
      expect(
        await handshake({
          host: expected.host,
          server: secret["server.pem"] ?? "",
          serverKey: secret["mqttserver_key.pem"] ?? "",
          root,
          chain: text("chain.pem"),
          key: text("key.pem"),
          validates: expected.validates,
        }),
      ).toBe(device);
    }
  });

  describeWith(
    { name: "mosquitto_pub", path: publisher },
    "apt-get install mosquitto mosquitto-clients",
    "the command of its README",
    (mosquittoPub) => {
      test("publishes, to a broker that has the files of the Secret", async () => {
        const readme = readFileSync(join(program.folder, "README.md"), "utf8");
        const [block = ""] =
          /^npx mqtt-pki stack output [\s\S]*?(?=^```)/m.exec(readme) ?? [];
        writeFileSync(
          join(program.folder, "root.pem"),
          await program.command("stack", "output", "trustAnchors", BUNDLED),
        );
        const secret = dataOf("Secret", expected.secret);
        const folder = join(program.folder, "broker");
        mkdirSync(folder);
        const file = (name: string, text: string): string => {
          writeFileSync(join(folder, name), text, { mode: 0o600 });
          return join(folder, name);
        };
        const broker = await Broker.start(mosquitto ?? "", folder, {
          chain: file("server.pem", secret["server.pem"] ?? ""),
          key: file("key.pem", secret["mqttserver_key.pem"] ?? ""),
          // By their root, where ThingsBoard has the device profile.
          deviceRoot: file("devices.pem", await deviceRoot()),
        });
        try {
          const from = broker.position;
          const [, command = ""] = block.split(/^(?=mosquitto_pub )/m);
          // This machine has neither that host nor, for sure, that port.
          const here = command
            .replace(/^mosquitto_pub/, mosquittoPub)
            .replace(
              / -h \S+ -p 8883/,
              ` -h localhost -p ${broker.port}${expected.host === "localhost" ? "" : " --insecure"}`,
            );
          expect(here).toContain(`-p ${broker.port}`);
          const { code, stdout, stderr } = await runCommand(
            "/bin/sh",
            ["-c", here],
            { cwd: program.folder },
          );
          expect({ code, stdout, stderr }).toEqual({
            code: 0,
            stdout: "",
            stderr: "",
          });
          await broker.waitFor(/Received PUBLISH from/, from);
        } finally {
          await broker.stop();
        }
      });
    },
  );

  test("a device is told where to go", () => {
    const { host, port } = z
      .looseObject({ host: z.string(), port: z.number() })
      .parse(
        JSON.parse(
          readFileSync(join(rendered, "connection", "connection.json"), "utf8"),
        ),
      );
    expect([host, port]).toEqual([expected.host, 8883]);
  });

  test("what devices trust is not what the broker knows them by, but for TBMQ", async () => {
    const root = await program.command(
      "stack",
      "output",
      "trustAnchors",
      BUNDLED,
    );
    const chain = splitPem(
      readFileSync(
        join(rendered, "devices", "thermometer-01", "chain.pem"),
        "utf8",
      ),
    );
    const last = new X509Certificate(chain.at(-1) ?? "");
    expect(last.checkIssued(new X509Certificate(root))).toBe(
      expected.validates,
    );
    expect(dataOf("ConfigMap", "mqtt-ca-bundle")["ca-bundle.pem"]).toBe(
      `${root.trim()}\n`,
    );
  });

  test("every device is issued, and told to ThingsBoard", () => {
    const rows = readInventory(join(rendered, "devices", "inventory.csv"));
    expect(Object.keys(rows).sort()).toEqual(DEVICES);
    const folder = join(rendered, "onboarding");
    if (expected.validates) {
      expect(existsSync(folder)).toBe(false);
      return;
    }
    const profile = readFileSync(join(folder, "device-profile.json"), "utf8");
    const { profileData } = z
      .object({
        profileData: z.object({
          provisionConfiguration: z.object({
            provisionDeviceSecret: z.string(),
          }),
        }),
      })
      .parse(JSON.parse(profile));
    const [, authority] = splitPem(
      readFileSync(
        join(rendered, "devices", "thermometer-01", "chain.pem"),
        "utf8",
      ),
    );
    expect(
      splitPem(profileData.provisionConfiguration.provisionDeviceSecret),
    ).toEqual([authority]);
    const csv = readFileSync(join(folder, "devices.csv"), "utf8");
    expect(DEVICES.filter((device) => !csv.includes(device))).toEqual([]);
  });

  test("its README names every object, and none that is not there", () => {
    const readme = readFileSync(join(program.folder, "README.md"), "utf8");
    const named = [...readme.matchAll(/1-manifest\/([^`\s]+\.yaml)/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(named)].sort()).toEqual(
      readdirSync(join(rendered, "1-manifest")).sort(),
    );
    const overlays = [...readme.matchAll(/`kustomize\/([^/`]+)\/`/g)].map(
      ([, name]) => name,
    );
    expect(overlays.sort()).toEqual(Object.keys(expected.overlays).sort());
  });

  test("keys are for this user only, and another update changes nothing", async () => {
    const before = tree(rendered);
    const keys = Object.keys(before).filter((path) => path.endsWith("key.pem"));
    expect(keys).toHaveLength(DEVICES.length);
    expect(keys.map((path) => before[path]?.mode)).toEqual(
      keys.map(() => "0600"),
    );
    await program.command("up", "--expect-no-changes", BUNDLED);
    expect(tree(rendered)).toEqual(before);
  });
});
