import { checkSecrets } from "../../provider/deviceSecrets";
import type { DeviceBatchInputs } from "../../provider/deviceBatchInputs";
import {
  checkProtection,
  plainKeysWarning,
  protectionChanged,
} from "../../provider/deviceProtection";
import type { NativeAge } from "../support/nativeAge";
import type { Hierarchy } from "./support/inputs";
import { hierarchy } from "./support/inputs";
import { makeRecipient, protectedInputs } from "./support/protected";

jest.mock("age-encryption", () =>
  jest.requireActual<NativeAge>("../support/nativeAge").loadAge(),
);

let above: Hierarchy;
let seal: { recipients: string[] };
const keystore = { password: "correct horse battery staple" };

beforeAll(async () => {
  above = await hierarchy();
  seal = { recipients: [(await makeRecipient()).recipient] };
});

function inputs(overrides: Partial<DeviceBatchInputs>): DeviceBatchInputs {
  return {
    ...protectedInputs(above, "rendered/devices", ["a"], {}),
    ...overrides,
  };
}

test("keys may be sealed, put into stores, both or neither", async () => {
  for (const protection of [{}, { seal }, { keystore }, { seal, keystore }]) {
    expect(await checkProtection(inputs(protection))).toEqual([]);
  }
});

test("all that is wrong is said at once, by its place, and nothing of a secret", async () => {
  const problems = await checkProtection(
    inputs({
      requests: "csr",
      seal: { recipients: ["AGE-SECRET-KEY-1QQQQ"] },
      keystore: { password: "short" },
    }),
  );
  expect(problems.map(({ path }) => path)).toEqual([
    "seal.recipients[0]",
    "keystore.password",
    "seal",
    "keystore",
  ]);
  expect(JSON.stringify(problems)).not.toMatch(/QQQQ|"short"/);
});

test("sealed keys and Secrets exclude each other", () => {
  const problems = checkSecrets([], inputs({ seal, secretShards: 1 }));
  expect(problems).toMatchObject([
    {
      path: "seal",
      message: expect.stringMatching(/output\.kubernetes/) as string,
    },
  ]);
  expect(checkSecrets([], inputs({ seal }))).toEqual([]);
});

test("plain keys are warned of, and only where there are any", () => {
  expect(plainKeysWarning(inputs({}))).toMatch(
    /plain files below rendered\/devices.*0600.*seal\.recipients/,
  );
  expect(plainKeysWarning(inputs({ keystore }))).toBeDefined();
  expect(plainKeysWarning(inputs({ seal }))).toBeUndefined();
  expect(plainKeysWarning(inputs({ requests: "csr" }))).toBeUndefined();
});

test("other recipients and another password call for an update", () => {
  expect(protectionChanged({ seal, keystore }, { seal, keystore })).toBe(false);
  expect(protectionChanged({}, { seal })).toBe(true);
  expect(protectionChanged({ keystore }, {})).toBe(true);
  expect(protectionChanged({ keystore }, { keystore: { password: "x" } })).toBe(
    true,
  );
});
