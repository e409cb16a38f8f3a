import { credentialsId } from "../support/certificates";
import type { Target } from "../support/platforms/thingsBoardTarget";
import { describeThingsBoards } from "../support/platforms/thingsBoardTarget";
import { scratchFolder } from "../pki/support/openssl";
import type { Party } from "../pki/support/authority";
import { intermediate, root } from "../pki/support/authority";
import { NO_CHANGE, UPDATE } from "./support/batch";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { isSecret } from "./support/wire";

const URN = urnOf("ThingsBoardDeviceProfile", "gateways");

interface Profile {
  readonly id: { readonly id: string };
  readonly name: string;
  readonly version: number;
  readonly provisionDeviceKey: string;
  readonly defaultQueueName?: string;
  readonly profileData: {
    readonly alarms?: unknown;
    readonly provisionConfiguration: {
      readonly provisionDeviceSecret: string;
      readonly certificateRegExPattern: string;
      readonly allowCreateNewDevicesByX509Certificate: boolean;
    };
  };
}

describeThingsBoards("a device profile", (target) => {
  const folder = scratchFolder();
  let plugin: Plugin;
  let authority: Party;
  let ca: Party;
  let next: Party;
  let profileName: string;
  let inputs: Properties;
  let outs: Properties;

  const profile = (t: Target): Promise<Profile> =>
    t.ask("GET", `/api/deviceProfile/${String(outs.profileId)}`);
  const update = async (changes: Properties): Promise<void> => {
    const news = { ...inputs, ...changes };
    expect(await plugin.check(URN, news, inputs)).toEqual([]);
    expect(await plugin.diff(URN, outs, news)).toEqual(UPDATE);
    outs = await plugin.update(URN, outs, news);
    inputs = news;
    expect(await plugin.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
  };

  beforeAll(async () => {
    plugin = await Plugin.start({
      cwd: folder,
      environment: target().environment,
    });
    authority = await root({}, new Date());
    ca = await intermediate(authority, {}, new Date());
    next = await intermediate(authority, {}, new Date());
    profileName = `gateways-${target().mark}`;
    inputs = {
      server: target().server,
      profileName,
      certificatePem: ca.certificatePem,
    };
  });

  afterAll(async () => {
    await plugin.stop();
  });

  test("is made as the REST API documents it, and looked up by its certificate's id", async () => {
    expect(await plugin.check(URN, inputs)).toEqual([]);
    const { id, outs: made } = await plugin.create(URN, inputs);
    outs = made;
    expect(made).toMatchObject({
      profileId: id,
      profileName,
      commonNamePattern: "(.*)",
      provisionDeviceKey: credentialsId(ca.certificatePem),
    });
    expect(isSecret(made.server)).toBe(true);
    expect(await profile(target())).toMatchObject({
      name: profileName,
      type: "DEFAULT",
      transportType: "DEFAULT",
      provisionType: "X509_CERTIFICATE_CHAIN",
      provisionDeviceKey: credentialsId(ca.certificatePem),
      profileData: {
        provisionConfiguration: {
          type: "X509_CERTIFICATE_CHAIN",
          certificateRegExPattern: "(.*)",
          allowCreateNewDevicesByX509Certificate: true,
        },
      },
    });
  });

  test("is no change the second time, and in other words", async () => {
    expect(await plugin.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
    const same = {
      ...inputs,
      certificatePem: `${ca.certificatePem.replaceAll("\n", "\r\n")}\r\n`,
      commonNamePattern: "(.*)",
      allowCreateNewDevices: true,
      transportType: "DEFAULT",
    };
    expect(await plugin.diff(URN, outs, same)).toEqual(NO_CHANGE);
    expect(await plugin.read(URN, outs)).toEqual(outs);
  });

  test("gets another pattern in place, and what others wrote stays", async () => {
    const before = await profile(target());
    const alarms = [
      {
        id: "highTemperature",
        alarmType: "High temperature",
        createRules: {},
        propagate: false,
      },
    ];
    const foreign = await target().ask<Profile>("POST", "/api/deviceProfile", {
      ...before,
      description: "by hand",
      profileData: { ...before.profileData, alarms },
    });
    await update({ commonNamePattern: "(.*)\\.gateways" });
    const after = await profile(target());
    expect(after.id).toEqual(before.id);
    expect(after.version).toBe(foreign.version + 1);
    expect(after).toMatchObject({
      description: "by hand",
      profileData: {
        alarms: foreign.profileData.alarms,
        provisionConfiguration: {
          certificateRegExPattern: "(.*)\\.gateways",
        },
      },
    });
  });

  test("gets a new CA in place, and the preview says what that means", async () => {
    const before = await profile(target());
    const position = plugin.log.length;
    await update({ certificatePem: next.certificatePem });
    expect(plugin.log.slice(position)).toContainEqual({
      urn: URN,
      severity: "warning",
      text: expect.stringMatching(
        /^the certificate of the device profile "gateways-.*" becomes "Test Issuing CA".*Devices that ThingsBoard has seen.* go on .*never seen.* is refused/s,
      ) as unknown,
    });
    const after = await profile(target());
    expect(after.id).toEqual(before.id);
    expect(after.provisionDeviceKey).toBe(credentialsId(next.certificatePem));
    expect(after).toMatchObject({ description: "by hand" });
  });

  test("is found to be changed by a refresh, and repaired by an update", async () => {
    const found = await profile(target());
    const { provisionConfiguration } = found.profileData;
    await target().ask("POST", "/api/deviceProfile", {
      ...found,
      profileData: {
        ...found.profileData,
        provisionConfiguration: {
          ...provisionConfiguration,
          certificateRegExPattern: "(.+)",
          allowCreateNewDevicesByX509Certificate: false,
        },
      },
    });
    // Without a refresh nobody is asked.
    expect(await plugin.diff(URN, outs, inputs)).toEqual(NO_CHANGE);
    outs = await plugin.read(URN, outs);
    expect(outs).toMatchObject({
      commonNamePattern: "(.+)",
      allowCreateNewDevices: false,
    });
    expect(isSecret(outs.server)).toBe(true);
    await update({});
    expect(
      (await profile(target())).profileData.provisionConfiguration,
    ).toMatchObject({
      certificateRegExPattern: "(.*)\\.gateways",
      allowCreateNewDevicesByX509Certificate: true,
    });
  });

  test("is imported by its id, without a change", async () => {
    const id = String(outs.profileId);
    const imported = await plugin.import(URN, id);
    expect(imported.id).toBe(id);
    expect(imported.inputs).toMatchObject({
      profileName,
      certificatePem: next.certificatePem,
      commonNamePattern: "(.*)\\.gateways",
    });
    expect(await plugin.check(URN, { ...inputs })).toEqual([]);
    expect(await plugin.diff(URN, imported.outs, inputs)).toEqual(NO_CHANGE);
    const nothing = await plugin.import(
      URN,
      "00000000-0000-4000-8000-000000000000",
    );
    expect(nothing.id).toBe("");
  });

  test("of the name of another is refused, unless it is asked for or just the same", async () => {
    const others = { ...inputs, commonNamePattern: "(.*)\\.others" };
    expect(await plugin.refusal(plugin.create(URN, others))).toMatch(
      /^profileName: "gateways-.*" is a device profile in ThingsBoard already \(.*\); choose another name, set adoptExisting: true/,
    );
    // As after an update that was killed before its end.
    const again = await plugin.create(URN, inputs);
    expect(again.id).toBe(outs.profileId);
    const adopted = await plugin.create(URN, {
      ...others,
      adoptExisting: true,
    });
    expect(adopted.id).toBe(outs.profileId);
    expect(
      (await profile(target())).profileData.provisionConfiguration
        .certificateRegExPattern,
    ).toBe("(.*)\\.others");
    // As of a resource under its former name: what is another's by now stays.
    await plugin.delete(URN, outs);
    expect(await plugin.idAfterRefresh(URN, outs)).toBe("id");
    expect(plugin.log.at(-1)?.text).toMatch(
      /stays in ThingsBoard: another resource has taken it over in this update/,
    );
    outs = await plugin.read(URN, outs);
    await update({});
  });

  test("with the certificate of another is refused, with its name", async () => {
    const second = { ...inputs, profileName: `second-${target().mark}` };
    expect(await plugin.refusal(plugin.create(URN, second))).toMatch(
      /^certificatePem: is the certificate of the device profile "gateways-.*" already \("Device profile with such certificate already exists!"\); /,
    );
  });

  test("is deleted where no device is in it, and nothing is left to do twice", async () => {
    const imported = await target().ask<{ created: number }>(
      "POST",
      "/api/device/bulk_import",
      {
        file: `NAME,TYPE\npump-${target().mark},${profileName}\n`,
        mapping: {
          columns: [{ type: "NAME" }, { type: "TYPE" }],
          delimiter: ",",
          header: true,
          update: true,
        },
      },
    );
    expect(imported.created).toBe(1);
    expect(await plugin.refusal(plugin.delete(URN, outs))).toMatch(
      /the device profile "gateways-.*" has 1 device, and ThingsBoard deletes none that has; .*keepOnDelete: true/,
    );
    await plugin.delete(URN, { ...outs, keepOnDelete: true });
    expect(await plugin.idAfterRefresh(URN, outs)).toBe("id");
    const device = await target().ask<Profile>(
      "GET",
      `/api/tenant/devices?deviceName=pump-${target().mark}`,
    );
    await target().ask("DELETE", `/api/device/${device.id.id}`);
    await plugin.delete(URN, outs);
    await plugin.delete(URN, outs);
    expect(await plugin.idAfterRefresh(URN, outs)).toBe("");
    expect(await plugin.refusal(plugin.update(URN, outs, inputs))).toMatch(
      /^profileName: the device profile .* is not at http.* any more; run "refresh"/,
    );
  });

  test("never says a secret", () => {
    for (const secret of target().secrets) {
      expect(plugin.said.join("\n")).not.toContain(secret);
    }
  });
});
