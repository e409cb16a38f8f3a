import { issueCertificate } from "../../pki/certificate";
import { DEFAULT_KEY, exportPkcs8, publicKeyDer } from "../../pki/key";
import type { Party } from "../pki/support/authority";
import { intermediate, issue, order, root } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, secret, withoutSecrets } from "./support/wire";

const URN = urnOf("ExistingAuthority", "root-existing");
const folder = scratchFolder();

let plugin: Plugin;
let authority: Party;
let ca: Party;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  authority = await root({ pathLength: 1 }, new Date());
  ca = await intermediate(authority, {}, new Date());
});

afterAll(async () => {
  await plugin.stop();
});

function issuer(party: Party = authority): Properties {
  return {
    issuer: {
      certificatePem: party.certificatePem,
      chainPem: "",
      trustAnchorsPem: party.certificatePem,
    },
  };
}

function existing(
  party: Party,
  key?: string,
  passphrase?: string,
): { existing: Properties } {
  return {
    existing: {
      certificatePem: party.certificatePem,
      ...(key !== undefined && { privateKeyPem: secret(key) }),
      ...(passphrase !== undefined && { passphrase: secret(passphrase) }),
    },
  };
}

/** What a check answers as inputs, which are what a create gets. */
async function checked(news: Properties): Promise<Properties> {
  const { inputs, failures } = await plugin.checkInputs(URN, news);
  expect(failures).toEqual([]);
  return inputs;
}

describe("what the first preview knows", () => {
  test("is all that the certificate says, so that what hangs below it can be checked", async () => {
    expect(
      withoutSecrets(
        await checked(existing(authority, exportPkcs8(authority.key))),
      ),
    ).toMatchObject({
      certificatePem: authority.certificatePem,
      authority: {
        subject: { commonName: "Test Root CA" },
        validityDays: 3650,
        pathLength: 1,
      },
      fingerprintSha256: authority.fingerprintSha256,
      subjectKeyIdentifier: authority.subjectKeyIdentifier,
    });
  });

  test("is nothing while the certificate is not there; a key that is not there stays out", async () => {
    const news = {
      existing: { certificatePem: UNKNOWN, privateKeyPem: UNKNOWN },
    };
    expect(await checked(news)).toEqual(news);
    const inputs = await checked({
      existing: {
        certificatePem: authority.certificatePem,
        privateKeyPem: UNKNOWN,
      },
    });
    expect(inputs).not.toHaveProperty("privateKeyPem");
  });
});

describe("a key", () => {
  test.each([
    ["PKCS#8", { type: "pkcs8" }],
    ["SEC1", { type: "sec1" }],
    ["encrypted PKCS#8", { type: "pkcs8", cipher: "aes-256-cbc" }],
    ["the encrypted traditional form", { type: "sec1", cipher: "aes-128-cbc" }],
  ] as const)("in %s becomes PKCS#8, and a secret", async (_, form) => {
    const passphrase = "cipher" in form ? "a passphrase" : undefined;
    const pem = authority.key
      .export({
        format: "pem",
        ...form,
        ...(passphrase !== undefined && { passphrase }),
      } as never)
      .toString();
    const inputs = await checked(existing(authority, pem, passphrase));
    expect(inputs.privateKeyPem).toEqual(secret(exportPkcs8(authority.key)));
    expect(inputs).not.toHaveProperty("existing");
    const { outs } = await plugin.create(URN, inputs);
    expect(outs.privateKeyPem).toEqual(secret(exportPkcs8(authority.key)));
    expect(JSON.stringify(outs)).not.toContain("a passphrase");
  });

  test("after the parameters of its curve, as ecparam -genkey writes it, is read", async () => {
    const parameters =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const sec1 = authority.key.export({ type: "sec1", format: "pem" });
    const inputs = await checked(
      existing(authority, `${parameters}${String(sec1)}`),
    );
    expect(inputs.privateKeyPem).toEqual(secret(exportPkcs8(authority.key)));
  });

  test("left out makes a trust anchor, whose key is empty", async () => {
    expect((await checked(existing(authority))).privateKeyPem).toEqual(
      secret(""),
    );
  });

  test("of another CA, without its passphrase, or with a wrong one is refused, and nothing of it said", async () => {
    const pem = authority.key
      .export({
        type: "pkcs8",
        format: "pem",
        cipher: "aes-256-cbc",
        passphrase: "right",
      })
      .toString();
    expect(
      await plugin.check(URN, existing(ca, exportPkcs8(authority.key))),
    ).toContainEqual(
      expect.stringContaining(
        'existing.privateKeyPem: is not the key of "CN=Test Issuing CA"',
      ),
    );
    expect(await plugin.check(URN, existing(authority, pem))).toEqual([
      "existing.passphrase: is missing, and the key is encrypted; give the passphrase as a secret.",
    ]);
    expect(
      await plugin.check(URN, existing(authority, pem, "wrong-one")),
    ).toEqual([
      expect.stringContaining(
        "existing.privateKeyPem: cannot be decrypted",
      ) as string,
    ]);
    const said = plugin.said.join("\n");
    expect(said).not.toContain("wrong-one");
    expect(said).not.toContain(pem.split("\n")[1]);
  });
});

