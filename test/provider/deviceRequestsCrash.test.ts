import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { x509 } from "../../pki/webcrypto";
import { subtle } from "../../pki/webcrypto";
import { scratchFolder } from "../pki/support/openssl";
import { NO_CHANGE } from "./support/batch";
import { deviceFolders, readInventory, snapshot } from "./support/devices";
import type { Hierarchy } from "./support/inputs";
import { batchInputs, hierarchy, without } from "./support/inputs";
import { killAfter, withPlugin } from "./support/killed";
import { urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";

const URN = urnOf("DeviceBatch", "fleet");
const folder = scratchFolder();
const requests = join(folder, "requests");
const ids = Array.from({ length: 80 }, (_, place) => `device-${place}`);

let above: Hierarchy;

beforeAll(async () => {
  above = await hierarchy();
  mkdirSync(requests);
  for (const id of ids) {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const keys = await subtle.generateKey(algorithm, false, ["sign", "verify"]);
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: `CN=${id}`,
      keys,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    });
    writeFileSync(join(requests, `${id}.der`), Buffer.from(request.rawData));
  }
});

function inputsFor(output: string): Properties {
  const inputs = batchInputs(above.signer, output, [], { requests });
  return without(inputs, "devices");
}

function certificates(output: string): Map<string, string> {
  return new Map(
    ids
      .map((id) => [id, join(output, id, "cert.pem")] as const)
      .filter(([, path]) => existsSync(path))
      .map(([id, path]) => [id, readFileSync(path, "utf8")]),
  );
}

test("a batch of requests killed again and again issues each once, and writes no key", async () => {
  const output = join(folder, "killed");
  const inputs = inputsFor(output);
  let finished = new Map<string, string>();
  for (const target of [15, 45]) {
    await killAfter(
      { cwd: folder },
      () => deviceFolders(output).length >= target,
      (plugin) => plugin.create(URN, inputs),
    );
    const now = certificates(output);
    finished.forEach((pem, id) => {
      expect(now.get(id)).toBe(pem);
    });
    finished = now;
    expect(finished.size).toBeGreaterThanOrEqual(target - 1);
    expect(finished.size).toBeLessThan(ids.length);
  }
  await withPlugin({ cwd: folder }, async (plugin) => {
    expect(await plugin.check(URN, inputs)).toEqual([]);
    const { outs } = await plugin.create(URN, inputs);
    expect(outs).toMatchObject({
      count: ids.length,
      issued: ids.length - finished.size,
      renewed: 0,
    });
    expect(await plugin.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
  });
  const now = certificates(output);
  finished.forEach((pem, id) => {
    expect(now.get(id)).toBe(pem);
  });
  expect(readInventory(output)).toHaveLength(ids.length);
  const paths = [...snapshot(output).keys()];
  expect(paths.filter((path) => /key\.pem|\.partial$/.test(path))).toEqual([]);
});

test("one that is killed and then deleted leaves nothing", async () => {
  const output = join(folder, "deleted");
  const inputs = inputsFor(output);
  const few = join(folder, "few");
  mkdirSync(few);
  for (const id of ids.slice(0, 2)) {
    writeFileSync(
      join(few, `${id}.der`),
      readFileSync(join(requests, `${id}.der`)),
    );
  }
  const { outs } = await withPlugin({ cwd: folder }, (plugin) =>
    plugin.create(URN, { ...inputs, requests: few }),
  );
  await killAfter(
    { cwd: folder },
    () => deviceFolders(output).length >= 20,
    (plugin) => plugin.update(URN, outs, inputs),
  );
  expect(readInventory(output)).toHaveLength(2);
  await withPlugin({ cwd: folder }, (plugin) => plugin.delete(URN, outs));
  expect([deviceFolders(output), existsSync(output)]).toEqual([[], false]);
  expect(snapshot(requests).size).toBe(ids.length);
});
