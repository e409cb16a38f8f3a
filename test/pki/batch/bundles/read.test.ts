import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  BundleFormat,
  BundleKind,
  Compression,
  bundleFileName,
} from "../../../../pki/batch/bundles/layout";
import type { BundleEntry } from "../../../../pki/batch/bundles/read";
import { readBundle } from "../../../../pki/batch/bundles/read";
import { readBundleFileName } from "../../../../pki/batch/bundles/readName";
import { idOfFolder } from "../../../../pki/batch/bundles/readTar";
import { folderName } from "../../../../pki/batch/folderName";
import { exportPkcs8 } from "../../../../pki/key";
import type { Party } from "../../support/authority";
import { issue } from "../../support/authority";
import { scratchFolder } from "../../support/openssl";
import {
  BUNDLE_OPTIONS,
  bundleBytes,
  makeAuthorities,
} from "../support/bundles";

const IDS = ["-a", ".b", "plant/1/pump@7", `x${"/".repeat(63)}`];

async function read(
  path: string,
  options: { format: string; compression: string },
): Promise<BundleEntry[]> {
  const all: BundleEntry[] = [];
  for await (const entries of readBundle(path, options)) {
    all.push(...entries);
  }
  return all;
}

describe("reading bundles", () => {
  const folder = scratchFolder();
  const devices = new Map<string, Party>();

  beforeAll(async () => {
    const { ca } = await makeAuthorities();
    for (const id of IDS) {
      devices.set(id, await issue(ca, { subject: { commonName: "device" } }));
    }
  });

  const write = async (
    kind: string,
    options: { format: string; compression: string },
  ): Promise<string> => {
    const path = join(folder, bundleFileName(1, kind, options, false));
    writeFileSync(path, await bundleBytes(kind, devices, options));
    return path;
  };

  describe.each(BUNDLE_OPTIONS)("$format, $compression", (options) => {
    test("certificates and keys come out as they were written, in their order", async () => {
      const certificates = await read(
        await write(BundleKind.Certificates, options),
        options,
      );
      expect(certificates).toEqual(
        [...devices].map(([id, { certificatePem, serialNumber }]) => ({
          id,
          certificate: certificatePem,
          ...(options.format === BundleFormat.Ndjson && { serialNumber }),
        })),
      );
      const keys = await read(await write(BundleKind.Keys, options), options);
      expect(keys).toEqual(
        [...devices].map(([id, { key }]) => ({
          id,
          privateKey: exportPkcs8(key),
        })),
      );
    });

    test("a file that is cut off is named, wherever it is cut", async () => {
      const path = await write(BundleKind.Keys, options);
      const whole = readFileSync(path);
      for (const share of [0.1, 0.5, 0.9, 0.99]) {
        writeFileSync(path, whole);
        truncateSync(path, Math.floor(whole.length * share));
        const refused = read(path, options);
        await expect(refused).rejects.toThrow(path);
        await expect(refused).rejects.toThrow(/is (cut off|damaged)/);
      }
    });

    test("any change of any octet is refused or changes what comes out; no message holds a key", async () => {
      const path = await write(BundleKind.Keys, options);
      const whole = readFileSync(path);
      await fc.assert(
        fc.asyncProperty(
          fc.nat(whole.length - 1),
          fc.integer({ min: 1, max: 255 }),
          async (at, change) => {
            const changed = Buffer.from(whole);
            changed.writeUInt8((whole[at] ?? 0) ^ change, at);
            writeFileSync(path, changed);
            try {
              await read(path, options);
            } catch (error) {
              const { message, name } = error as Error;
              expect(name).toBe("InputError");
              expect(message).toContain(`${path}: is `);
              expect(message).not.toMatch(
                /[A-Za-z0-9+/]{40}(?!.*ndjson|.*tar)/,
              );
            }
          },
        ),
        { numRuns: 40 },
      );
    });

    test("a file of many devices is handed out in parts", async () => {
      const many = new Map<string, Party>();
      for (const [id, party] of devices) {
        for (let index = 0; index < 3000 / devices.size; index += 1) {
          many.set(`${id}-${index}`, party);
        }
      }
      const path = join(folder, "many");
      writeFileSync(
        path,
        await bundleBytes(BundleKind.Certificates, many, options),
      );
      const sizes: number[] = [];
      for await (const entries of readBundle(path, options)) {
        sizes.push(entries.length);
      }
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(3000);
      expect(Math.max(...sizes)).toBeLessThan(1000);
    });
  });

  const plain = { format: BundleFormat.Ndjson, compression: Compression.None };

  test.each([
    { text: "{}\n", error: 'line 1 is no entry with "id"' },
    {
      text: '{"id":"a","certificate":"x"}\nnothing\n',
      error: "line 2 is no JSON",
    },
    { text: '{"id":1,"privateKey":"x"}\n', error: "line 1 is no entry" },
    { text: '{"id":"a","privateKey":7}\n', error: "line 1 is no entry" },
    { text: "[]\n", error: "line 1 is no entry" },
    { text: "null\n", error: "line 1 is no entry" },
    { text: "\n", error: "line 1 is no JSON" },
    { text: '{"id":"a"', error: "line 1 ends in its middle" },
    { text: "x".repeat(2 ** 21), error: "line 1 has no end within a megabyte" },
  ])("$error", async ({ text, error }) => {
    const path = join(folder, "damaged");
    writeFileSync(path, text);
    await expect(read(path, plain)).rejects.toThrow(error);
  });

  test("a sealed file is not opened, and one that is missing is named", async () => {
    await expect(
      read(join(folder, "000001-keys.ndjson.age"), plain),
    ).rejects.toThrow("is sealed; whoever holds an identity");
    await expect(read(join(folder, "nowhere"), plain)).rejects.toThrow(
      "nowhere: is not there",
    );
  });

  test("whoever stops reading leaves no open file", async () => {
    const options = { format: "tar", compression: "gzip" };
    const path = await write(BundleKind.Certificates, options);
    for await (const entries of readBundle(path, options)) {
      expect(entries).not.toHaveLength(0);
      break;
    }
  });
});

describe("names", () => {
  test("of files are read as they were written", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9_999_999 }),
        fc.constantFrom(...Object.values(BundleKind)),
        fc.constantFrom(...BUNDLE_OPTIONS),
        fc.boolean(),
        (number, kind, options, sealed) => {
          expect(
            readBundleFileName(bundleFileName(number, kind, options, sealed)),
          ).toEqual({ number, kind, ...options, sealed });
        },
      ),
    );
  });

  test.each([
    "index.json",
    "../000001-keys.tar",
    "000001-keys.tar.partial",
    "",
  ])("%j is none", (name) => {
    expect(readBundleFileName(name)).toBeUndefined();
  });

  test("of folders give their device's id back", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._@/-]{1,64}$/), (id) => {
        expect(idOfFolder(folderName(id))).toBe(id);
      }),
    );
  });
});
