import { existsSync, readFileSync, readdirSync } from "node:fs";
import { Fleet } from "../support/fleet";
import { actions } from "../support/report";
import { bundleFaults, readRows } from "../provider/support/largeBatch";
import { splitCertificates } from "../../pki/pem";

const COUNT = 10_001;
const IDS = Array.from({ length: COUNT }, (_, index) => `meter-${index}`);

const fleet = new Fleet();

beforeAll(async () => {
  fleet
    .configure("devices.secretName", undefined)
    .editManifest(() => ["id", ...IDS, ""].join("\n"));
  await fleet.up();
}, 300_000);

afterAll(() => {
  fleet.remove();
});

test("more than 10,000 devices are written as bundles, and the state says no more than of twelve", async () => {
  expect(readdirSync(fleet.rendered("devices"))).toEqual([
    ".batch",
    "bundles",
    "inventory.sqlite",
  ]);
  const chain = readFileSync(
    fleet.rendered("devices", "bundles", "chain.pem"),
    "utf8",
  );
  const [issuer = ""] = splitCertificates(chain);
  expect(await bundleFaults(fleet.rendered("devices"), IDS, issuer)).toEqual(
    [],
  );
  expect(readRows(fleet.rendered("devices")).size).toBe(COUNT);
  const state = await fleet.exportText();
  expect(state).not.toContain("meter-17");
});

test("nothing is left to do", async () => {
  expect(actions(await fleet.preview())).toEqual([]);
});

test("an added row is one more device, in the preview and in the bundles", async () => {
  fleet.editManifest((text) => `${text}meter-new\n`);
  const preview = await fleet.preview();
  expect(actions(preview)).toEqual(["update DeviceBatch devices-demo"]);
  expect(
    preview.diagnostics.map(({ message }) => message).join("\n"),
  ).toContain("+1 new, 0 changed, 0 due, 10,001 unchanged");
  await fleet.up();
  expect(readRows(fleet.rendered("devices")).has("meter-new")).toBe(true);
});

test("destroying the stack takes away what the batch wrote", async () => {
  await fleet.destroy();
  expect(existsSync(fleet.rendered("devices"))).toBe(false);
});
