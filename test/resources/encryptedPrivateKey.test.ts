import * as pulumi from "@pulumi/pulumi";
import { EncryptedKeyForm, EncryptedPrivateKey } from "../../resources";
import { EncryptedKeyForm as OwnForm } from "../../pki/encryptedKey";
import { Recorder, valueOf } from "../components/support/record";
import { secret } from "../provider/support/wire";

let recorder: Recorder;

beforeAll(async () => {
  recorder = await Recorder.install();
});

test("key and passphrase go to the engine as secrets, whatever they were", async () => {
  const made = new EncryptedPrivateKey("broker", {
    privateKeyPem: "the key",
    passphrase: "the passphrase",
    form: EncryptedKeyForm.Traditional,
  });
  await valueOf(made.urn);
  const { type, inputs } = recorder.get("broker");
  expect(type).toBe("mqtt-pki:index:EncryptedPrivateKey");
  expect(inputs).toEqual({
    privateKeyPem: secret("the key"),
    passphrase: secret("the passphrase"),
    form: "TRADITIONAL",
  });
  expect(pulumi.Output.isInstance(made.encryptedPrivateKeyPem)).toBe(true);
});

test("its forms are those the plugin knows", () => {
  expect(EncryptedKeyForm).toEqual(OwnForm);
});
