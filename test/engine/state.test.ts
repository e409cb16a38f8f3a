import { readFileSync } from "node:fs";
import { join } from "node:path";

import { decodeDeployment } from "../../engine/stack/backend";
import { encodeDeployment } from "../../engine/stack/deploymentText";
import { Crypter } from "../../engine/stack/secrets";
import {
  isMap,
  parse,
  type PropertyMap,
  reveal,
  secret,
} from "../../engine/values";

/** A state Pulumi wrote, with the passphrase `x`. */
function realDeployment(): PropertyMap {
  const state = parse(
    JSON.parse(readFileSync(join(__dirname, "vectors", "state.json"), "utf8")),
  );
  const checkpoint = isMap(state) ? state.checkpoint : null;
  const latest = isMap(checkpoint) ? checkpoint.latest : null;
  if (!isMap(latest)) {
    throw new Error("the vector is not a state");
  }
  return latest;
}

async function realCrypter(): Promise<Crypter> {
  return Crypter.open(
    "x",
    "v1:eQ2pRrLmb18=:v1:EeIH7ujWJJZc9OGP:Q2aYcsruCceORmiSQgIP6QeEpWGGlg==",
  );
}

describe("the state of a stack", () => {
  test("is written as Pulumi wrote it, to the letter, when nothing changed", async () => {
    const deployment = realDeployment();
    const crypter = await realCrypter();
    const written = encodeDeployment(
      decodeDeployment(deployment, crypter),
      crypter,
      {},
    );
    expect(JSON.stringify(written.resources, undefined, 1)).toBe(
      JSON.stringify(deployment.resources, undefined, 1),
    );
    expect(written.secrets_providers).toEqual(deployment.secrets_providers);
  });

  test("is opened: secrets are known and marked", async () => {
    const { resources } = decodeDeployment(
      realDeployment(),
      await realCrypter(),
    );
    const certificate = resources.find(
      ({ type }) => type === "mqtt-pki:index:Certificate",
    );
    expect(certificate?.outputs.keyPem).toEqual(secret("secretkey"));
    const key = resources.find(({ type }) => type.startsWith("tls:"));
    expect(reveal(key?.outputs.privateKeyPem)).toContain(
      "-----BEGIN EC PRIVATE KEY-----",
    );
  });

  test("changes one secret and leaves the others' ciphertext alone", async () => {
    const deployment = realDeployment();
    const crypter = await realCrypter();
    const snapshot = decodeDeployment(deployment, crypter);
    const key = snapshot.resources.find(({ type }) => type.startsWith("tls:"));
    if (key === undefined) {
      throw new Error("the vector has no key");
    }
    key.outputs.privateKeyOpenssh = secret("another");
    const before = JSON.stringify(deployment.resources).split(
      '"ciphertext":',
    ).length;
    const written = JSON.stringify(
      encodeDeployment(snapshot, crypter, {}).resources,
    );
    const old = new Set(
      JSON.stringify(deployment.resources).match(/"ciphertext":"[^"]*"/g),
    );
    const kept =
      written.match(/"ciphertext":"[^"]*"/g)?.filter((text) => old.has(text)) ??
      [];
    expect(kept).toHaveLength(before - 2);
    expect(written).not.toContain("another");
  });

  test("shows its secrets only when asked to", async () => {
    const crypter = await realCrypter();
    const snapshot = decodeDeployment(realDeployment(), crypter);
    expect(
      JSON.stringify(encodeDeployment(snapshot, crypter, {})),
    ).not.toContain("secretkey");
    expect(
      JSON.stringify(encodeDeployment(snapshot, crypter, {}, "plaintext")),
    ).toContain("secretkey");
  });

  test("refuses secrets it has nothing to decrypt with", () => {
    expect(() => decodeDeployment(realDeployment(), undefined)).toThrow(
      "nothing to decrypt it with",
    );
  });
});
