import { X509Certificate, createPrivateKey } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DeviceAction } from "../../pki/batch/plan";
import type { DeviceBatchInputs } from "../../provider/deviceBatchInputs";
import type { ProtectionInputs } from "../../provider/deviceProtection";
import type { BatchResult } from "../../provider/deviceIssuance";
import { issueBatch, planBatch, summary } from "../../provider/deviceIssuance";
import { OutputDirectory } from "../../provider/outputDirectory";
import { readDeviceBatch } from "../../provider/readDeviceBatch";
import { issuerKeyIdentifier } from "../../provider/signer";
import type { NativeAge } from "../support/nativeAge";
import { scratchFolder } from "../pki/support/openssl";
import { changedPaths, modeOf, snapshot } from "./support/devices";
import type { Hierarchy } from "./support/inputs";
import { hierarchy } from "./support/inputs";
import { urnOf } from "./support/plugin";
import type { Recipient } from "./support/protected";
import {
  fileOf,
  makeRecipient,
  openSealed,
  protectedInputs,
} from "./support/protected";
import type { Properties } from "./support/wire";

jest.mock("age-encryption", () =>
  jest.requireActual<NativeAge>("../support/nativeAge").loadAge(),
);

const URN = urnOf("DeviceBatch", "fleet");
const IDS = ["a", "b", "c"];
const folder = scratchFolder();

let above: Hierarchy;
let factory: Recipient;
let other: Recipient;
let count = 0;
let output = "";

beforeAll(async () => {
  above = await hierarchy();
  factory = await makeRecipient();
  other = await makeRecipient();
});

beforeEach(() => {
  count += 1;
  output = join(folder, `batch-${count}`);
});

function sealed(...recipients: readonly Recipient[]): ProtectionInputs {
  const list = recipients.length > 0 ? recipients : [factory];
  return { seal: { recipients: list.map(({ recipient }) => recipient) } };
}

function inputs(
  protection: ProtectionInputs,
  overrides: Properties = {},
): DeviceBatchInputs {
  return protectedInputs(above, output, IDS, protection, overrides);
}

/** Issues, and sees that nothing is left to do. */
async function issue(
  wanted: DeviceBatchInputs,
  { reissue = false, at = new Date() } = {},
): Promise<BatchResult> {
  const result = await issueBatch(URN, wanted, at, reissue);
  expect(await actions(wanted, at)).toEqual(IDS.map(() => DeviceAction.Keep));
  return result;
}

/** What a preview would do with each device; `seal` where that is all. */
async function actions(
  wanted: DeviceBatchInputs,
  at = new Date(),
): Promise<string[]> {
  return (await planBatch(wanted, at, false)).map(({ action, unsealed }) =>
    unsealed && action === DeviceAction.Keep ? "seal" : action,
  );
}

function at(id: string, name: string): string {
  return fileOf(output, id, name);
}

/** Fails where a sealed key does not belong to its certificate. */
async function expectPairs(recipient = factory): Promise<void> {
  for (const id of IDS) {
    const certificate = new X509Certificate(readFileSync(at(id, "cert.pem")));
    const key = await openSealed(at(id, "key.pem.age"), recipient);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  }
}

describe("a sealed batch", () => {
  test("has its keys sealed only, each for its certificate, in files nobody else may read", async () => {
    const result = await issue(inputs(sealed()));
    expect(result).toMatchObject({ count: 3, issued: 3, renewed: 0 });
    for (const id of IDS) {
      expect(readdirSync(join(output, id)).sort()).toEqual([
        "cert.pem",
        "chain.pem",
        "key.pem.age",
      ]);
      expect(modeOf(at(id, "key.pem.age"))).toBe("600");
    }
    await expectPairs();
    await expect(openSealed(at("a", "key.pem.age"), other)).rejects.toThrow(
      /no identity/,
    );
  });

  test("stays byte for byte where nothing changed", async () => {
    await issue(inputs(sealed()));
    const before = snapshot(output);
    await issue(inputs(sealed()));
    expect(changedPaths(before, snapshot(output))).toEqual([]);
  });

  test("is renewed with its sealed keys, by the public key of the certificate", async () => {
    const wanted = inputs(sealed(), { validityDays: 90 });
    await issue(wanted);
    const before = snapshot(output);
    const later = new Date(Date.now() + 80 * 86_400_000);
    const result = await issue(wanted, { at: later });
    expect(result).toMatchObject({ issued: 0, renewed: 3 });
    expect(changedPaths(before, snapshot(output))).toEqual(
      [
        ...IDS.flatMap((id) => [`${id}/cert.pem`, `${id}/chain.pem`]),
        "inventory.csv",
      ].sort(),
    );
    await expectPairs();
  });

  test("gets new keys by reissue", async () => {
    await issue(inputs(sealed()));
    const before = snapshot(output);
    const result = await issue(inputs(sealed()), { reissue: true });
    expect(result).toMatchObject({ issued: 3, renewed: 0 });
    expect(
      changedPaths(before, snapshot(output)).filter((path) =>
        path.endsWith("key.pem.age"),
      ),
    ).toHaveLength(3);
    await expectPairs();
  });

  test("seals for other recipients what is new only", async () => {
    await issue(inputs(sealed()));
    const before = snapshot(output);
    rmSync(at("b", "key.pem.age"));
    await issue(inputs(sealed(other)));
    expect(
      changedPaths(before, snapshot(output)).filter((path) =>
        path.includes("key"),
      ),
    ).toEqual(["b/key.pem.age"]);
    await openSealed(at("a", "key.pem.age"), factory);
    await openSealed(at("b", "key.pem.age"), other);
  });

  const damages: readonly [string, () => void, string][] = [
    [
      "its sealed key is gone",
      () => {
        rmSync(at("b", "key.pem.age"));
      },
      DeviceAction.Reissue,
    ],
    [
      "its sealed key is cut short",
      () => {
        truncateSync(at("b", "key.pem.age"), 300);
      },
      DeviceAction.Reissue,
    ],
    [
      "its sealed key is another device's",
      () => {
        copyFileSync(at("a", "key.pem.age"), at("b", "key.pem.age"));
      },
      DeviceAction.Reissue,
    ],
    [
      "its certificate is another device's",
      () => {
        copyFileSync(at("a", "cert.pem"), at("b", "cert.pem"));
      },
      DeviceAction.Reissue,
    ],
    [
      "its certificate is gone",
      () => {
        rmSync(at("b", "cert.pem"));
      },
      DeviceAction.Issue,
    ],
  ];

  test.each(damages)(
    "gives a device another key where %s, and leaves the others",
    async (_what, damage, action) => {
      const wanted = inputs(sealed());
      await issue(wanted);
      const before = snapshot(output);
      damage();
      expect(await actions(wanted)).toEqual(["keep", action, "keep"]);
      await issue(wanted);
      await expectPairs();
      expect(
        changedPaths(before, snapshot(output)).every(
          (path) => path.startsWith("b/") || path === "inventory.csv",
        ),
      ).toBe(true);
    },
  );

  test("is taken away whole when it is deleted, and a killed run's beginnings with it", async () => {
    const wanted = inputs({ ...sealed(), keystore: { password: "password" } });
    await issue(wanted);
    writeFileSync(at("a", "key.pem.age.partial"), "half");
    rmSync(at("c", "cert.pem"));
    new OutputDirectory(output).remove(issuerKeyIdentifier(wanted.signer), {
      keys: true,
      keystores: true,
    });
    expect(existsSync(output)).toBe(false);
  });

  test("is not made into Secrets, which need plain keys", async () => {
    await issue(inputs(sealed()));
    expect(() =>
      readDeviceBatch({
        outputDirectory: output,
        digest: "",
        shard: 0,
        shards: 1,
      }),
    ).toThrow(/^outputDirectory: .*private key of "a" sealed/);
  });
});

