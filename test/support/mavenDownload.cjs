// Fetches files from a Maven repository, for maven.ts, which must not wait for promises: whether a group of tests is
// skipped is decided before any test runs. Reads JSON from standard input: [{ url, sha256, path }]. Says what failed on
// standard error, and ends with exit code 1 then.

/* global AbortSignal, Buffer, fetch -- Node.js has them */
const { createHash } = require("node:crypto");
const { mkdirSync, renameSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");
const { text } = require("node:stream/consumers");

const AT_ONCE = 6;
const MILLISECONDS = 60_000;

async function download({ url, sha256, path }) {
  const answer = await fetch(url, {
    signal: AbortSignal.timeout(MILLISECONDS),
  });
  if (!answer.ok) {
    throw new Error(`${url} answers ${answer.status}`);
  }
  const content = Buffer.from(await answer.arrayBuffer());
  const found = createHash("sha256").update(content).digest("hex");
  if (found !== sha256) {
    throw new Error(`${url} has the SHA-256 ${found}, and not ${sha256}`);
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Two test files may want it at once: whoever comes last puts the same there.
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, path);
}

async function main() {
  const wanted = JSON.parse(await text(process.stdin));
  const failures = [];
  const work = async () => {
    for (let one = wanted.shift(); one !== undefined; one = wanted.shift()) {
      try {
        await download(one);
      } catch (error) {
        const { message, cause } = error;
        failures.push(
          `${message}${cause === undefined ? "" : `: ${cause.message ?? cause.code}`} (${one.url})`,
        );
        // Out of reach for one, it is so for all; and nobody waits a minute for each.
        wanted.length = 0;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (failures.length > 0) {
    process.stderr.write(failures[0]);
    process.exitCode = 1;
  }
}

void main();