describe("a certificate is refused", () => {
  test("that is none, or of a leaf", async () => {
    const leaf = await issue(ca, {}, new Date());
    expect(
      await plugin.check(URN, { existing: { certificatePem: "a key?" } }),
    ).toEqual([expect.stringContaining("existing.certificatePem: ") as string]);
    expect(await plugin.check(URN, existing(leaf))).toContainEqual(
      expect.stringContaining("It says CA:FALSE"),
    );
  });

  test("of an intermediate as a root, and below a CA that did not sign it", async () => {
    expect(await plugin.check(URN, existing(ca))).toContainEqual(
      expect.stringContaining('"CN=Test Issuing CA" is no root'),
    );
    const other = await root({ subject: { commonName: "Other" } }, new Date());
    expect(
      await plugin.check(URN, { ...existing(ca), ...issuer(other) }),
    ).toContainEqual(expect.stringContaining('"CN=Other" did not sign it'));
    expect(await plugin.check(URN, { ...existing(ca), ...issuer() })).toEqual(
      [],
    );
  });

  test("below a CA that did not sign it, also while the roots are not known yet", async () => {
    const other = await root({ subject: { commonName: "Other" } }, new Date());
    const { certificatePem } = other;
    expect(
      await plugin.check(URN, {
        ...existing(ca),
        issuer: { certificatePem, chainPem: "", trustAnchorsPem: UNKNOWN },
      }),
    ).toContainEqual(expect.stringContaining('"CN=Other" did not sign it'));
  });

  test("below a CA without room for one", async () => {
    const narrow = await root(
      { subject: { commonName: "Narrow" }, pathLength: 0 },
      new Date(),
    );
    const below = await intermediate(narrow, {}, new Date());
    expect(
      await plugin.check(URN, { ...existing(below), ...issuer(narrow) }),
    ).toEqual([
      expect.stringContaining(
        "CN=Narrow: has path length constraint 0, and 1 CAs stand below it",
      ) as string,
    ]);
  });

  test("that ended, when it is taken over; not when it was taken over before", async () => {
    const ended = await root({ validityDays: 1 }, new Date("2020-01-01"));
    const news = existing(ended);
    expect(await plugin.check(URN, news)).toEqual([
      expect.stringContaining("It ended on 2020-01-02") as string,
    ]);
    const { inputs } = await plugin.checkInputs(URN, news);
    expect(await plugin.check(URN, news, inputs)).toEqual([]);
    const { outs } = await plugin.create(URN, inputs);
    expect((await plugin.diff(URN, outs, inputs)).changes).toBe("none");
    expect(plugin.log.at(-1)).toMatchObject({
      severity: "warning",
      text: expect.stringContaining("ended on 2020-01-02T") as string,
    });
  });
});

describe("later updates", () => {
  test("take a renewal with the same key, and refuse another key or name (I10, I11)", async () => {
    const old = await checked(existing(authority));
    const { certificatePem } = await issueCertificate(
      order({ profile: "root", subject: { commonName: "Test Root CA" } }),
      { publicKey: publicKeyDer(authority.key), key: DEFAULT_KEY },
      { signingKey: authority.signer.signingKey },
      new Date(),
    );
    const renewed = { existing: { certificatePem } };
    expect(await plugin.check(URN, renewed, old)).toEqual([]);
    const rekeyed = await root({ pathLength: 1 }, new Date());
    expect(await plugin.check(URN, existing(rekeyed), old)).toEqual([
      expect.stringContaining("has another key") as string,
    ]);
    const other = await root({ subject: { commonName: "Other" } }, new Date());
    expect(await plugin.check(URN, existing(other), old)).toContainEqual(
      expect.stringContaining(
        'is for "CN=Other" and was for "CN=Test Root CA"',
      ),
    );
    const { outs } = await plugin.create(URN, old);
    expect(await plugin.diff(URN, outs, old)).toMatchObject({
      changes: "none",
    });
    const withKey = await checked(
      existing(authority, exportPkcs8(authority.key)),
    );
    expect(await plugin.diff(URN, outs, withKey)).toMatchObject({
      changes: "some",
    });
  });
});

describe("what is issued below", () => {
  test("by a CA without its key is refused by name", async () => {
    const batch = {
      devices: [{ id: "pump-1" }],
      key: { algorithm: "ECDSA", ecdsaCurve: "P256" },
      validityDays: 30,
      outputDirectory: "out",
      signer: {
        privateKeyPem: secret(""),
        certificatePem: ca.certificatePem,
        chainPem: ca.certificatePem,
        trustAnchorsPem: authority.certificatePem,
      },
    };
    expect(
      await plugin.check(urnOf("DeviceBatch", "pumps"), batch),
    ).toContainEqual(expect.stringContaining("Give it existing.privateKeyPem"));
  });
});
