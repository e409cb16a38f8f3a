import { existsSync, readFileSync } from "node:fs";
import { Fleet } from "../support/fleet";
import type { Outcome } from "../support/report";

const SAYS =
  /broker: kubernetes\.aliases: "CN=Server CA" stands in the certificate file twice/;

/** A Secret that ThingsBoard would not start with is never registered. */
describe("a chain that holds a CA twice", () => {
  let fleet: Fleet;

  beforeAll(() => {
    fleet = new Fleet("test/e2e/programs/wrongChain");
  });

  afterAll(() => {
    fleet.remove();
  });

  const secret = (): string =>
    fleet.path("out", "1-manifest", "v1-secret-default-broker.yaml");

  const expectRefused = ({ code, stdout, stderr }: Outcome): void => {
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`.replaceAll('\\"', '"')).toMatch(SAYS);
  };

  test("makes no Secret", async () => {
    expectRefused(await fleet.configure("twice", true).tryUp());
    expect(existsSync(secret())).toBe(false);
    const { resources } = await fleet.state();
    expect(resources.filter(({ type }) => type.endsWith(":Secret"))).toEqual(
      [],
    );
  });

  test("takes none away that is there, and is refused in a preview that knows it", async () => {
    await fleet.configure("twice", undefined).up();
    const before = readFileSync(secret());
    expectRefused(await fleet.configure("twice", true).tryPreview());
    expectRefused(await fleet.tryUp());
    expect(readFileSync(secret()).equals(before)).toBe(true);
  });
});
