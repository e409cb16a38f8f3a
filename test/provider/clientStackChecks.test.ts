import { checkStacksOf } from "../../provider/clientStackChecks";
import { root } from "../pki/support/authority";

const found = async (
  overrides: Parameters<typeof root>[0],
  clientStacks: string[],
): Promise<string[]> => {
  const { certificatePem } = await root(overrides);
  return checkStacksOf({
    generations: {
      "1": { state: "active", certificatePem },
      "2": { state: "staged" },
    },
    clientStacks,
  }).map(({ path, message }) => `${path}: ${message}`);
};
const ED25519 = { key: { algorithm: "ED25519" } };
const CRITICAL = {
  nameConstraints: { permittedDnsNames: ["example.com"], critical: true },
};

test("a key its clients cannot read is refused, one that others cannot is not", async () => {
  expect(await found(ED25519, ["mbedtls"])).toEqual([
    expect.stringMatching(
      /^generations\.1\.certificatePem: ED25519 cannot be read by Mbed TLS \(I8\)/,
    ) as string,
  ]);
  expect(await found(ED25519, ["openssl", "go"])).toEqual([]);
  expect(await found(ED25519, [])).toEqual([]);
});

test("critical name constraints are refused for Mbed TLS only", async () => {
  expect(await found(CRITICAL, ["mbedtls", "java"])).toEqual([
    expect.stringMatching(/critical name constraints.*Mbed TLS/) as string,
  ]);
  expect(await found({}, ["mbedtls", "openssl", "java"])).toEqual([]);
});
