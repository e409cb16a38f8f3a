import { certificateAt, splitPem } from "../../support/certificates";
import { messages } from "../../support/report";
import { RotationFleet } from "../../support/rotationFleet";

// Without a preview a root is out of the bundle before the leaf below it can refuse that.

jest.setTimeout(300_000);

const rotation = new RotationFleet(2);
const retiring = { "2026a": "retiring", "2027a": "active" };

beforeAll(async () => {
  await rotation.update(rotation.day(0));
  rotation.write("serverRoot", { "2026a": "active", "2027a": "staged" });
  await rotation.update(rotation.day(1));
  rotation.write("serverRoot", retiring);
  await rotation.update(rotation.day(9));
});

afterAll(() => {
  rotation.remove();
});

test("a root that was retired too early is trusted again by writing retiring, with the key it had", async () => {
  const before = rotation.holdings();
  rotation.write("serverRoot", { ...retiring, "2026a": "retired" });
  const early = await rotation.fleet.tryUp({ now: rotation.day(10) });
  expect(early.code).not.toBe(0);
  expect(messages(early).join("\n")).toMatch(
    /"2026a" of server-root would leave the trust bundle.*\(I4\)/,
  );

  // Nor may it sign again at once: there are bundles now that do not hold it.
  rotation.write("serverRoot", { "2026a": "active", "2027a": "retiring" });
  expect(await rotation.refusal(rotation.day(10))).toMatch(
    /"2026a" left the trust bundle on .*its key is still there, so write retiring to trust it again/,
  );

  rotation.write("serverRoot", retiring);
  await rotation.update(rotation.day(10));
  expect(splitPem(before.serverRoots)).toHaveLength(2);
  expect(rotation.holdings()).toEqual(before);
  const next = await rotation.fleet.tryPreview({
    now: rotation.day(10),
    args: ["--expect-no-changes"],
  });
  expect(next.code).toBe(0);

  rotation.write("serverRoot", { "2026a": "active", "2027a": "retiring" });
  expect(await rotation.refusal(rotation.day(11))).toMatch(/\(I3\)/);
  await rotation.update(rotation.day(18));
  const issuer = certificateAt(rotation.holdings().server.chain, 1);
  const roots = splitPem(before.serverRoots).map((pem) => certificateAt(pem));
  expect(
    roots
      .filter((root) => issuer.verify(root.publicKey))
      .map(({ subject }) => subject),
  ).toEqual([expect.stringContaining("CN=My IoT Cloud Root CA")]);
});
