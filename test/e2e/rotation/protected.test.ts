import { Fleet } from "../../support/fleet";
import { actions, messages } from "../../support/report";

// I13: the key of a CA is destroyed by a rotation, or by a program that says so.

jest.setTimeout(300_000);

const fleet = new Fleet("test/e2e/programs/protectedRoot");
const day = (date: number) => new Date(Date.UTC(2026, 11, date));

beforeAll(async () => {
  fleet.configure("mqtt-pki:allowClockOverride", true);
  await fleet.up({ now: day(1) });
});

afterAll(() => {
  fleet.remove();
});

async function names(): Promise<string[]> {
  return (await fleet.state()).resources.map(
    ({ urn }) => urn.split("::").at(-1) ?? "",
  );
}

/** Destroys the stack after a preview, as people do; the exit code. */
async function destroy(at: Date): Promise<number> {
  const { code } = await fleet.engineWith(
    { MQTT_PKI_NOW: at.toISOString() },
    "destroy",
    "--yes",
  );
  return code;
}

function write(states: Readonly<Record<string, string>>): void {
  fleet.configure(
    "generations",
    Object.fromEntries(
      Object.entries(states).map(([id, state]) => [
        id,
        id === "2026a"
          ? { state }
          : { state, subject: { commonName: `Root CA ${id}` } },
      ]),
    ),
  );
}

test("deleting the CA from the code is refused at preview", async () => {
  fleet.configure("without", true);
  const preview = await fleet.tryPreview({ now: day(1) });
  fleet.configure("without", undefined);
  expect(preview.code).not.toBe(0);
  expect(messages(preview).join("\n")).toMatch(
    /"root-\w+" would be deleted, but it is protected/,
  );
});

test("so is destroying the stack, and nothing of it goes", async () => {
  const before = await names();
  expect(await destroy(day(1))).not.toBe(0);
  expect(await names()).toEqual(before);
});

test("a rotation takes the old key away at its end, and protects the new one", async () => {
  write({ "2026a": "active", "2027a": "staged" });
  await fleet.up({ now: day(2) });
  write({ "2026a": "retiring", "2027a": "active" });
  await fleet.up({ now: day(10) });
  write({ "2026a": "retired", "2027a": "active" });
  expect(actions(await fleet.up({ now: day(11) }))).toEqual(
    expect.arrayContaining(["delete PrivateKey root-key"]),
  );
  expect(await destroy(day(11))).not.toBe(0);
  expect(await names()).toContain("root-2027a-key");
});

test("a program that lets the CA go lets it be destroyed", async () => {
  fleet.configure("letGo", true);
  expect(actions(await fleet.up({ now: day(12) }))).toEqual([]);
  await fleet.destroy();
  expect(await names()).toEqual([]);
});
