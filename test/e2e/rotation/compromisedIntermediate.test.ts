import { actions } from "../../support/report";
import { RotationFleet } from "../../support/rotationFleet";

jest.setTimeout(300_000);

const rotation = new RotationFleet(1);

afterAll(() => {
  rotation.remove();
});

test("an intermediate whose key is known to others gets no certificate of a new root", async () => {
  const staged = { "2026a": "active", "2027a": "staged" };
  await rotation.update(rotation.day(0));
  rotation.write("serverCA", staged).write("serverRoot", staged);
  await rotation.update(rotation.day(1));
  rotation.write("serverCA", { "2026a": "compromised", "2027a": "active" });
  await rotation.update(rotation.day(2));

  rotation.write("serverRoot", { "2026a": "retiring", "2027a": "active" });
  const activation = actions(await rotation.update(rotation.day(10)));
  expect(activation).toContain(
    "update Certificate server-ca-2027a-certificate",
  );
  expect(activation).not.toContain("update Certificate server-ca-certificate");
  const next = await rotation.fleet.tryPreview({
    now: rotation.day(10),
    args: ["--expect-no-changes"],
  });
  expect(next.code).toBe(0);
});
