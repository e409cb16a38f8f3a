import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NativeAge } from "../support/nativeAge";
import { Bench, UPDATE } from "./support/batch";
import { snapshot } from "./support/devices";
import type { Recipient } from "./support/protected";
import { makeRecipient, openSealed } from "./support/protected";
import type { Properties } from "./support/wire";
import { isSecret, secret } from "./support/wire";

jest.mock("age-encryption", () =>
  jest.requireActual<NativeAge>("../support/nativeAge").loadAge(),
);

const PASSWORD = "correct horse battery staple";
const bench = new Bench();
const keystore = { password: secret(PASSWORD) };
let factory: Recipient;
let seal: Properties;

beforeAll(async () => {
  factory = await makeRecipient();
  seal = { recipients: [factory.recipient] };
});

test("a sealed batch with keystores lives from its creation to its end, and no password stands readable in the state", async () => {
  const batch = await bench.batch(["a", "b"], { seal, keystore }).create();
  expect(isSecret(batch.outs.keystore)).toBe(true);
  expect(batch.outs.seal).toEqual(seal);
  await openSealed(join(batch.output, "a", "key.pem.age"), factory);
  await openSealed(join(batch.output, "b", "keystore.p12.age"), factory);
  expect(bench.plugin.log).toEqual([]);
  await bench.plugin.delete(batch.urn, batch.outs);
  expect(existsSync(batch.output)).toBe(false);
  expect(bench.plugin.said.join("\n")).not.toContain(PASSWORD);
});

test("a plain batch is warned of once, then sealed by one update", async () => {
  const batch = await bench.batch(["a", "b"]).create();
  const warnings = (): number =>
    bench.plugin.log.filter(({ text }) => text.includes("plain files below"))
      .length;
  const before = warnings();
  expect(before).toBeGreaterThan(0);
  const key = readFileSync(join(batch.output, "a", "key.pem"), "utf8");
  const said = await batch.update({ seal });
  expect(said).toBe("+0 new, 0 changed, 0 due, 2 unchanged, 2 to be sealed");
  expect(warnings()).toBe(before);
  const sealed = await openSealed(
    join(batch.output, "a", "key.pem.age"),
    factory,
  );
  expect(sealed.toString()).toBe(key);
  expect([...snapshot(batch.output).keys()].join()).not.toMatch(
    /key\.pem(,|$)/,
  );
});

test("keystores come and go, and follow their password", async () => {
  const batch = await bench.batch(["a"]).create();
  const store = join(batch.output, "a", "keystore.p12");
  await batch.update({ keystore });
  const first = readFileSync(store);
  await batch.update({ keystore: { password: secret("another one") } });
  expect(readFileSync(store).equals(first)).toBe(false);
  const { keystore: _none, ...inputs } = batch.inputs;
  expect(await bench.plugin.diff(batch.urn, batch.outs, inputs)).toEqual(
    UPDATE,
  );
  await bench.plugin.update(batch.urn, batch.outs, inputs);
  expect(existsSync(store)).toBe(false);
});

test("what cannot be is refused at once, and no secret repeated", async () => {
  const { urn, inputs } = bench.batch(["a"]);
  const reasons = await bench.plugin.check(urn, {
    ...inputs,
    secretShards: 1,
    seal: { recipients: [factory.identity] },
    keystore: { password: secret("short") },
  });
  expect(reasons).toEqual([
    expect.stringMatching(/^seal\.recipients\[0\]: is a secret key/),
    expect.stringMatching(/^keystore\.password: is too short/),
    expect.stringMatching(/^seal: and output\.kubernetes exclude each other/),
  ]);
  // The engine gets its own inputs back; what it prints are the reasons.
  expect(reasons.join()).not.toContain(factory.identity.slice(20));
});
