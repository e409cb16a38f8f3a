import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDeviceKeystore } from "../../pki/batch/deviceKeystore";
import { issueBatch } from "../../provider/deviceIssuance";
import type { ProtectionInputs } from "../../provider/deviceProtection";
import { OutputDirectory } from "../../provider/outputDirectory";
import { issuerKeyIdentifier } from "../../provider/signer";
import type { NativeAge } from "../support/nativeAge";
import { scratchFolder } from "../pki/support/openssl";
import { changedPaths, modeOf, readDevice, snapshot } from "./support/devices";
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

jest.mock("age-encryption", () =>
  jest.requireActual<NativeAge>("../support/nativeAge").loadAge(),
);

const URN = urnOf("DeviceBatch", "fleet");
const IDS = ["A", "b"];
const DUE = new Date(Date.now() + 80 * 86_400_000);
const keystore = { password: "correct horse battery staple" };
const folder = scratchFolder();

let above: Hierarchy;
let factory: Recipient;
let sealed: Required<ProtectionInputs>;
let output = "";
let count = 0;

beforeAll(async () => {
  above = await hierarchy();
  factory = await makeRecipient();
  sealed = { keystore, seal: { recipients: [factory.recipient] } };
});

beforeEach(() => {
  count += 1;
  output = join(folder, `batch-${count}`);
});

afterEach(() => {
  jest.restoreAllMocks();
});

async function issue(
  protection: ProtectionInputs,
  {
    before,
    at = new Date(),
    reissue = false,
    includeRoot = false,
  }: {
    before?: ProtectionInputs;
    at?: Date;
    reissue?: boolean;
    includeRoot?: boolean;
  } = {},
): Promise<void> {
  const inputs = protectedInputs(above, output, IDS, protection, {
    validityDays: 90,
    includeRoot,
  });
  await issueBatch(URN, inputs, at, reissue, before);
}

function at(id: string, name: string): string {
  return fileOf(output, id, name);
}

/** What the store of a device with plain files must be, octet for octet. */
function storeOf(id: string, { password } = keystore): Buffer {
  const { keyPem, chainPem } = readDevice(output, id);
  return Buffer.from(
    makeDeviceKeystore({ id, privateKey: keyPem, chain: chainPem, password }),
  );
}

function expectStores(wanted = keystore): void {
  for (const id of IDS) {
    const store = readFileSync(at(id, "keystore.p12"));
    expect(store.equals(storeOf(id, wanted))).toBe(true);
  }
}

describe("with plain keys", () => {
  test("every device has a store beside its files, with key, certificate and chain", async () => {
    await issue({ keystore });
    expectStores();
    expect(modeOf(at("A", "keystore.p12"))).toBe("600");
  });

  test("a store stays byte for byte where nothing changed, also where its password is not known to be the same", async () => {
    await issue({ keystore });
    const before = snapshot(output);
    await issue({ keystore }, { before: { keystore } });
    await issue({ keystore });
    expect(changedPaths(before, snapshot(output))).toEqual([]);
  });

  test("a store follows its certificate, its chain and its password, and comes back where it is gone", async () => {
    await issue({ keystore });
    await issue({ keystore }, { before: { keystore }, at: DUE });
    expectStores();
    const unchanged = { before: { keystore }, at: DUE };
    await issue({ keystore }, { ...unchanged, includeRoot: true });
    expectStores();
    rmSync(at("b", "keystore.p12"));
    await issue({ keystore }, { ...unchanged, includeRoot: true });
    expectStores();
    const other = { password: "another password" };
    await issue({ keystore: other }, { ...unchanged, includeRoot: true });
    expectStores(other);
  });

  test("a store that was killed before its chain is made again", async () => {
    await issue({ keystore });
    writeFileSync(at("b", "chain.pem"), "before");
    writeFileSync(at("b", "keystore.p12"), "before");
    await issue({ keystore }, { before: { keystore } });
    expectStores();
  });

  test("stores are added to a batch, and taken away where no more asked for; one of somebody else's stays", async () => {
    await issue({});
    await issue({ keystore }, { before: {} });
    expectStores();
    await issue({}, { before: { keystore } });
    expect(existsSync(at("A", "keystore.p12"))).toBe(false);
    writeFileSync(at("A", "keystore.p12"), "mine");
    await issue({}, { before: {} });
    await issue({}, { before: {}, at: DUE });
    expect(readFileSync(at("A", "keystore.p12"), "utf8")).toBe("mine");
    const { signer } = protectedInputs(above, output, IDS, {});
    new OutputDirectory(output).remove(issuerKeyIdentifier(signer), {
      keys: true,
    });
    expect([...snapshot(output).keys()]).toEqual(["A/keystore.p12"]);
  });
});

describe("in a sealed batch", () => {
  const opened = (id: string): Promise<Buffer> =>
    openSealed(at(id, "keystore.p12.age"), factory);

  async function expected(id: string, chainPem: string): Promise<Buffer> {
    const key = await openSealed(at(id, "key.pem.age"), factory);
    return Buffer.from(
      makeDeviceKeystore({
        id,
        privateKey: key.toString(),
        chain: chainPem,
        password: keystore.password,
      }),
    );
  }

  test("stores are sealed, as the keys are", async () => {
    await issue(sealed);
    for (const id of IDS) {
      const chainPem = readFileSync(at(id, "chain.pem"), "utf8");
      expect((await opened(id)).equals(await expected(id, chainPem))).toBe(
        true,
      );
      expect(existsSync(at(id, "keystore.p12"))).toBe(false);
      expect(modeOf(at(id, "keystore.p12.age"))).toBe("600");
    }
  });

  test("a renewal with the sealed key leaves the store as it is, and says so; reissue makes a new one", async () => {
    const said = jest.spyOn(console, "log").mockReturnValue(undefined);
    await issue(sealed);
    const chainPem = readFileSync(at("A", "chain.pem"), "utf8");
    expect(said).not.toHaveBeenCalled();
    await issue(sealed, { before: sealed, at: DUE });
    expect(said.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^2 devices keep their sealed keys and get no new keystore: .*chain\.pem.*reissue/,
        ),
      ],
    ]);
    expect((await opened("A")).equals(await expected("A", chainPem))).toBe(
      true,
    );
    await issue(sealed, { before: sealed, at: DUE, reissue: true });
    const renewed = readFileSync(at("A", "chain.pem"), "utf8");
    expect((await opened("A")).equals(await expected("A", renewed))).toBe(true);
  });

  test("a plain batch that is sealed and given stores at once gets both, and keeps neither plain", async () => {
    await issue({ keystore });
    await issue(sealed, { before: { keystore } });
    for (const id of IDS) {
      const chainPem = readFileSync(at(id, "chain.pem"), "utf8");
      expect((await opened(id)).equals(await expected(id, chainPem))).toBe(
        true,
      );
      expect(existsSync(at(id, "keystore.p12"))).toBe(false);
      expect(existsSync(at(id, "key.pem"))).toBe(false);
    }
  });

  test("a plain store left by a killed update goes with the next one", async () => {
    await issue(sealed);
    writeFileSync(at("A", "keystore.p12"), "left");
    await issue(sealed, { before: sealed });
    expect(existsSync(at("A", "keystore.p12"))).toBe(false);
    await opened("A");
  });
});
