import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { Sandbox } from "./sandbox";

describe("keys, requests and rendered objects without plugins", () => {
  let sandbox: Sandbox;
  let folder: string;

  beforeEach(() => {
    sandbox = new Sandbox("objects");
    folder = join(sandbox.folder, "rendered", "1-manifest");
  });

  afterEach(() => {
    sandbox.close();
  });

  test("are made, changed in place, and deleted", async () => {
    const first = await sandbox.up([]);
    expect(first.err + first.out).toContain("+ 6 created");
    expect(readdirSync(folder).sort()).toEqual([
      "v1-configmap-default-env.yaml",
      "v1-secret-thingsboard-mqtt-tls.yaml",
    ]);
    const file = join(folder, "v1-secret-thingsboard-mqtt-tls.yaml");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(sandbox.stateText()).not.toContain("PRIVATE KEY");
    expect(sandbox.stateText()).not.toContain(
      Buffer.from("-----BEGIN EC").toString("base64"),
    );
    expect(sandbox.resource("secret")).toMatchObject({
      id: "thingsboard/mqtt-tls",
      outputs: { __initialApiVersion: "v1", __inputs: { kind: "Secret" } },
    });

    const { mtimeMs, ino } = statSync(file);
    const manager = sandbox.resource("secret")?.outputs;
    const second = await sandbox.up([], { port: "8884" });
    expect(second.out).toContain("~ 1 updated");
    expect(statSync(file)).toMatchObject({ mtimeMs, ino });
    expect(
      readFileSync(join(folder, "v1-configmap-default-env.yaml"), "utf8"),
    ).toContain('PORT: "8884"');
    expect(sandbox.resource("secret")?.outputs).toEqual(manager);

    const third = await sandbox.up([], {
      port: "8884",
      map: false,
      curve: "P384",
    });
    expect(third.out).toContain("~ 1 updated");
    expect(third.out).toContain("+-2 replaced");
    expect(third.out).toContain("- 1 deleted");
    expect(readdirSync(folder)).toEqual([
      "v1-secret-thingsboard-mqtt-tls.yaml",
    ]);

    const last = await sandbox.run("destroy", "--yes");
    expect(last.code).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("are replaced where objects are not mutable, the old file first", async () => {
    await sandbox.prepare([], { mutable: false });
    const result = await sandbox.up([], { mutable: false, note: "other" });
    expect(result.out).toContain("+-1 replaced");
    expect(result.out.indexOf("deleted original")).toBeLessThan(
      result.out.lastIndexOf("secret replaced"),
    );
    expect(
      existsSync(join(folder, "v1-secret-thingsboard-mqtt-tls.yaml")),
    ).toBe(true);
  });

  test("move when the folder changes, and the old files go", async () => {
    await sandbox.prepare([]);
    const result = await sandbox.up([], { directory: "-new" });
    expect(result.code).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    expect(
      readdirSync(`${sandbox.folder}/rendered-new/1-manifest`),
    ).toHaveLength(2);
    expect((await sandbox.run("preview", "--expect-no-changes")).code).toBe(0);
  });

  test("are refused by name where they need the real plugin", async () => {
    sandbox.configure([], { pod: true });
    const pod = await sandbox.run("preview");
    expect(pod.code).toBe(1);
    expect(pod.out).toContain("The resource type kubernetes:core/v1:Pod");
    expect(pod.out).toContain("Install the Pulumi CLI");

    sandbox.configure([], { cluster: true });
    const cluster = await sandbox.run("preview");
    expect(cluster.code).toBe(1);
    expect(cluster.out).toContain(
      "property enableServerSideApply has a problem: Applying on the client's side is outside",
    );
    // The objects below it are not to blame.
    expect(cluster.out.match(/has a problem/g)).toHaveLength(1);
  });
});
