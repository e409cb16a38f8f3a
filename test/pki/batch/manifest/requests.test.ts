import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { gzipSync } from "node:zlib";
import type { Header } from "tar-stream";
import { pack } from "tar-stream";
import type { Device } from "../../../../pki/batch/device";
import type { DeviceListOptions } from "../../../../pki/batch/manifest";
import {
  ProblemList,
  digestOfSource,
  readDeviceList,
} from "../../../../pki/batch/manifest";
import { KeySet } from "../../../../pki/batch/manifest/keySet";
import { compileTemplates } from "../../../../pki/batch/nameTemplates";
import { InputError, formatProblem } from "../../../../pki/problem";
import { subtle, x509 } from "../../../../pki/webcrypto";

let folder: string;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "requests-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function makeKeys(): Promise<CryptoKeyPair> {
  return await subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

/** A request for this device, PEM. */
async function request(id: string, given?: CryptoKeyPair): Promise<string> {
  const keys = given ?? (await makeKeys());
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${id}`,
    keys,
    signingAlgorithm: ALGORITHM,
  });
  return made.toString("pem");
}

function der(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
}

type Content = string | Buffer | Partial<Header>;

/** An archive of these files. */
async function archive(
  name: string,
  files: Readonly<Record<string, Content>>,
): Promise<string> {
  const packed = pack();
  for (const [file, content] of Object.entries(files)) {
    if (typeof content === "string" || Buffer.isBuffer(content)) {
      packed.entry({ name: file }, content);
    } else {
      packed.entry({ name: file, ...content });
    }
  }
  packed.finalize();
  const blocks: Buffer[] = [];
  for await (const block of packed as AsyncIterable<Buffer>) {
    blocks.push(block);
  }
  const bytes = Buffer.concat(blocks);
  const path = join(folder, name);
  writeFileSync(path, /gz$/i.test(name) ? gzipSync(bytes) : bytes);
  return path;
}

async function read(
  requests: string,
  options?: DeviceListOptions,
): Promise<[Device[], string]> {
  const devices: Device[] = [];
  const list = readDeviceList({ requests }, options);
  for await (const chunk of list) {
    devices.push(...chunk);
  }
  return [devices, list.digest()];
}

async function refusals(
  requests: string,
  options?: DeviceListOptions,
): Promise<string[]> {
  const problem = await read(requests, options).catch(
    (error: unknown) => error,
  );
  expect(problem).toBeInstanceOf(InputError);
  return (problem as InputError).problems.map((one) =>
    formatProblem(one).replaceAll(`${folder}${sep}`, ""),
  );
}

test.each(["requests.tar", "requests.tar.gz", "requests.tgz", "R.TGZ"])(
  "%s is read, PEM and DER, in its order, and nothing but requests",
  async (name) => {
    const path = await archive(name, {
      "fleet/": { type: "directory" },
      "fleet/valve-2.csr": await request("valve-2"),
      "fleet/._valve-2.csr": "of another system",
      "fleet/README.txt": "words",
      [`fleet/${"long-".repeat(40)}valve-1.der`]: der(await request("valve-1")),
      "fleet/new.pem": (await request("valve-3")).replaceAll(
        "CERTIFICATE",
        "NEW CERTIFICATE",
      ),
    });
    const [devices, digest] = await read(path);
    expect(devices.map(({ id }) => id)).toEqual([
      "valve-2",
      "valve-1",
      "valve-3",
    ]);
    expect(devices[0]?.source).toBe(`${path}:fleet/valve-2.csr`);
    expect(devices[0]?.request?.key).toEqual({
      algorithm: "ECDSA",
      ecdsaCurve: "P256",
    });
    expect(digest).toBe(
      createHash("sha256").update(readFileSync(path)).digest("hex"),
    );
    expect(digest).toBe(await digestOfSource({ requests: path }));
  },
);

test("what stands behind the end of an archive changes its digest", async () => {
  const path = await archive("a.tgz", { "a.csr": await request("a") });
  const [, before] = await read(path);
  appendFileSync(path, Buffer.alloc(700_000));
  const [devices, after] = await read(path);
  expect(devices).toHaveLength(1);
  expect(after).not.toBe(before);
  expect(after).toBe(await digestOfSource({ requests: path }));
});

test("a folder has the digest of its names and contents", async () => {
  const path = join(folder, "all");
  mkdirSync(path);
  writeFileSync(join(path, "b.csr"), await request("b"));
  writeFileSync(join(path, "a.csr"), await request("a"));
  const [devices, digest] = await read(path);
  expect(devices.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(digest).toBe(await digestOfSource({ requests: path }));
  writeFileSync(join(path, "README.txt"), "words");
  expect(await digestOfSource({ requests: path })).toBe(digest);
  const content = readFileSync(join(path, "b.csr"));
  writeFileSync(join(path, "c.csr"), content);
  rmSync(join(path, "b.csr"));
  const renamed = await digestOfSource({ requests: path });
  expect(renamed).not.toBe(digest);
  writeFileSync(join(path, "c.csr"), await request("b"));
  expect(await digestOfSource({ requests: path })).not.toBe(renamed);
});

test("every request that is refused is told by its name in the archive, and the others are read", async () => {
  const keys = await makeKeys();
  const broken = der(await request("broken"));
  const path = await archive("all.tar.gz", {
    "a.csr": await request("a", keys),
    "broken.der": broken.subarray(0, 100),
    "empty.csr": "",
    "large.csr": "x".repeat(300_000),
    "link.csr": { type: "symlink", linkname: "a.csr" },
    "two\u001b[31m.pem": (await request("x")) + (await request("y")),
    "twin.csr": await request("twin", keys),
    "b.csr": await request("b"),
  });
  const problems = new ProblemList();
  const [devices] = await read(path, { problems });
  expect(devices.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(await refusals(path)).toEqual([
    "all.tar.gz:broken.der: is no readable PKCS#10 request; make it anew.",
    "all.tar.gz:empty.csr: is no readable PKCS#10 request; make it anew.",
    "all.tar.gz:large.csr: has 300000 bytes, which no request has; put nothing but requests into this archive.",
    "all.tar.gz:link.csr: is no file; put nothing but requests into this archive.",
    "all.tar.gz:two?[31m.pem: holds 2 requests, of which one only would be read; write each into a file of its own.",
    "all.tar.gz:twin.csr: holds the key of request 1 of the archive; every device needs a key of its own.",
  ]);
});

test.each<[string, string, (path: string) => void]>([
  [
    "is not there",
    'requests: "x.tar.gz" is not there; name a file relative to the folder',
    (path) => {
      rmSync(path);
    },
  ],
  [
    "is cut off",
    "x.tar.gz: is no readable archive (unexpected end of file); make it anew",
    (path) => {
      writeFileSync(path, readFileSync(path).subarray(0, 400));
    },
  ],
  [
    "is not compressed",
    "x.tar.gz: is no readable archive (incorrect header check); make it anew",
    (path) => {
      writeFileSync(path, "no gzip at all");
    },
  ],
  [
    "is no archive",
    "x.tar.gz: is no readable archive (Invalid tar header",
    (path) => {
      writeFileSync(path, gzipSync("x".repeat(2_000)));
    },
  ],
  [
    "ends within a file",
    "x.tar.gz: is no readable archive (Unexpected end of data)",
    (path) => {
      const header = Buffer.alloc(512);
      header.write("x");
      writeFileSync(path, gzipSync(header.subarray(0, 300)));
    },
  ],
  [
    "is empty",
    'requests: "x.tar.gz" holds no request; put files that end with .csr',
    (path) => {
      writeFileSync(path, gzipSync(Buffer.alloc(1_024)));
    },
  ],
])("an archive that %s is refused", async (_what, message, damage) => {
  const path = await archive("x.tar.gz", {
    "a.csr": await request("a"),
    "b.csr": await request("b"),
  });
  damage(path);
  expect(await refusals(path)).toEqual([expect.stringContaining(message)]);
});

test("a reader that stops early leaves nothing open", async () => {
  const files: Record<string, string> = {};
  for (let at = 0; at < 150; at += 1) {
    files[`${at}.csr`] = await request(`d-${at}`);
  }
  const path = await archive("many.tgz", files);
  const list = readDeviceList({ requests: path });
  for await (const chunk of list) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  expect(() => list.digest()).toThrow("when the whole list was read");
});

test("templates can use the id, and nothing that no request gives", async () => {
  const path = await archive("a.tar", { "a.csr": await request("a") });
  const templates = compileTemplates({ subject: {}, uris: ["urn:x:{id}"] });
  const [devices] = await read(path, { templates });
  expect(devices).toHaveLength(1);
  const other = compileTemplates({ subject: {}, uris: ["urn:x:{site}"] });
  expect((await refusals(path, { templates: other }))[0]).toBe(
    'uris[0]: "urn:x:{site}" needs "site", which no request gives; use {id} only.',
  );
});

test("a set of keys knows 20,000 of them again, by the place of the first", () => {
  const keys = new KeySet();
  const key = (at: number): Buffer => Buffer.from(`key ${at}`);
  for (let at = 0; at < 20_000; at += 1) {
    expect(keys.add(key(at))).toBeUndefined();
  }
  for (let at = 0; at < 20_000; at += 1) {
    expect(keys.add(key(at))).toBe(at);
  }
});