describe("a batch with plain keys that is sealed later", () => {
  test("has the same keys sealed in place, and no plain ones", async () => {
    await issue(inputs({}));
    const before = snapshot(output);
    const wanted = inputs(sealed());
    expect(await actions(wanted)).toEqual(["seal", "seal", "seal"]);
    expect(summary(await planBatch(wanted, new Date(), false), wanted)).toBe(
      "+0 new, 0 changed, 0 due, 3 unchanged, 3 to be sealed",
    );
    const result = await issue(wanted);
    expect(result).toMatchObject({ issued: 0, renewed: 0 });
    expect(changedPaths(before, snapshot(output))).toEqual(
      IDS.flatMap((id) => [`${id}/key.pem`, `${id}/key.pem.age`]),
    );
    for (const id of IDS) {
      const key = await openSealed(at(id, "key.pem.age"), factory);
      expect(key.toString()).toBe(before.get(`${id}/key.pem`));
    }
  });

  test("loses no key wherever it is killed meanwhile, and ends with none in a plain file", async () => {
    await issue(inputs({}));
    const plain = snapshot(output);
    const wanted = inputs(sealed());
    await issue(wanted);
    // a: killed after its key was sealed. b: killed while it was. c: left by a plain run killed earlier.
    writeFileSync(at("a", "key.pem"), plain.get("a/key.pem") ?? "");
    writeFileSync(at("b", "key.pem"), plain.get("b/key.pem") ?? "");
    writeFileSync(at("b", "key.pem.age.partial"), "half");
    rmSync(at("b", "key.pem.age"));
    writeFileSync(at("c", "key.pem.partial"), plain.get("c/key.pem") ?? "");
    expect(await actions(wanted)).toEqual(["seal", "seal", "seal"]);
    await issue(wanted);
    await expectPairs();
    expect([...snapshot(output).keys()].sort()).toEqual(
      [
        ".batch",
        "inventory.csv",
        ...IDS.flatMap((id) =>
          ["cert.pem", "chain.pem", "key.pem.age"].map(
            (file) => `${id}/${file}`,
          ),
        ),
      ].sort(),
    );
  });

  test("and is no more sealed after that keeps its sealed keys, and gets plain ones where they are new", async () => {
    await issue(inputs(sealed()));
    rmSync(at("b", "key.pem.age"));
    await issue(inputs({}));
    expect(existsSync(at("a", "key.pem"))).toBe(false);
    await openSealed(at("a", "key.pem.age"), factory);
    expect(existsSync(at("b", "key.pem"))).toBe(true);
    await issue(inputs({}), { reissue: true });
    for (const id of IDS) {
      expect(existsSync(at(id, "key.pem.age"))).toBe(false);
    }
  });

  test("and renewed in the same update seals the key it keeps", async () => {
    await issue(inputs({}, { validityDays: 90 }));
    const key = readFileSync(at("a", "key.pem"), "utf8");
    const later = new Date(Date.now() + 80 * 86_400_000);
    const wanted = inputs(sealed(), { validityDays: 90 });
    const result = await issue(wanted, { at: later });
    expect(result).toMatchObject({ issued: 0, renewed: 3 });
    expect((await openSealed(at("a", "key.pem.age"), factory)).toString()).toBe(
      key,
    );
    expect(existsSync(at("a", "key.pem"))).toBe(false);
  });
});
