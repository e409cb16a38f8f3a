import { renewalPoint } from "../../pki/validity";
import { Bench, NO_CHANGE, UPDATE } from "./support/batch";
import type { Batch } from "./support/batch";
import { changedPaths, faults, readDevice, snapshot } from "./support/devices";
import { renewedCa } from "./support/inputs";
import { Plugin } from "./support/plugin";

const bench = new Bench();
const IDS = Array.from({ length: 20 }, (_, place) => `device-${place}`);

/** Asks a plugin for which it is another moment. */
async function at<T>(
  now: Date,
  ask: (plugin: Plugin) => Promise<T>,
): Promise<T> {
  const plugin = await Plugin.start({
    cwd: bench.folder,
    now: now.toISOString(),
  });
  try {
    return await ask(plugin);
  } finally {
    await plugin.stop();
  }
}

function pointOf(batch: Batch, id: string): number {
  const { validFrom, validTo } = readDevice(batch.output, id).certificate;
  const validity = {
    notBefore: new Date(validFrom),
    notAfter: new Date(validTo),
  };
  return renewalPoint(id, validity).getTime();
}

test("devices come due one after the other, and each update renews those that are, with their keys", async () => {
  const batch = await bench.batch(IDS, { allowClockOverride: true }).create();
  const points = IDS.map((id) => pointOf(batch, id)).sort((a, b) => a - b);
  expect(new Set(points).size).toBe(IDS.length);
  const [first = 0, , third = 0, fourth = 0] = points;
  const before = snapshot(batch.output);

  await at(new Date(first - 1000), async (plugin) => {
    expect(await plugin.diff(batch.urn, batch.outs, batch.inputs)).toEqual(
      NO_CHANGE,
    );
    expect(plugin.log).toEqual([]);
  });

  const between = new Date((third + fourth) / 2);
  const outs = await at(between, async (plugin) => {
    expect(await plugin.diff(batch.urn, batch.outs, batch.inputs)).toEqual(
      UPDATE,
    );
    expect(plugin.log.map(({ text, urn }) => [text, urn])).toEqual([
      ["+0 new, 0 changed, 3 due, 17 unchanged", batch.urn],
    ]);
    expect(changedPaths(before, snapshot(batch.output))).toEqual([]);
    const updated = await plugin.update(batch.urn, batch.outs, batch.inputs);
    expect(await plugin.diff(batch.urn, updated, batch.inputs)).toEqual(
      NO_CHANGE,
    );
    return updated;
  });

  expect(outs).toMatchObject({ count: 20, issued: 0, renewed: 3 });
  const changed = changedPaths(before, snapshot(batch.output));
  const names = changed.map((path) => path.split("/").at(-1));
  expect(names.filter((name) => name === "cert.pem")).toHaveLength(3);
  expect(names).not.toContain("key.pem");
  expect(faults(batch.output, IDS, bench.above.ca.certificatePem)).toEqual([]);
  expect(Date.parse(String(outs.expiresLast))).toBeGreaterThan(
    Date.parse(String(batch.outs.expiresLast)),
  );
});

test("a point of renewal that the program sets counts for every device at once", async () => {
  const batch = await bench
    .batch(["a", "b"], { renewal: { beforeDays: 10 } })
    .create();
  const end = Date.parse(String(batch.outs.expiresFirst));
  const asked = (days: number): Promise<string> =>
    at(new Date(end - days * 86_400_000), async (plugin) => {
      await plugin.diff(batch.urn, batch.outs, batch.inputs);
      return plugin.log.map(({ text }) => text).join();
    });
  expect(await asked(11)).toBe("");
  expect(await asked(9)).toBe("+0 new, 0 changed, 2 due, 0 unchanged");
});

describe("devices that are due while their issuer ends too soon", () => {
  const DAY = 86_400_000;
  let batch: Batch;
  let due: Date;

  beforeAll(async () => {
    const end = bench.above.ca.validity.notAfter.getTime();
    batch = bench.batch(["a", "b"], { allowClockOverride: true });
    // Issued 400 days before the issuer's end, due some 250 days later, when the issuer has 150 days left.
    await at(new Date(end - 400 * DAY), async (plugin) => {
      ({ outs: batch.outs } = await plugin.create(batch.urn, batch.inputs));
    });
    due = new Date(Math.max(pointOf(batch, "a"), pointOf(batch, "b")) + DAY);
  });

  test("wait, with a warning", async () => {
    await at(due, async (plugin) => {
      expect(await plugin.diff(batch.urn, batch.outs, batch.inputs)).toEqual(
        NO_CHANGE,
      );
      expect(plugin.log).toEqual([
        {
          severity: "warning",
          text: expect.stringMatching(/^2 devices are due and wait/) as string,
          urn: batch.urn,
        },
      ]);
    });
  });

  test("do not hold up a new row that fits", async () => {
    const before = snapshot(batch.output);
    const news = {
      ...batch.inputs,
      devices: [{ id: "a" }, { id: "b" }, { id: "c", validityDays: 30 }],
    };
    await at(due, async (plugin) => {
      expect(await plugin.diff(batch.urn, batch.outs, news)).toEqual(UPDATE);
      const updated = await plugin.update(batch.urn, batch.outs, news);
      expect(updated).toMatchObject({ count: 3, issued: 1, renewed: 0 });
    });
    expect(
      changedPaths(before, snapshot(batch.output)).map(
        (path) => path.split("/")[0],
      ),
    ).toEqual(["c", "c", "c", "inventory.csv"]);
  });

  test("are renewed once the issuer is", async () => {
    const renewed = await renewedCa(bench.above, due);
    const { signer } = bench.above;
    const news = {
      ...batch.inputs,
      signer: { ...signer, certificatePem: renewed, chainPem: renewed },
    };
    await at(due, async (plugin) => {
      await plugin.diff(batch.urn, batch.outs, news);
      expect(plugin.log.map(({ text }) => text)).toEqual([
        expect.stringMatching(/, 2 due, /),
      ]);
    });
  });

  test("are refused in the last sixth of their life", async () => {
    const end = Date.parse(String(batch.outs.expiresLast));
    await at(new Date(end - 20 * DAY), async (plugin) => {
      expect(
        await plugin.refusal(plugin.diff(batch.urn, batch.outs, batch.inputs)),
      ).toMatch(/^validityDays: 365 days would outlive the issuer.*\(I5\)/);
    });
  });
});

test("a foreign clock signs no device, unless the stack allows it", async () => {
  const batch = bench.batch(["a"]);
  await at(new Date("2027-03-01T00:00:00Z"), async (plugin) => {
    expect(await plugin.check(batch.urn, batch.inputs)).toEqual([]);
    expect(
      await plugin.refusal(plugin.create(batch.urn, batch.inputs)),
    ).toMatch(/^MQTT_PKI_NOW: .* is for previews; unset it to sign/);
    expect(() => snapshot(batch.output)).toThrow(/ENOENT/);
  });
});

test("an invalid clock is refused by whatever asks for the time", async () => {
  const batch = await bench.batch(["a"]).create();
  const plugin = await Plugin.start({ cwd: bench.folder, now: "soon" });
  try {
    for (const call of [
      () => plugin.diff(batch.urn, batch.outs, batch.inputs),
      () =>
        plugin.create(batch.urn, { ...batch.inputs, allowClockOverride: true }),
    ]) {
      expect(await plugin.refusal(call())).toMatch(
        /^MQTT_PKI_NOW: "soon" is no date/,
      );
    }
  } finally {
    await plugin.stop();
  }
});
