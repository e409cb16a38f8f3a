import { z } from "zod";
import { ThingsBoardClient } from "../../../../platforms/thingsBoard/api/client";
import {
  Fault,
  ThingsBoardError,
} from "../../../../platforms/thingsBoard/api/errors";
import {
  findProfileId,
  readProfile,
  saveProfile,
} from "../../../../platforms/thingsBoard/api/profiles";
import { listDevices } from "../../../../platforms/thingsBoard/api/devices";
import { deviceProfileBody } from "../../../../platforms/thingsBoard/deviceProfile";
import { exportPkcs8 } from "../../../../pki/key";
import type { Party } from "../../../pki/support/authority";
import { intermediate, issue, root } from "../../../pki/support/authority";
import { ThingsBoardServer } from "../../../support/platforms/thingsBoardServer";
import { TENANT } from "../../../support/platforms/thingsBoardStore";

const LIST = "/api/deviceProfileInfos?pageSize=10&page=0";
const any = z.unknown();
const quick = { delays: [1, 1, 1] };

let server: ThingsBoardServer;
let key: string;
let client: ThingsBoardClient;

beforeEach(async () => {
  server = await new ThingsBoardServer().start();
  key = server.apiKey();
  client = new ThingsBoardClient({ url: server.url, apiKey: key }, quick);
});

afterEach(async () => {
  client.close();
  await server.stop();
});

/** The error of a call; fails where there is none. */
async function errorOf(call: Promise<unknown>): Promise<ThingsBoardError> {
  const error: unknown = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof ThingsBoardError) {
    return error;
  }
  throw new Error(`no error of ThingsBoard's: ${String(error)}`);
}

describe("credentials", () => {
  test("are an API key, in each request", async () => {
    await client.get(LIST, any);
    expect(server.requests.map(({ path }) => path)).toEqual([LIST]);
  });

  test("that do not count are told with the argument they stand in, and not with themselves", async () => {
    const wrong = `${key}x`;
    const other = new ThingsBoardClient({ url: server.url, apiKey: wrong });
    const error = await errorOf(other.get(LIST, any));
    expect(error).toMatchObject({ fault: Fault.Unauthorized, path: "apiKey" });
    expect(error.message).toMatch(
      /^apiKey: .* does not take it \("Authentication failed"\); give a key/,
    );
    expect(error.message).not.toContain(key);
    // Only once: a key that is wrong is not right the second time.
    expect(server.requests).toHaveLength(1);
  });

  test("of somebody who may not are told so", async () => {
    const customer = server.apiKey("CUSTOMER_USER");
    const other = new ThingsBoardClient({ url: server.url, apiKey: customer });
    const error = await errorOf(other.get(LIST, any));
    expect(error).toMatchObject({ fault: Fault.Forbidden, path: "apiKey" });
    expect(error.message).toContain("tenant administrator");
  });

  test("are a login, whose token is renewed when it ends, and made anew when that does", async () => {
    server.user("admin@example.com", "right");
    const access = {
      url: server.url,
      username: "admin@example.com",
      password: "right",
    };
    const user = new ThingsBoardClient(access, quick);
    const paths = (): string[] =>
      server.requests.splice(0).map(({ path, status }) => `${status} ${path}`);
    await user.get(LIST, any);
    await user.get(LIST, any);
    expect(paths()).toEqual([
      "200 /api/auth/login",
      `200 ${LIST}`,
      `200 ${LIST}`,
    ]);
    server.endTokens();
    await user.get(LIST, any);
    expect(paths()).toEqual([
      `401 ${LIST}`,
      "200 /api/auth/token",
      `200 ${LIST}`,
    ]);
    server.endTokens();
    server.endRefreshTokens();
    await user.get(LIST, any);
    expect(paths()).toEqual([
      `401 ${LIST}`,
      "401 /api/auth/token",
      "200 /api/auth/login",
      `200 ${LIST}`,
    ]);
    const short = await new ThingsBoardServer({ tokenSeconds: 0.2 }).start();
    try {
      short.user("admin@example.com", "right");
      const patient = new ThingsBoardClient({ ...access, url: short.url });
      await patient.get(LIST, any);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await patient.get(LIST, any);
      expect(short.requests.map(({ path }) => path)).toEqual([
        "/api/auth/login",
        LIST,
        LIST,
        "/api/auth/token",
        LIST,
      ]);
    } finally {
      await short.stop();
    }
    const wrong = new ThingsBoardClient({ ...access, password: "wrong-one" });
    const error = await errorOf(wrong.get(LIST, any));
    expect(error).toMatchObject({
      fault: Fault.Unauthorized,
      path: "password",
    });
    expect(error.message).toContain("Invalid username or password");
    expect(error.message).not.toContain("wrong-one");
  });
});

