import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Fleet } from "../support/fleet";
import { KeySearch } from "../support/keySearch";
import { readObject, required } from "../support/rendered";

describe("the search for keys", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const sec1 = privateKey.export({ type: "sec1", format: "pem" }).toString();
  const der = privateKey.export({ type: "pkcs8", format: "der" });
  const d = Buffer.from(
    privateKey.export({ format: "jwk" }).d ?? "",
    "base64url",
  );
  const search = new KeySearch({ planted: pkcs8 });
  const after = (count: number, bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.alloc(count, 7), bytes, Buffer.alloc(5, 9)]);

  test.each<[string, string]>([
    ["PKCS#8 PEM", pkcs8],
    ["SEC1 PEM", sec1],
    ["PEM within JSON", JSON.stringify({ key: pkcs8 })],
    ["PEM within JSON within JSON", JSON.stringify(JSON.stringify(pkcs8))],
    ["PEM in hex", Buffer.from(pkcs8).toString("hex")],
    ["DER in hex", der.toString("hex")],
    ["DER in capital hex", der.toString("hex").toUpperCase()],
    ["DER in base64", der.toString("base64")],
    ["DER in base64, one byte later", after(1, der).toString("base64")],
    ["DER in base64, two bytes later", after(2, der).toString("base64")],
    ["DER in base64url", after(1, der).toString("base64url")],
    ["the secret number in hex", d.toString("hex")],
    ["the secret number in base64", d.toString("base64")],
    ["the number one byte later", after(1, d).toString("base64")],
    ["the number two bytes later", after(2, d).toString("base64")],
    ["a JSON web key", JSON.stringify(privateKey.export({ format: "jwk" }))],
    ["a Secret's data", Buffer.from(pkcs8).toString("base64")],
    ["a Secret's data, SEC1", Buffer.from(sec1).toString("base64")],
  ])("finds a key planted as %s", (_form, text) => {
    expect(search.find(`{"a": "before ${text} after"}`)).not.toEqual([]);
  });

  test("finds an RSA key", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const pem = rsa.export({ type: "pkcs1", format: "pem" }).toString();
    expect(new KeySearch({ rsa: pem }).find(`"${pem}"`)).not.toEqual([]);
  });

  test("finds nothing in another key or in the public half", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const texts = [
      other.export({ type: "pkcs8", format: "pem" }).toString(),
      JSON.stringify({ ...privateKey.export({ format: "jwk" }), d: "" }),
    ];
    expect(texts.flatMap((text) => search.find(text))).toEqual([]);
  });
});

