import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { main } from "../../cli/program";
import { exportPkcs8 } from "../../pki/key";
import type { Party } from "../pki/support/authority";
import { DEFAULT_NOW } from "../pki/support/authority";
import { runCommand } from "../support/command";
import { ROOT } from "../support/fleet";
import type { Fleet } from "./support/fleet";
import { makeFleet, writeFiles } from "./support/fleet";

const base = realpathSync(mkdtempSync(join(tmpdir(), "mqtt-pki-adopt-")));
const directory = join(base, "My PKI");
let fleet: Fleet;
let count = 0;

beforeAll(async () => {
  fleet = await makeFleet();
  const serial = (party: Party): string => party.serialNumber.toUpperCase();
  writeFiles(directory, {
    "root-ca/certs/root-ca.cert.pem": fleet.authority.certificatePem,
    "default/certs/default.cert.pem": fleet.ca.certificatePem,
    "default/private/default.key.pem": exportPkcs8(fleet.ca.key),
    "default/index.txt": `V\t271120214640Z\t\t${serial(fleet.device)}\tunknown\t/CN=thermometer-1
R\t271120214640Z\t261121012345Z,superseded\t${serial(fleet.otherDevice)}\tunknown\t/O=a "b", c/CN=thermometer-2
`,
    "default/crlnumber": "0F\n",
    "default/newcerts/1000.pem": fleet.device.certificatePem,
    "mqtt/mqtt.pem": fleet.server.certificatePem,
    "mqtt/mqtt.key": exportPkcs8(fleet.server.key),
  });
});

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** A folder for a program. */
function folder(): string {
  count += 1;
  const path = join(base, `program-${count}`);
  mkdirSync(path);
  return path;
}

async function adopt(
  ...args: readonly string[]
): Promise<{ code: number; out: string; error: string }> {
  let out = "";
  let error = "";
  const code = await main(["adopt", ...args], {
    now: DEFAULT_NOW,
    out: (text) => (out += text),
    error: (text) => (error += text),
    clock: () => 0,
  });
  return { code, out, error };
}

test("the tree, the program, and what to do next", async () => {
  const out = folder();
  const result = await adopt(directory, "--out", out, "--stack", "prod");
  expect(result).toMatchObject({ code: 0, error: "" });
  expect(result.out).toMatch(
    /^root-ca: CN=Test Root CA, until .* \(root-ca\/certs\/root-ca.cert.pem\)\n {4}its key is not here\n {2}default: .*\n {6}key default\/private\/default.key.pem, default\/index.txt lists 2 certificates, next revocation list f\n/,
  );
  expect(result.out).toContain("mqtt (server): CN=mqtt.example.com");
  expect(result.out).toContain(
    `  npx mqtt-pki config set --stack prod --secret default-key < '../My PKI/default/private/default.key.pem'\n`,
  );
  expect(result.out).not.toContain("root-ca-key");
  expect(readdirSync(out).sort()).toEqual([
    "Pulumi.prod.yaml",
    "Pulumi.yaml",
    "authorities",
    "devices",
    "index.ts",
    "package.json",
  ]);
  expect(readFileSync(join(out, "authorities", "default.pem"), "utf8")).toBe(
    fleet.ca.certificatePem,
  );
  expect(
    readFileSync(join(out, "authorities", "default-issued.csv"), "utf8"),
  ).toContain(
    `revoked,2027-11-20T21:46:40Z,2026-11-21T01:23:45Z,superseded,thermometer-2,"/O=a ""b"", c/CN=thermometer-2",\n`,
  );
  const config = readFileSync(join(out, "Pulumi.prod.yaml"), "utf8");
  expect(config).toContain("my-pki:servers:");
  expect(config).toContain("issue: false");
  expect(config).toContain("crlNumber: f");
  expect(readFileSync(join(out, "devices", "default.csv"), "utf8")).toBe(
    "id\n",
  );
});

test("no key is written or printed", async () => {
  const out = folder();
  const result = await adopt(directory, "--out", out, "--json");
  const body = exportPkcs8(fleet.ca.key).split("\n")[1] ?? "";
  const texts = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  for (const text of [...texts, result.out, result.error]) {
    expect(text).not.toContain(body);
    expect(text).not.toContain("PRIVATE KEY");
  }
});

test("--json says the same", async () => {
  const { out } = await adopt(directory, "--out", folder(), "--json");
  const report = z
    .object({
      schema: z.literal("mqtt-pki/adopt/1"),
      authorities: z.array(
        z.object({ name: z.string(), takenOver: z.boolean() }),
      ),
      leaves: z.array(z.object({ name: z.string(), purpose: z.string() })),
      findings: z.array(z.object({ code: z.string(), file: z.string() })),
      written: z.array(z.string()),
    })
    .parse(JSON.parse(out));
  expect(report.authorities.map(({ name }) => name)).toEqual([
    "root-ca",
    "default",
  ]);
  expect(
    report.leaves.map(({ name, purpose }) => `${name} ${purpose}`).sort(),
  ).toEqual(["mqtt server", "thermometer-1 device"]);
  expect(report.written).toContain("index.ts");
});

test("nothing is written over unless --force says so", async () => {
  const out = folder();
  writeFileSync(join(out, "index.ts"), "mine");
  expect(await adopt(directory, "--out", out)).toMatchObject({
    code: 2,
    error: expect.stringContaining("index.ts is in") as string,
  });
  expect(readdirSync(out)).toEqual(["index.ts"]);
  expect((await adopt(directory, "--out", out, "--force")).code).toBe(0);
  expect(readFileSync(join(out, "index.ts"), "utf8")).not.toBe("mine");
});

test("a package.json that is there stays as it is", async () => {
  const out = folder();
  writeFileSync(join(out, "package.json"), "{}");
  expect((await adopt(directory, "--out", out)).code).toBe(0);
  expect(readFileSync(join(out, "package.json"), "utf8")).toBe("{}");
});

test("an intermediate without its root is refused, with what is missing", async () => {
  const alone = folder();
  writeFiles(alone, { "ca.pem": fleet.ca.certificatePem });
  const out = folder();
  const result = await adopt(alone, "--out", out);
  expect(result.code).toBe(1);
  expect(result.out).toContain(
    `not taken over: ca.pem: "CN=Test Issuing CA": The certificate of "CN=Test Root CA", which signed it, is not here.`,
  );
  expect(result.error).toContain("ca (ca.pem) cannot be taken over");
  expect(readdirSync(out)).toEqual([]);
});

test("a directory that is not there, or holds no CA, is a mistake on the command line", async () => {
  expect(await adopt(join(base, "nowhere"))).toMatchObject({
    code: 2,
    error: expect.stringContaining("is not there") as string,
  });
  expect(await adopt(folder())).toMatchObject({
    code: 2,
    error: expect.stringContaining("holds no CA") as string,
  });
});

test("the program that is written is well-typed", async () => {
  const out = folder();
  await adopt(directory, "--out", out);
  symlinkSync(join(ROOT, "node_modules"), join(out, "node_modules"));
  writeFileSync(
    join(out, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "ES2022",
        module: "nodenext",
        moduleResolution: "nodenext",
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        exactOptionalPropertyTypes: true,
        resolveJsonModule: true,
        types: ["node"],
        paths: { "mqtt-pki": [join(ROOT, "components", "index.ts")] },
      },
      files: ["index.ts"],
    }),
  );
  const { stdout } = await runCommand(
    process.execPath,
    [join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", out],
    { cwd: out },
  );
  expect(stdout).toBe("");
  expect(existsSync(join(out, "index.js"))).toBe(false);
});
