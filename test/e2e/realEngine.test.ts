import { spawnSync } from "node:child_process";
import { describeWith } from "../support/command";
import { Fleet } from "../support/fleet";
import { actions } from "../support/report";
import { RealPulumi, findPulumi, neededPlugins } from "../support/realPulumi";
import {
  changedFiles,
  digest,
  readObject,
  required,
  tree,
} from "../support/rendered";
import { mistakeGroups } from "./mistakes";

const SERVER_SECRET = "1-manifest/v1-secret-thingsboard-tb-mqtts.yaml";
const ONE_NAME_MORE = ["my-iot-cloud.com", "mqtt.eu.my-iot-cloud.com"];

const program = findPulumi();
const missing =
  program === undefined
    ? []
    : neededPlugins().filter((plugin) => !hasPlugin(program, plugin));

/** Without its plugins the CLI would try to download them. */
function hasPlugin(cli: string, plugin: string): boolean {
  const { stdout } = spawnSync(cli, ["plugin", "ls"], { encoding: "utf8" });
  const [name = "", version = ""] = plugin.split(" ");
  return stdout
    .split("\n")
    .some((line) => line.startsWith(`${name} `) && line.includes(version));
}

describeWith(
  missing.length > 0
    ? { name: `pulumi plugin ${missing.join(" and ")}`, path: undefined }
    : { name: "pulumi", path: program },
  missing.length > 0
    ? missing
        .map((plugin) => `pulumi plugin install resource ${plugin}`)
        .join(" && ")
    : "see https://www.pulumi.com/docs/install/",
  "the Pulumi CLI beside the bundled engine",
  (cli) => {
    /** Begun by the CLI. */
    let theirs: Fleet;
    /** Begun by the bundled engine. */
    let ours: Fleet;

    beforeAll(async () => {
      theirs = new Fleet();
      ours = new Fleet();
      const pulumi = new RealPulumi(cli, theirs);
      await pulumi.open();
      await pulumi.up();
      await ours.up();
    });

    afterAll(() => {
      theirs.remove();
      ours.remove();
    });

    test("renders the same files, of the same permissions", () => {
      const shape = (fleet: Fleet): unknown =>
        Object.entries(tree(fleet.rendered())).map(([path, { mode }]) => [
          path,
          mode,
        ]);
      expect(shape(ours)).toEqual(shape(theirs));
    });

    test("renders objects of the same kinds, names, labels and keys", () => {
      const objects = (fleet: Fleet): unknown =>
        Object.keys(tree(fleet.rendered("1-manifest")))
          .filter((path) => path.endsWith(".yaml"))
          .map((path) => {
            const object = readObject(fleet.rendered("1-manifest", path));
            const { annotations = {}, ...metadata } = object.metadata;
            return {
              ...object,
              metadata: { ...metadata, annotations: Object.keys(annotations) },
              data: Object.keys(object.data),
            };
          });
      expect(objects(ours)).toEqual(objects(theirs));
    });

    test("keeps resources of the same names, types and parents", async () => {
      const resources = async (fleet: Fleet): Promise<unknown> =>
        (await fleet.state()).resources.map(({ urn }) => urn).sort();
      expect(await resources(ours)).toEqual(await resources(theirs));
    });

    test("finds nothing to do after the bundled engine's update", async () => {
      const pulumi = new RealPulumi(cli, ours);
      await pulumi.open();
      expect(await pulumi.preview()).toEqual([]);
    });

    test("leaves nothing to do for the bundled engine", async () => {
      expect(actions(await theirs.preview())).toEqual([]);
    });

    test("makes the same change on the other's state as the bundled engine does", async () => {
      const before = readObject(ours.rendered(SERVER_SECRET)).data;
      ours.configure("server.dnsNames", ONE_NAME_MORE);
      theirs.configure("server.dnsNames", ONE_NAME_MORE);
      const pulumi = new RealPulumi(cli, ours);
      expect(await pulumi.preview()).toEqual([
        "update server-certificate",
        "update server-secret",
      ]);
      await pulumi.up();
      expect(actions(await theirs.up())).toEqual([
        "update Certificate server-certificate",
        "update Secret server-secret",
      ]);
      const after = readObject(ours.rendered(SERVER_SECRET)).data;
      expect(after["tls.crt"]).not.toBe(before["tls.crt"]);
      expect(digest(required(after, "tls.key"))).toBe(
        digest(required(before, "tls.key")),
      );
      expect(actions(await ours.preview())).toEqual([]);
      expect(await new RealPulumi(cli, theirs).preview()).toEqual([]);
    });

    // The CLI ends at the first resource that is refused; the bundled engine goes on to the others.
    test.each(mistakeGroups)(
      "refuses $title in the preview, with path and value, and writes nothing",
      async (group) => {
        const fleet = new Fleet(group.program);
        await group.prepare?.(fleet);
        group.mistakes.forEach(({ make }) => make?.(fleet));
        const pulumi = new RealPulumi(cli, fleet);
        await pulumi.open();
        const before = tree(fleet.directory);
        const { code, stdout } = await pulumi.run("preview");
        const written = changedFiles(before, tree(fleet.directory));
        fleet.remove();
        expect(code).not.toBe(0);
        const said = group.mistakes.filter(({ says }) =>
          says.every((text) => stdout.includes(text)),
        );
        expect(said).not.toEqual([]);
        expect(written).toEqual([]);
      },
    );
  },
);
