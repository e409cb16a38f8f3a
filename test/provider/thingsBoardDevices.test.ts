import { readFileSync } from "node:fs";
import { join } from "node:path";
import { credentialsId } from "../support/certificates";
import { describeThingsBoards } from "../support/platforms/thingsBoardTarget";
import type { Batch } from "./support/batch";
import { Bench, NO_CHANGE, UPDATE } from "./support/batch";
import { urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";

const PROFILE = urnOf("ThingsBoardDeviceProfile", "profile");

interface Listed {
  readonly id: { readonly id: string };
  readonly name: string;
  readonly type: string;
}

describeThingsBoards("the devices of a batch", (target) => {
  const bench = new Bench();
  let batch: Batch;
  let urn: string;
  let profile: Properties;
  let inputs: Properties;
  let outs: Properties;
  const ids: string[] = [];

  /** Names are unique in a tenant, and a real one is not this test's alone. */
  const named = (...names: readonly string[]): string[] =>
    names.map((name) => `${name}-${target().mark}`);
  const devices = async (): Promise<Listed[]> => {
    const { data } = await target().ask<{ data: Listed[] }>(
      "GET",
      `/api/tenant/devices?pageSize=100&page=0&type=${String(profile.profileName)}&sortProperty=name&sortOrder=ASC`,
    );
    return data;
  };
  const credentials = async (name: string): Promise<Properties> => {
    const { id } = await target().ask<Listed>(
      "GET",
      `/api/tenant/devices?deviceName=${name}`,
    );
    return target().ask("GET", `/api/device/${id.id}/credentials`);
  };
  const certificate = (id: string): string =>
    readFileSync(join(batch.output, id, "cert.pem"), "utf8");
  const update = async (changes: Properties): Promise<void> => {
    const { plugin } = bench;
    const news = { ...inputs, ...changes };
    expect(await plugin.check(urn, news, inputs)).toEqual([]);
    expect(await plugin.diff(urn, outs, news)).toEqual(UPDATE);
    outs = await plugin.update(urn, outs, news);
    inputs = news;
    expect(await plugin.diff(urn, outs, inputs)).toEqual(NO_CHANGE);
  };
  const listed = async (changed: Properties): Promise<void> => {
    await batch.update(changed);
    await update({ digest: batch.outs.digest });
  };

  beforeAll(async () => {
    ids.push(...named("pump-1", "pump-2", "pump-3"));
    batch = await bench.batch(ids).create();
    urn = urnOf("ThingsBoardDevices", `devices-${target().mark}`);
    ({ outs: profile } = await bench.plugin.create(PROFILE, {
      server: target().server,
      profileName: `pumps-${target().mark}`,
      certificatePem: bench.above.ca.certificatePem,
    }));
    inputs = {
      server: target().server,
      outputDirectory: batch.output,
      digest: batch.outs.digest,
      profileName: profile.profileName,
    };
  });

  test("are not imported below a profile that is not there", async () => {
    const missing = { ...inputs, profileName: `missing-${target().mark}` };
    expect(
      await bench.plugin.refusal(bench.plugin.create(urn, missing)),
    ).toMatch(
      /^profileName: "missing-.*" is no device profile at http.*, and ThingsBoard's import would make one without X\.509 provisioning; /,
    );
  });

  test("are imported with their certificates", async () => {
    expect(await bench.plugin.check(urn, inputs)).toEqual([]);
    ({ outs } = await bench.plugin.create(urn, inputs));
    expect(outs).toMatchObject({ count: 3, created: 3, updated: 0, left: 0 });
    expect((await devices()).map(({ name, type }) => [name, type])).toEqual(
      ids.map((id) => [id, profile.profileName]),
    );
    for (const id of ids) {
      expect(await credentials(id)).toMatchObject({
        credentialsType: "X509_CERTIFICATE",
        credentialsId: credentialsId(certificate(id)),
      });
    }
    expect(await bench.plugin.diff(urn, outs, inputs)).toEqual(NO_CHANGE);
  });

  test("are sent again only where they changed", async () => {
    const [fourth = ""] = named("pump-4");
    ids.push(fourth);
    await listed({ devices: ids.map((id) => ({ id })) });
    expect(outs).toMatchObject({ count: 4, created: 1, updated: 0 });
    // Another validity, and so another certificate.
    await listed({
      devices: ids.map((id, index) =>
        index === 0 ? { id, validityDays: 30 } : { id },
      ),
    });
    expect(outs).toMatchObject({ count: 4, created: 0, updated: 1 });
    expect((await credentials(ids[0] ?? "")).credentialsId).toBe(
      credentialsId(certificate(ids[0] ?? "")),
    );
  });

  test("that somebody deleted are found by a refresh, and imported again", async () => {
    const [, second] = await devices();
    await target().ask("DELETE", `/api/device/${second?.id.id ?? ""}`);
    expect(await bench.plugin.diff(urn, outs, inputs)).toEqual(NO_CHANGE);
    outs = await bench.plugin.read(urn, outs);
    expect(outs.missing).toBe(1);
    expect(bench.plugin.log.at(-1)?.text).toMatch(
      /^1 devices of the batch are not in ThingsBoard's device profile "pumps-/,
    );
    await update({});
    expect(outs).toMatchObject({ created: 1, updated: 0, missing: 0 });
    expect(await devices()).toHaveLength(4);
  });

  test("of another profile are not moved without a word", async () => {
    const [name = ""] = named("foreign");
    const row = (file: string): Promise<unknown> =>
      target().ask("POST", "/api/device/bulk_import", {
        file,
        mapping: {
          columns: [{ type: "NAME" }, { type: "TYPE" }],
          delimiter: ",",
          header: true,
          update: true,
        },
      });
    await row(`NAME,TYPE\n${name},default\n`);
    ids.push(name);
    await batch.update({ devices: ids.map((id) => ({ id })) });
    const news = { ...inputs, digest: batch.outs.digest };
    expect(
      await bench.plugin.refusal(bench.plugin.update(urn, outs, news)),
    ).toMatch(
      /^profileName: 1 device of the batch is in ThingsBoard under another profile \("foreign-.*"\), and would be moved, with new credentials; rename them there, or set takeOver: true\.$/,
    );
    expect(await devices()).toHaveLength(4);
    await update({ digest: batch.outs.digest, takeOver: true });
    // One more has its former validity again.
    expect(outs).toMatchObject({ created: 0, updated: 2 });
    expect(await devices()).toHaveLength(5);
  });

  test("that ThingsBoard refuses are told by name, and the others are imported", async () => {
    const [wrong = "", right = "", thief = ""] = named(
      "wrong",
      "right",
      "thief",
    );
    ids.push(wrong, right);
    await batch.update({ devices: ids.map((id) => ({ id })) });
    await target().ask("POST", "/api/device/bulk_import", {
      file: `NAME,TYPE,X509\n${thief},${String(profile.profileName)},${body(certificate(wrong))}\n`,
      mapping: {
        columns: [{ type: "NAME" }, { type: "TYPE" }, { type: "X509" }],
        delimiter: ",",
        header: true,
        update: true,
      },
    });
    const news = { ...inputs, digest: batch.outs.digest };
    expect(
      await bench.plugin.refusal(bench.plugin.update(urn, outs, news)),
    ).toMatch(
      /^outputDirectory: ThingsBoard refused 1 of 2 devices \("wrong-[^ ]+: .*already registered!"\); the others are imported\./,
    );
    const { id } = await target().ask<Listed>(
      "GET",
      `/api/tenant/devices?deviceName=${thief}`,
    );
    await target().ask("DELETE", `/api/device/${id.id}`);
    await update({ digest: batch.outs.digest });
    expect(outs).toMatchObject({ count: 7, created: 1, updated: 0 });
  });

  test("that the batch has no more stay, unless they are to be deleted", async () => {
    const [gone] = ids.splice(0, 1);
    await listed({ devices: ids.map((id) => ({ id })) });
    expect(outs).toMatchObject({ count: 6, left: 1 });
    expect(bench.plugin.log.at(-1)).toMatchObject({
      severity: "warning",
      text: expect.stringMatching(
        /^1 devices that the batch has no more stay in ThingsBoard/,
      ) as unknown,
    });
    expect((await devices()).map(({ name }) => name)).toContain(gone);
    await update({ deleteDevices: true });
    expect(outs).toMatchObject({ count: 6, left: 0 });
    expect((await devices()).map(({ name }) => name)).toEqual([...ids].sort());
  });

  test("stay when the resource goes, unless they are to be deleted", async () => {
    const { deleteDevices, ...kept } = outs;
    await bench.plugin.delete(urn, kept);
    expect(await devices()).toHaveLength(6);
    // Its record is gone, too: all are sent once more, and are the same devices.
    const before = await devices();
    ({ outs } = await bench.plugin.create(urn, inputs));
    expect(outs).toMatchObject({ created: 0, updated: 6 });
    expect(await devices()).toEqual(before);
    // A resource under a new name is made first, and the former one deleted then.
    const renamed = `${urn}-renamed`;
    const { outs: again } = await bench.plugin.create(renamed, inputs);
    await bench.plugin.delete(urn, outs);
    expect(await devices()).toEqual(before);
    expect(bench.plugin.log.at(-1)?.text).toMatch(
      /^0 devices were deleted in ThingsBoard\. 6 stay, which another resource has imported as well/,
    );
    await bench.plugin.delete(renamed, again);
    expect(await devices()).toEqual([]);
    await bench.plugin.delete(PROFILE, profile);
  });

  test("never says a secret", () => {
    for (const secret of target().secrets) {
      expect(bench.plugin.said.join("\n")).not.toContain(secret);
    }
  });
});

function body(pem: string): string {
  return pem.replace(/-----[A-Z ]+-----|\n/g, "");
}
