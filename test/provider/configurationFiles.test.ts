import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "../pki/support/openssl";
import { NO_CHANGE, UPDATE } from "./support/batch";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, isSecret, output, secret } from "./support/wire";

const folder = scratchFolder();
const PASSWORD = "a password that nobody reads";
const BYTES = Buffer.from([0, 255, 1, 254]);

let plugin: Plugin;
let number = 0;
let directory: string;
let inputs: Properties;
let urn: string;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
});

afterAll(async () => {
  await plugin.stop();
});

beforeEach(() => {
  number += 1;
  directory = `out/${number}`;
  urn = urnOf("ConfigurationFiles", `broker-${number}`);
  inputs = {
    directory,
    files: { "broker.conf": "port 1\n", "conf.d/tls.conf": "tls on\n" },
    secretFiles: secret({ password: PASSWORD }),
    secretBinaryFiles: secret({ "store.p12": BYTES.toString("base64") }),
  };
});

const path = (...parts: string[]): string => join(folder, directory, ...parts);
const text = (...parts: string[]): string =>
  readFileSync(path(...parts), "utf8");
const mode = (...parts: string[]): string =>
  (statSync(path(...parts)).mode & 0o777).toString(8);

describe("files", () => {
  test("are written whole, secrets for their owner only, and then settle", async () => {
    expect(await plugin.check(urn, inputs)).toEqual([]);
    const { outs } = await plugin.create(urn, inputs);
    expect(text("conf.d", "tls.conf")).toBe("tls on\n");
    expect(text("password")).toBe(PASSWORD);
    expect(readFileSync(path("store.p12")).equals(BYTES)).toBe(true);
    expect(
      ["broker.conf", "password", "store.p12"].map((name) => mode(name)),
    ).toEqual(["644", "600", "600"]);
    expect(outs.paths).toEqual([
      "broker.conf",
      "conf.d/tls.conf",
      "password",
      "store.p12",
    ]);
    expect(isSecret(outs.digests)).toBe(true);
    expect(await plugin.check(urn, inputs, inputs)).toEqual([]);
    expect(await plugin.diff(urn, outs, inputs)).toEqual(NO_CHANGE);
  });

  test("change where their text does, and go where they are no longer wanted", async () => {
    const { outs } = await plugin.create(urn, inputs);
    const news = { directory, files: { "broker.conf": "port 2\n" } };
    expect(await plugin.check(urn, news, inputs)).toEqual([]);
    expect(await plugin.diff(urn, outs, news)).toEqual(UPDATE);
    const updated = await plugin.update(urn, outs, news);
    expect(text("broker.conf")).toBe("port 2\n");
    expect(
      ["conf.d", "password", "store.p12"].filter((name) =>
        existsSync(path(name)),
      ),
    ).toEqual([]);
    expect(updated.sha256).not.toBe(outs.sha256);
    expect(await plugin.diff(urn, updated, news)).toEqual(NO_CHANGE);
  });

  test("become secret in place", async () => {
    const before = { directory, files: { "broker.conf": "x" } };
    const { outs } = await plugin.create(urn, before);
    const news = { directory, secretFiles: secret({ "broker.conf": "x" }) };
    expect(await plugin.diff(urn, outs, news)).toEqual(UPDATE);
    await plugin.update(urn, outs, news);
    expect(mode("broker.conf")).toBe("600");
  });

  test("are written again where somebody edited or deleted them, with a warning", async () => {
    const { outs } = await plugin.create(urn, inputs);
    writeFileSync(path("broker.conf"), "port 3\n");
    rmSync(path("password"));
    chmodSync(path("store.p12"), 0o644);
    plugin.log.length = 0;
    expect(await plugin.diff(urn, outs, inputs)).toEqual(UPDATE);
    expect(plugin.log).toMatchObject([
      {
        severity: "warning",
        text: `${["broker.conf", "password", "store.p12"].map((name) => `${directory}/${name}`).join(", ")}: not as the last update left it; this one writes it again.`,
      },
    ]);
    const updated = await plugin.update(urn, outs, inputs);
    expect([text("broker.conf"), text("password"), mode("store.p12")]).toEqual([
      "port 1\n",
      PASSWORD,
      "600",
    ]);
    expect(await plugin.diff(urn, updated, inputs)).toEqual(NO_CHANGE);
  });

  test("move with their folder", async () => {
    const { outs } = await plugin.create(urn, inputs);
    const news = { ...inputs, directory: `${directory}-moved` };
    expect(await plugin.check(urn, news, inputs)).toEqual([]);
    expect(await plugin.diff(urn, outs, news)).toEqual(UPDATE);
    await plugin.update(urn, outs, news);
    expect(existsSync(path())).toBe(false);
    expect(
      readFileSync(join(folder, `${directory}-moved`, "broker.conf"), "utf8"),
    ).toBe("port 1\n");
  });

  test("are taken away by a deletion, with empty folders, and nothing else is", async () => {
    const { outs } = await plugin.create(urn, inputs);
    await plugin.delete(urn, outs);
    expect(existsSync(path())).toBe(false);

    const again = await plugin.create(urn, inputs);
    writeFileSync(path("conf.d", "mine.conf"), "mine");
    writeFileSync(path("broker.conf"), "edited");
    plugin.log.length = 0;
    await plugin.delete(urn, again.outs);
    expect([text("conf.d", "mine.conf"), text("broker.conf")]).toEqual([
      "mine",
      "edited",
    ]);
    expect(existsSync(path("password"))).toBe(false);
    expect(plugin.log.map((message) => message.text)).toEqual([
      `${directory}/broker.conf: edited by hand, and so left there.`,
    ]);
  });

  test("take the place of a folder, and a folder that of a file", async () => {
    const first = { directory, files: { "a/b": "x", c: "x" } };
    const news = { directory, files: { a: "y", "c/d": "y" } };
    const { outs } = await plugin.create(urn, first);
    writeFileSync(path("a", "mine"), "mine");
    expect(await plugin.check(urn, news, first)).toEqual([
      `files["a"]: "${directory}/a" is a folder; move it away, or name another file or folder.`,
    ]);
    rmSync(path("a", "mine"));
    expect(await plugin.check(urn, news, first)).toEqual([]);
    const updated = await plugin.update(urn, outs, news);
    expect([text("a"), text("c", "d")]).toEqual(["y", "y"]);
    expect(await plugin.diff(urn, updated, news)).toEqual(NO_CHANGE);
  });

  test("are known as its own when the record has come with line ends of Windows", async () => {
    await plugin.create(urn, inputs);
    const [record = ""] = readdirSync(path()).filter((name) =>
      name.startsWith("."),
    );
    writeFileSync(path(record), text(record).replaceAll("\n", "\r\n"));
    const news = { directory, files: { "broker.conf": "port 9\n" } };
    expect(await plugin.check(urn, news)).toEqual([]);
  });

  test("with a secret replace what a killed run has left, whoever could read that, wherever it leads", async () => {
    mkdirSync(path(), { recursive: true });
    writeFileSync(path("elsewhere"), "mine", { mode: 0o644 });
    symlinkSync("elsewhere", path("password.partial"));
    await plugin.create(urn, inputs);
    expect([text("password"), mode("password")]).toEqual([PASSWORD, "600"]);
    expect(text("elsewhere")).toBe("mine");
  });

  test("that became folders by hand are left there by a deletion", async () => {
    const { outs } = await plugin.create(urn, inputs);
    rmSync(path("broker.conf"));
    mkdirSync(path("broker.conf"));
    writeFileSync(path("broker.conf", "mine"), "mine");
    rmSync(path("conf.d"), { recursive: true });
    writeFileSync(path("conf.d"), "mine");
    await plugin.delete(urn, outs);
    expect([text("broker.conf", "mine"), text("conf.d")]).toEqual([
      "mine",
      "mine",
    ]);
  });

  test("of a run that was killed are known again, with whatever was to be in them", async () => {
    // The record is there, the files are not all, and the engine knows nothing.
    await plugin.create(urn, inputs);
    rmSync(path("password"));
    writeFileSync(path("store.p12.partial"), "half");
    const news = { ...inputs, files: { "broker.conf": "port 9\n" } };
    expect(await plugin.check(urn, news)).toEqual([]);
    await plugin.create(urn, news);
    expect(text("broker.conf")).toBe("port 9\n");
    expect(existsSync(path("conf.d"))).toBe(false);
  });

  test("wait for what is not known yet", async () => {
    const { outs } = await plugin.create(urn, inputs);
    const news = {
      ...inputs,
      files: { "broker.conf": UNKNOWN, "conf.d/tls.conf": output() },
    };
    expect(await plugin.check(urn, news, inputs)).toEqual([]);
    expect(await plugin.diff(urn, outs, news)).toEqual(UPDATE);
    expect(await plugin.check(urn, { directory, files: UNKNOWN })).toEqual([]);
    expect(
      await plugin.check(urn, { directory, secretFiles: output() }),
    ).toEqual([]);
  });
});

