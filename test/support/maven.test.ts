import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { once } from "node:events";
import { mavenJars, pathInRepository, readLock } from "./maven";

const JAR = "what a jar holds";
const SHA256 = createHash("sha256").update(JAR).digest("hex");
const COORDINATES = "org.example.tls:tool-kit:1.2.3";

/** Serves a folder over HTTP: a process of its own, since who asks does not let this one answer. */
const SERVER = `
const { createServer } = require("node:http");
const { readFileSync } = require("node:fs");
createServer((request, response) => {
  try {
    response.end(readFileSync(process.argv[1] + request.url));
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
`;

let folder: string;
let repository: string;
let stop: () => void;
const { XDG_CACHE_HOME } = process.env;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mqtt-pki-maven-"));
  const child = spawn(process.execPath, ["-e", SERVER, join(folder, "served")]);
  stop = () => void child.kill();
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  repository = `http://127.0.0.1:${port.toString().trim()}/maven2`;
});

afterAll(() => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  process.env.XDG_CACHE_HOME = mkdtempSync(join(folder, "cache-"));
  rmSync(join(folder, "served"), { recursive: true, force: true });
});

afterEach(() => {
  if (XDG_CACHE_HOME === undefined) {
    delete process.env.XDG_CACHE_HOME;
  } else {
    process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  }
});

function serve(coordinates: string, content: string): void {
  const path = join(folder, "served/maven2", pathInRepository(coordinates));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function lock(...lines: readonly string[]): string {
  const path = join(folder, "test.lock");
  writeFileSync(path, `# for people\n\n${lines.join("\n")}\n`);
  return path;
}

test("a lock file names jars and their digests, and nothing else", () => {
  expect(readLock(`# text\n\n${COORDINATES} ${SHA256}\n`)).toEqual([
    { coordinates: COORDINATES, sha256: SHA256 },
  ]);
  for (const line of [
    COORDINATES,
    `${COORDINATES} ${SHA256.slice(1)}`,
    `${COORDINATES} ${SHA256} more`,
    `../..:x:y:z:w ${SHA256}`,
    `org.example/x:tool:1 ${SHA256}`,
  ]) {
    expect(() => readLock(`\n${line}`)).toThrow(/^line 2 of the lock file/);
  }
});

test("coordinates say where a jar is", () => {
  expect(pathInRepository(COORDINATES)).toBe(
    "org/example/tls/tool-kit/1.2.3/tool-kit-1.2.3.jar",
  );
  expect(pathInRepository(`${COORDINATES}:linux-x86_64`)).toBe(
    "org/example/tls/tool-kit/1.2.3/tool-kit-1.2.3-linux-x86_64.jar",
  );
});

test("jars come from the repository once, then from the cache", () => {
  serve(COORDINATES, JAR);
  serve(`${COORDINATES}:natives`, "other");
  const file = lock(
    `${COORDINATES} ${SHA256}`,
    `${COORDINATES}:natives ${createHash("sha256").update("other").digest("hex")}`,
  );

  const { paths = [] } = mavenJars(file, `${repository}/`);
  expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual([
    JAR,
    "other",
  ]);

  expect(mavenJars(file, "http://127.0.0.1:1").paths).toEqual(paths);
});

test("a jar of another digest is not used, neither a served nor a kept one", () => {
  serve(COORDINATES, "changed");
  const file = lock(`${COORDINATES} ${SHA256}`);
  expect(mavenJars(file, repository)).toMatchObject({
    paths: undefined,
    reason: expect.stringMatching(
      `${pathInRepository(COORDINATES)} has the SHA-256 [0-9a-f]{64}, and not ${SHA256}`,
    ) as string,
  });
  const cache = process.env.XDG_CACHE_HOME ?? "";
  expect(
    readdirSync(cache, { recursive: true }).filter((path) =>
      String(path).includes(".jar"),
    ),
  ).toEqual([]);

  serve(COORDINATES, JAR);
  const [path = ""] = mavenJars(file, repository).paths ?? [];
  writeFileSync(path, "spoiled");
  expect(mavenJars(file, repository).paths).toEqual([path]);
  expect(readFileSync(path, "utf8")).toBe(JAR);
});

test("where a repository is out of reach, or lacks a jar, it says so", () => {
  const file = lock(`${COORDINATES} ${SHA256}`);
  expect(mavenJars(file, repository)).toMatchObject({
    reason: expect.stringMatching(/answers 404/) as string,
  });
  expect(mavenJars(file, "http://127.0.0.1:1")).toMatchObject({
    reason: expect.stringMatching(
      /^it is not to be had from http:\/\/127\.0\.0\.1:1: fetch failed/,
    ) as string,
  });
  expect(existsSync(process.env.XDG_CACHE_HOME ?? "")).toBe(true);
});