describe("a server", () => {
  test("that hangs up, or is busy, is asked again where that does no harm", async () => {
    const answers = ["hang up", 503, 429] as const;
    let asked = 0;
    server.disturb = () => answers[asked++];
    await client.get(LIST, any);
    expect(asked).toBe(4);
    asked = 0;
    const body = { name: "once" };
    const error = await errorOf(client.post("/api/deviceProfile", body, any));
    expect(error.fault).toBe(Fault.Unreachable);
    expect(asked).toBe(1);
  });

  test("that stays so is told of", async () => {
    server.disturb = () => 503;
    expect(await errorOf(client.get(LIST, any))).toMatchObject({
      fault: Fault.Broken,
    });
    expect(server.requests).toHaveLength(4);
    server.disturb = () => 413;
    expect(
      (await errorOf(client.post("/api/deviceProfile", {}, any))).message,
    ).toMatch(
      /takes no body of that size \(POST \/api\/deviceProfile: 413.*HTTP_MAX_PAYLOAD_SIZE/,
    );
  });

  test("that is not there is told with its address", async () => {
    await server.stop();
    const error = await errorOf(client.get(LIST, any));
    expect(error).toMatchObject({ fault: Fault.Unreachable, path: "url" });
    expect(error.message).toMatch(
      /^url: http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/,
    );
  });

  test("that does not answer is given up", async () => {
    server.disturb = () =>
      new Promise((resolve) => setTimeout(resolve, 3_000, undefined));
    const hasty = new ThingsBoardClient({
      url: server.url,
      apiKey: key,
      timeoutSeconds: 1,
    });
    const error = await errorOf(hasty.get(LIST, any));
    expect(error).toMatchObject({ fault: Fault.Timeout, path: "url" });
    expect(error.message).toContain("timeoutSeconds");
  });

  test("that is no ThingsBoard is told so", async () => {
    expect(await errorOf(client.get("/api/none", any))).toMatchObject({
      fault: Fault.NotFound,
    });
    server.disturb = () => 302;
    expect(await errorOf(client.get(LIST, any))).toMatchObject({
      fault: Fault.NotThingsBoard,
    });
    server.disturb = () => undefined;
    const error = await errorOf(
      client.get(LIST, z.object({ other: z.string() })),
    );
    expect(error).toMatchObject({ fault: Fault.NotThingsBoard, path: "url" });
  });

  test("that repeats what it is sent puts no secret into a message", async () => {
    server.platform.store.saveProfile = () => {
      throw new Error(`bad header: ApiKey ${key}`);
    };
    const error = await errorOf(client.post("/api/deviceProfile", {}, any));
    expect(error.message).toContain("bad header: ApiKey (secret)");
    expect(error.message).not.toContain(key);
  });
});

describe("https", () => {
  let authority: Party;
  let secured: ThingsBoardServer;

  beforeEach(async () => {
    authority = await root({}, new Date());
    const between = await intermediate(authority, {}, new Date());
    const leaf = await issue(
      between,
      {
        profile: "server",
        subject: { commonName: "localhost" },
        dnsNames: ["localhost"],
      },
      new Date(),
    );
    secured = await new ThingsBoardServer({
      tls: {
        cert: `${leaf.certificatePem}${between.certificatePem}`,
        key: exportPkcs8(leaf.key),
      },
    }).start();
  });

  afterEach(async () => {
    await secured.stop();
  });

  test("goes by the roots that are given", async () => {
    const access = { url: secured.url, apiKey: secured.apiKey() };
    await new ThingsBoardClient({
      ...access,
      caPem: authority.certificatePem,
    }).get(LIST, any);
    const unknown = await errorOf(
      new ThingsBoardClient(access, quick).get(LIST, any),
    );
    expect(unknown).toMatchObject({ fault: Fault.Tls, path: "caPem" });
    expect(unknown.message).toMatch(/is not trusted \([A-Z_]+\): .* caPem/);
    const url = secured.url.replace("localhost", "127.0.0.1");
    const named = await errorOf(
      new ThingsBoardClient(
        { ...access, url, caPem: authority.certificatePem },
        quick,
      ).get(LIST, any),
    );
    expect(named).toMatchObject({ fault: Fault.Tls, path: "url" });
    // Who is not trusted gets nothing to read.
    expect(secured.requests).toHaveLength(1);
  });

  test("on a port without is told so", async () => {
    const url = server.url.replace("http:", "https:");
    expect(
      await errorOf(
        new ThingsBoardClient({ url, apiKey: key }, quick).get(LIST, any),
      ),
    ).toMatchObject({
      fault: Fault.Tls,
      path: "url",
    });
  });
});

describe("lists", () => {
  test("are read to their end", async () => {
    const { store } = server.platform;
    for (let number = 0; number < 250; number += 1) {
      store.saveProfile(TENANT, {
        name: `profile-${number}`,
        transportType: "DEFAULT",
        provisionType: "DISABLED",
        profileData: {},
      });
    }
    const last = store.profilesOf(TENANT).at(-1);
    expect(last?.name).toBe("profile-99");
    // All of them hold the text that is searched for.
    expect(await findProfileId(client, "profile-99")).toBe(last?.id.id);
    expect(await findProfileId(client, "rofile-99")).toBeUndefined();
    const [profile] = store.profilesOf(TENANT);
    for (let number = 0; profile !== undefined && number < 2_500; number += 1) {
      store.saveDevice(
        TENANT,
        `device-${number}`,
        profile,
        `certificate-${number}`,
      );
    }
    let count = 0;
    for await (const page of listDevices(client)) {
      count += page.length;
    }
    expect(count).toBe(2_500);
  });
});

test("a profile that somebody else changed in the meantime is refused", async () => {
  const authority = await root({}, new Date());
  const made = await saveProfile(
    client,
    deviceProfileBody({
      profileName: "mine",
      certificatePem: authority.certificatePem,
    }),
  );
  const stale = await readProfile(client, made.id.id);
  await saveProfile(client, { ...stale, description: "theirs" });
  const error = await errorOf(
    saveProfile(client, { ...stale, description: "mine" }),
  );
  expect(error).toMatchObject({ fault: Fault.VersionConflict });
  expect((await readProfile(client, made.id.id))?.description).toBe("theirs");
});
