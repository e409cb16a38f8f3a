import { Keystore, KeystoreFormat } from "../../resources";
import { Recorder, valueOf } from "../components/support/record";
import { secret } from "../provider/support/wire";

let recorder: Recorder;

beforeAll(async () => {
  recorder = await Recorder.install();
});

test("key and password go to the engine as secrets, whatever they were", async () => {
  const store = new Keystore("both", {
    format: KeystoreFormat.Pkcs12,
    privateKeyPem: "the key",
    chainPem: "the chain",
    password: "the password",
    alias: "gateway",
  });
  await valueOf(store.urn);
  const { type, inputs } = recorder.get("both");
  expect(type).toBe("mqtt-pki:index:Keystore");
  expect(inputs).toEqual({
    format: "PKCS12",
    privateKeyPem: secret("the key"),
    chainPem: "the chain",
    password: secret("the password"),
    alias: "gateway",
  });
});

test("a trust store asks for no key", async () => {
  const store = new Keystore("trust", {
    format: KeystoreFormat.Jks,
    trustAnchorsPem: "the root",
    password: "the password",
  });
  await valueOf(store.urn);
  expect(recorder.get("trust").inputs).toEqual({
    format: "JKS",
    trustAnchorsPem: "the root",
    password: secret("the password"),
  });
});
