import { exportPkcs8 } from "../../pki/key";
import { issue } from "../pki/support/authority";
import { ThingsBoardServer } from "../support/platforms/thingsBoardServer";
import { TENANT } from "../support/platforms/thingsBoardStore";
import { Bench, NO_CHANGE, UPDATE } from "./support/batch";
import { urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { isSecret, secret } from "./support/wire";

const POST = "POST /api/deviceProfile";
const URN = urnOf("ThingsBoardDeviceProfile", "profile");

describe("others at the same ThingsBoard", () => {
  const bench = new Bench();
  let server: ThingsBoardServer;
  let inputs: Properties;

  const profile = () =>
    server.platform.store
      .profilesOf(TENANT)
      .find(({ name }) => name === inputs.profileName);
  /** Somebody changes the description between our reading and our writing. */
  const interfere = (times: number): void => {
    let left = times;
    server.disturb = (method, path) => {
      if (`${method} ${path}` === POST && left > 0) {
        left -= 1;
        server.platform.store.saveProfile(TENANT, {
          ...profile(),
          description: `theirs, ${left} to come`,
        });
      }
      return undefined;
    };
  };

  beforeEach(async () => {
    server = await new ThingsBoardServer().start();
    inputs = {
      server: { url: server.url, apiKey: secret(server.apiKey()) },
      profileName: "pumps",
      certificatePem: bench.above.ca.certificatePem,
    };
  });

  afterEach(async () => {
    await server.stop();
  });

  test("keep what they wrote in the meantime", async () => {
    const { outs } = await bench.plugin.create(URN, inputs);
    interfere(2);
    await bench.plugin.update(URN, outs, {
      ...inputs,
      commonNamePattern: "(.+)",
    });
    expect(profile()).toMatchObject({
      description: "theirs, 0 to come",
      profileData: {
        provisionConfiguration: { certificateRegExPattern: "(.+)" },
      },
    });
  });

  test("who do not stop are told of, and win", async () => {
    const { outs } = await bench.plugin.create(URN, inputs);
    interfere(100);
    expect(
      await bench.plugin.refusal(
        bench.plugin.update(URN, outs, {
          ...inputs,
          commonNamePattern: "(.+)",
        }),
      ),
    ).toMatch(
      /^server: somebody else changed it in ThingsBoard at the same moment \(POST \/api\/deviceProfile: 409/,
    );
    expect(profile()?.description).toMatch(/^theirs/);
  });

  test("who use the certificate in another tenant are told of without their name", async () => {
    server.platform.store.saveProfile("another tenant", {
      name: "secret project",
      transportType: "DEFAULT",
      provisionType: "X509_CERTIFICATE_CHAIN",
      profileData: {
        provisionConfiguration: {
          type: "X509_CERTIFICATE_CHAIN",
          provisionDeviceSecret: inputs.certificatePem,
        },
      },
    });
    expect(
      await bench.plugin.refusal(bench.plugin.create(URN, inputs)),
    ).toMatch(
      /^certificatePem: is the certificate of the device profile of another tenant \(one certificate counts once for all tenants\) already/,
    );
  });

  test("get nothing to see of another key of ours, which is known from the next update on", async () => {
    const { outs } = await bench.plugin.create(URN, inputs);
    const posts = server.count(POST);
    const apiKey = server.apiKey();
    const news = {
      ...inputs,
      server: { url: server.url, apiKey: secret(apiKey) },
    };
    expect(await bench.plugin.diff(URN, outs, news)).toEqual(UPDATE);
    const after = await bench.plugin.update(URN, outs, news);
    expect(server.count(POST)).toBe(posts);
    expect(JSON.stringify(after.server)).toContain(apiKey);
    expect(isSecret(after.server)).toBe(true);
    expect(await bench.plugin.diff(URN, after, news)).toEqual(NO_CHANGE);
  });

  test("who stand in the way of TLS get no credentials", async () => {
    const leaf = await issue(
      undefined,
      {
        profile: "server",
        subject: { commonName: "localhost" },
        dnsNames: ["localhost"],
      },
      new Date(),
    );
    const tls = { cert: leaf.certificatePem, key: exportPkcs8(leaf.key) };
    const secured = await new ThingsBoardServer({ tls }).start();
    try {
      const apiKey = secret(secured.apiKey());
      const connected = (caPem?: string): Properties => ({
        ...inputs,
        server: {
          url: secured.url,
          apiKey,
          ...(caPem !== undefined && { caPem }),
        },
      });
      expect(
        await bench.plugin.refusal(bench.plugin.create(URN, connected())),
      ).toMatch(/^server\.caPem: https:.* is not trusted \([A-Z_]+\): /);
      expect(secured.requests).toEqual([]);
      const { id } = await bench.plugin.create(
        URN,
        connected(leaf.certificatePem),
      );
      expect(id).not.toBe("");
    } finally {
      await secured.stop();
    }
  });

  test("a profile whose answer was lost is taken over by the next update", async () => {
    server.disturb = (method, path) =>
      `${method} ${path}` === POST ? "lose the answer" : undefined;
    expect(
      await bench.plugin.refusal(bench.plugin.create(URN, inputs)),
    ).toMatch(/^server\.url: .* cannot be reached \(ECONNRESET\)/);
    server.disturb = () => undefined;
    const made = profile();
    expect(made).toBeDefined();
    const { id } = await bench.plugin.create(URN, inputs);
    expect(id).toBe(made?.id.id);
    expect(bench.plugin.log.at(-1)?.text).toMatch(
      /^the device profile "pumps" \(.*\) is in ThingsBoard just as it is to be, and is taken over\.$/,
    );
    expect(server.count(POST)).toBe(1);
  });

  test("a request of an import whose answer was lost is sent again, and makes nobody twice", async () => {
    const batch = await bench.batch(["pump-1", "pump-2"]).create();
    await bench.plugin.create(URN, inputs);
    let lost = 0;
    server.disturb = (_method, path) =>
      path === "/api/device/bulk_import" && (lost += 1) === 1
        ? "lose the answer"
        : undefined;
    const { outs } = await bench.plugin.create(
      urnOf("ThingsBoardDevices", "devices"),
      {
        server: inputs.server,
        outputDirectory: batch.output,
        digest: batch.outs.digest,
        profileName: "pumps",
      },
    );
    expect(outs).toMatchObject({ count: 2, created: 0, updated: 2 });
    expect(server.platform.store.devicesOf(TENANT)).toHaveLength(2);
  });
});