describe("refused, before anything is written", () => {
  test("all that is wrong at once", async () => {
    const reasons = await plugin.check(urn, {
      directory: "",
      files: {
        "../out": "x",
        "/etc/passwd": "x",
        "a//b": "x",
        "c\\d": "x",
        ".x.files": "x",
        same: "x",
      },
      secretFiles: secret({ same: PASSWORD, "same/below": PASSWORD }),
      secretBinaryFiles: secret({ "store.p12": PASSWORD }),
    });
    expect(reasons).toEqual([
      ...["../out", ".x.files", "/etc/passwd", "a//b", "c\\\\d"].map(
        (name) =>
          `files["${name}"]: is no path below the folder; write names with "/" between them, such as "conf.d/tls.conf".`,
      ),
      'secretFiles["same"]: is the place of files["same"] as well; name another.',
      'secretFiles["same/below"]: is the place of files["same"] as well; name another.',
      'secretBinaryFiles["store.p12"]: is no base64; write the content in base64, in one line.',
      'directory: "" is no folder; write one, such as "rendered/dev/broker".',
    ]);
    expect(plugin.said.join("\n")).not.toContain(PASSWORD);
  });

  test("nothing to write, and a folder that is a file", async () => {
    writeFileSync(join(folder, "a-file"), "");
    expect(await plugin.check(urn, { directory: "a-file/x" })).toEqual([
      "files: names no file; write one at least.",
      'directory: "a-file/x" cannot be a folder: "a-file" is a file; name another.',
    ]);
  });

  test("a secret where everybody may read it", async () => {
    const news = { directory, files: { "broker.conf": secret(PASSWORD) } };
    expect(await plugin.check(urn, news)).toEqual([
      "files: holds a secret, and its files are for everybody to read; move that file to secretFiles.",
    ]);
  });

  test("a file of somebody's, but not the same text", async () => {
    mkdirSync(path(), { recursive: true });
    writeFileSync(path("broker.conf"), "mine");
    expect(await plugin.check(urn, inputs)).toEqual([
      `files["broker.conf"]: "${directory}/broker.conf" is there already, and not written by this resource; move it away, or name another file or folder.`,
    ]);
    writeFileSync(path("broker.conf"), "port 1\n");
    expect(await plugin.check(urn, inputs)).toEqual([]);
  });

  test("a file of another resource, and not a folder that both write to", async () => {
    await plugin.create(urn, inputs);
    const other = urnOf("ConfigurationFiles", "other");
    const both = { "broker.conf": "port 1\n", "other.conf": "x" };
    expect(await plugin.check(other, { directory, files: both })).toEqual([
      `files["broker.conf"]: "${directory}/broker.conf" is written by the ConfigurationFiles "broker-${number}" already; name another file or folder.`,
    ]);
    const own = { directory, files: { "other.conf": "x" } };
    expect(await plugin.check(other, own)).toEqual([]);
    const { outs } = await plugin.create(other, own);
    await plugin.delete(other, outs);
    expect(text("broker.conf")).toBe("port 1\n");
  });

  test("what is in the way of a file, or leads out of the folder", async () => {
    mkdirSync(path("store.p12"), { recursive: true });
    mkdirSync(join(folder, `outside-${number}`));
    symlinkSync(join(folder, `outside-${number}`), path("conf.d"));
    symlinkSync("nowhere", path("password"));
    writeFileSync(path("sub"), "mine");
    const files = { ...(inputs.files as object), "sub/below": "x" };
    expect(await plugin.check(urn, { ...inputs, files })).toEqual([
      `files["conf.d/tls.conf"]: "${directory}/conf.d" is a symbolic link, and leads elsewhere; move it away, or name another file or folder.`,
      `files["sub/below"]: "${directory}/sub" is a file; move it away, or name another file or folder.`,
      `secretFiles["password"]: "${directory}/password" is there already, and not written by this resource; move it away, or name another file or folder.`,
      `secretBinaryFiles["store.p12"]: "${directory}/store.p12" is a folder; move it away, or name another file or folder.`,
    ]);
  });

  test("two resources of one update that write one file, before either has", async () => {
    const other = urnOf("ConfigurationFiles", `other-${number}`);
    expect(await plugin.check(urn, inputs)).toEqual([]);
    expect(
      await plugin.check(other, {
        directory: `./${directory}/conf.d`,
        files: { "tls.conf": "x", "mine.conf": "x" },
      }),
    ).toEqual([
      `files["tls.conf"]: "${directory}/conf.d/tls.conf" is written by the ConfigurationFiles "broker-${number}" already; name another file or folder.`,
    ]);
  });

  test("a file of the same resource in another stack", async () => {
    await plugin.create(urn, inputs);
    const other = urn.replace(/^urn:pulumi:[^:]+::/, "urn:pulumi:prod::");
    expect(other).not.toBe(urn);
    const news = { directory, files: { "broker.conf": "port 2\n" } };
    expect(await plugin.check(other, news)).toEqual([
      `files["broker.conf"]: "${directory}/broker.conf" is written by a ConfigurationFiles of the same name already, of another stack or below another parent; put the stack's name into the folder, or name another file or folder.`,
    ]);
  });

  test("not what was written under the name before an alias", async () => {
    const { outs } = await plugin.create(urn, inputs);
    const renamed = urnOf("ConfigurationFiles", "renamed");
    expect(await plugin.check(renamed, inputs, inputs)).toEqual([]);
    expect(await plugin.diff(renamed, outs, inputs)).toEqual(NO_CHANGE);
    await plugin.delete(renamed, outs);
    expect(existsSync(path())).toBe(false);
  });
});
