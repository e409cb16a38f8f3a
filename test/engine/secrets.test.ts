import { Crypter, readPassphrase } from "../../engine/stack/secrets";

/** Written by Pulumi itself, with the passphrase `x`. */
const SALT =
  "v1:eQ2pRrLmb18=:v1:EeIH7ujWJJZc9OGP:Q2aYcsruCceORmiSQgIP6QeEpWGGlg==";
const CIPHERTEXT = "v1:mVJorcw2VwTKl4Q+:q7Y2VeDDVDi00Ffb/LaXoz4arS7RGxMhTYJL";

describe("secrets", () => {
  test("written by Pulumi are read", async () => {
    const crypter = await Crypter.open("x", SALT);
    expect(crypter.decrypt(CIPHERTEXT)).toBe('"secretkey"');
  });

  test("read back what was written, differ each time, and do not survive a flipped bit", async () => {
    const made = await Crypter.create("passphrase");
    const opened = await Crypter.open("passphrase", made.salt);
    const ciphertext = made.encrypt("text é");
    expect(opened.decrypt(ciphertext)).toBe("text é");
    expect(made.encrypt("text é")).not.toBe(ciphertext);
    const [version, nonce, sealed = ""] = ciphertext.split(":");
    const bytes = Buffer.from(sealed, "base64");
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    expect(() =>
      opened.decrypt(
        `${version ?? ""}:${nonce ?? ""}:${bytes.toString("base64")}`,
      ),
    ).toThrow("cannot be decrypted");
    expect(() => opened.decrypt("v2:x:y")).toThrow("cannot be decrypted");
  });

  test("keep their ciphertext at a place of the state while they stay the same", async () => {
    const crypter = await Crypter.open("x", SALT);
    crypter.remember("here", "old", CIPHERTEXT);
    expect(crypter.encryptAt("here", "old")).toBe(CIPHERTEXT);
    expect(crypter.encryptAt("there", "old")).not.toBe(CIPHERTEXT);
    const changed = crypter.encryptAt("here", "new");
    expect(changed).not.toBe(CIPHERTEXT);
    expect(crypter.encryptAt("here", "new")).toBe(changed);
  });

  test("are closed to another passphrase and to a salt of another form", async () => {
    await expect(Crypter.open("y", SALT)).rejects.toThrow(
      "The passphrase is not the one",
    );
    await expect(Crypter.open("x", "v2:abc")).rejects.toThrow(
      "not in the form Pulumi writes",
    );
  });

  test("take their passphrase from a variable, an empty one too, or a file", async () => {
    expect(await readPassphrase({ PULUMI_CONFIG_PASSPHRASE: "" })).toBe("");
    await expect(readPassphrase({})).rejects.toThrow(
      "PULUMI_CONFIG_PASSPHRASE",
    );
    await expect(
      readPassphrase({ PULUMI_CONFIG_PASSPHRASE_FILE: "/nowhere" }),
    ).rejects.toThrow("cannot be read");
  });
});
