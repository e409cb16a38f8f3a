import "reflect-metadata";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { JAVA } from "../../brokers/javaBroker";

/** A distinguished name, as `x509.Name` takes it. */
export type Subject = ConstructorParameters<typeof x509.Name>[0];

/** The leaves of XML texts, as `path=text` and `path@attribute=text`, as Java's parser reads them. */
export function leavesOf(java: string, texts: readonly string[]): string[][] {
  return inFolder((folder) => {
    const paths = texts.map((text, index) => {
      const path = join(folder, `${index}.xml`);
      writeFileSync(path, text);
      return path;
    });
    return run(java, ["xml", ...paths], "")
      .split("\n\n")
      .slice(0, texts.length)
      .map((lines) => lines.split("\n"));
  });
}

/** Which users of a properties file each of these subjects is, in the way of Artemis. */
export function usersFor(
  java: string,
  properties: string,
  subjects: readonly Subject[],
): string[][] {
  return inFolder((folder) => {
    const path = join(folder, "users.properties");
    writeFileSync(path, properties);
    const names = subjects.map((subject) =>
      Buffer.from(new x509.Name(subject).toArrayBuffer()).toString("base64"),
    );
    return run(java, ["users", path], `${names.join("\n")}\n`)
      .split("\n")
      .slice(0, subjects.length)
      .map((line) => (line === "" ? [] : line.split(" ")));
  });
}

function run(java: string, args: readonly string[], input: string): string {
  const { status, stdout, stderr } = spawnSync(
    java,
    [join(JAVA, "Texts.java"), ...args],
    { encoding: "utf8", input },
  );
  if (status !== 0) {
    throw new Error(stderr);
  }
  return stdout;
}

function inFolder<T>(body: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-java-"));
  try {
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