describe("a stack with all its objects", () => {
  const fleet = new Fleet();
  let screens: string[];
  let open: string;
  let search: KeySearch;

  beforeAll(async () => {
    const said = await fleet.engine("up", "--yes", "--diff");
    expect([said.code, said.stderr]).toEqual([0, ""]);
    open = await fleet.exportText(["--show-secrets"]);
    search = new KeySearch({ ...renderedKeys(fleet), ...pemKeysIn(open) });
    fleet.configure("server.dnsNames", ["mqtt.example.com"]);
    fleet.configure("devices.reissue", "again");
    const commands = [
      ["preview", "--diff"],
      ["preview", "--json"],
      ["stack", "output"],
      ["stack", "output", "--json"],
      ["stack", "output", "deviceProfile"],
    ];
    screens = [said.stdout];
    for (const command of commands) {
      const { code, stdout, stderr } = await fleet.engine(...command);
      expect([command, code]).toEqual([command, 0]);
      screens.push(stdout, stderr);
    }
  });

  afterAll(() => {
    fleet.remove();
  });

  test("is searched for the keys of the broker, of every device and of every CA", () => {
    // The state in the open holds what the search must not find elsewhere: whoever finds nothing here is blind.
    const found = new Set(search.find(open).map((text) => text.split(":")[0]));
    expect(Object.keys(renderedKeys(fleet))).toHaveLength(1 + 12);
    expect(Object.keys(pemKeysIn(open)).length).toBeGreaterThanOrEqual(5);
    expect([...found].sort()).toEqual(
      [
        ...Object.keys(renderedKeys(fleet)),
        ...Object.keys(pemKeysIn(open)),
      ].sort(),
    );
  });

  test("exports its state without a private key in the open", async () => {
    expect(search.find(await fleet.exportText())).toEqual([]);
  });

  test("keeps no private key in the open in any file of its state, history included", () => {
    const files = readdirSync(fleet.stateFolder, {
      recursive: true,
      withFileTypes: true,
    }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(1);
    for (const { parentPath, name } of files) {
      const text = readFileSync(join(parentPath, name), "latin1");
      expect([name, search.find(text)]).toEqual([name, []]);
    }
  });

  test("shows no private key in previews, updates and outputs", () => {
    expect(screens.join("").length).toBeGreaterThan(1000);
    expect(screens.flatMap((text) => search.find(text))).toEqual([]);
  });

  test("renders private keys into Secrets and key files only", () => {
    const folder = fleet.rendered();
    const holders = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(yaml|pem|csv)$/.test(path))
      .filter(
        (path) =>
          search.find(readFileSync(join(folder, path), "utf8")).length > 0,
      );
    const elsewhere = holders.filter(
      (path) =>
        !/^1-manifest\/v1-secret-|^devices\/[^/]+\/key\.pem$/.test(path),
    );
    expect(elsewhere).toEqual([]);
    expect(holders).toHaveLength(2 + 12);
  });
});

describe("a batch whose devices go to files only", () => {
  const fleet = new Fleet();

  beforeAll(async () => {
    fleet
      .configure("devices.secretName", undefined)
      .configure("devices.shards", undefined);
    await fleet.up();
  });

  afterAll(() => {
    fleet.remove();
  });

  test("takes as much room in the state for 60 devices as for 12, and leaves no trace of them there", async () => {
    const few = await fleet.exportText();
    fleet.editManifest(
      (text) =>
        text +
        Array.from({ length: 48 }, (_, index) => `meter-${index},,\n`).join(""),
    );
    await fleet.up();
    const many = await fleet.exportText();
    expect(
      readFileSync(fleet.rendered("devices", "inventory.csv"), "utf8"),
    ).toContain("meter-47");
    // What differs are digits: counts and dates.
    expect(Math.abs(many.length - few.length)).toBeLessThan(64);
    expect(many).not.toContain("meter-");
    const device = readFileSync(
      fleet.rendered("devices", "meter-7", "cert.pem"),
      "utf8",
    );
    expect(many.replaceAll("\\n", "\n")).not.toContain(
      device.split("\n").slice(3, 6).join("\n"),
    );
  });
});

/** The keys that stand in rendered files: the broker's and each device's. */
function renderedKeys(fleet: Fleet): Record<string, string> {
  const secret = readObject(
    fleet.rendered("1-manifest", "v1-secret-thingsboard-tb-mqtts.yaml"),
  );
  const devices = readdirSync(fleet.rendered("devices"), {
    withFileTypes: true,
  }).filter((entry) => entry.isDirectory());
  return {
    server: required(secret.data, "tls.key"),
    ...Object.fromEntries(
      devices.map(({ name }) => [
        name,
        readFileSync(fleet.rendered("devices", name, "key.pem"), "utf8"),
      ]),
    ),
  };
}

/** Every different key that stands as PEM in a state, in the open. */
function pemKeysIn(state: string): Record<string, string> {
  const text = state.replace(/\\+n/g, "\n");
  const blocks =
    text.match(
      /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/g,
    ) ?? [];
  const keys = blocks
    .filter((block) => !block.includes("OPENSSH"))
    .map((block) =>
      createPrivateKey(block)
        .export({ type: "pkcs8", format: "pem" })
        .toString(),
    );
  return Object.fromEntries(
    [...new Set(keys)].map((pem, index) => [`key ${index} of the state`, pem]),
  );
}
