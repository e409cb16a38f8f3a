import {
  deviceTrustProblem,
  fileWithRoot,
  otherRootProblem,
} from "../../../platforms/thingsBoard/trustInChain";
import type { Party } from "../../pki/support/authority";
import { intermediate, issue, root } from "../../pki/support/authority";

let ca: Party;
let otherCa: Party;
let serverCa: Party;
let deviceCa: Party;
let strangerCa: Party;
let server: Party;
let ownServer: Party;

beforeAll(async () => {
  ca = await root({ subject: { commonName: "Root" } });
  otherCa = await root({ subject: { commonName: "Other Root" } });
  serverCa = await intermediate(ca, { subject: { commonName: "Server CA" } });
  deviceCa = await intermediate(ca, { subject: { commonName: "Device CA" } });
  strangerCa = await intermediate(otherCa, {
    subject: { commonName: "Stranger CA" },
  });
  const order = {
    profile: "server",
    subject: { commonName: "mqtt.example.com" },
    dnsNames: ["mqtt.example.com"],
  };
  server = await issue(serverCa, order);
  ownServer = await issue(ca, order);
});

function pem(...parties: readonly Party[]): string {
  return parties.map(({ certificatePem }) => certificatePem).join("");
}

describe("the file of TBMQ", () => {
  test("is the chain and the root it hangs from, whatever else is trusted", () => {
    expect(fileWithRoot(pem(server, serverCa), pem(ca))).toEqual({
      pem: pem(server, serverCa, ca),
    });
    expect(fileWithRoot(pem(server, serverCa), pem(otherCa, ca))).toEqual({
      pem: pem(server, serverCa, ca),
    });
    expect(fileWithRoot(pem(ownServer), pem(ca))).toEqual({
      pem: pem(ownServer, ca),
    });
  });

  test("has the root once, where the chain ends with it", () => {
    const chain = pem(server, serverCa, ca);
    expect(fileWithRoot(chain, pem(ca))).toEqual({ pem: chain });
  });

  test("during a rotation has the certificate by which the older root vouches for the newer one, and the older root", async () => {
    const next = await root({ subject: { commonName: "Next Root" } });
    const { certificatePem } = next;
    const link = await issue(ca, {
      profile: "intermediate",
      subject: { commonName: "Next Root" },
      validityDays: 365,
    });
    // As if the link had the next root's key: what counts here are names and signatures.
    const below = await intermediate(link, {
      subject: { commonName: "New Server CA" },
      validityDays: 300,
    });
    const leaf = await issue(below, {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
      dnsNames: ["mqtt.example.com"],
    });
    const chain = pem(leaf, below, link);
    expect(fileWithRoot(chain, pem(ca) + certificatePem)).toEqual({
      pem: chain + pem(ca),
    });
  });

  test.each([
    [
      "no root of its own",
      () => [pem(server, serverCa), pem(otherCa)],
      "Server CA",
    ],
    ["a gap", () => [pem(server), pem(ca)], "mqtt.example.com"],
  ] as const)(
    "is refused with %s, by the name at its end",
    (_what, texts, name) => {
      const [chain = "", anchors = ""] = texts();
      expect(fileWithRoot(chain, anchors)).toEqual({
        problem: `"${name}" at its end is issued by none of trustAnchorsPem; give the chain up to where a root follows.`,
      });
    },
  );

  test("a root of the same name with another key is not its root", async () => {
    const twin = await root({ subject: { commonName: "Root" } });
    expect(fileWithRoot(pem(server, serverCa), pem(twin))).toHaveProperty(
      "problem",
    );
  });

  test.each([
    "",
    "PEM",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  ])("is refused where there is no certificate: %j", (text) => {
    expect(fileWithRoot(text, pem(ca))).toEqual({
      problem: expect.stringMatching(
        /^holds no certificate that can be read; /,
      ) as string,
    });
  });
});

describe("devices that TBMQ knows", () => {
  const file = (): string => pem(server, serverCa, ca);

  test.each([
    ["of a CA below the server's root", () => pem(deviceCa)],
    ["of the root itself", () => pem(ca)],
    ["of the server's own CA", () => pem(serverCa)],
  ])("are those %s", (_what, authority) => {
    expect(deviceTrustProblem(file(), authority())).toBe("");
  });

  test("are those of a CA further down, by the CAs above it", async () => {
    const above = await intermediate(ca, {
      subject: { commonName: "Upper" },
      pathLength: 1,
    });
    const lower = await intermediate(above, {
      subject: { commonName: "Lower" },
      validityDays: 300,
    });
    expect(deviceTrustProblem(file(), pem(lower))).toMatch(/^"Lower" hangs/);
    expect(deviceTrustProblem(file(), pem(lower, above))).toBe("");
  });

  test("are those of a CA that the file holds without its root", () => {
    expect(deviceTrustProblem(pem(server, serverCa), pem(serverCa))).toBe("");
  });

  test("are not those of another root: what is wrong, and two ways out", () => {
    for (const authority of [pem(strangerCa), pem(otherCa)]) {
      const problem = deviceTrustProblem(file(), authority);
      expect(problem).toContain('("Server CA", "Root")');
      expect(problem).toMatch(
        /^"(Stranger CA|Other Root)" hangs from none .*; let one root issue .*, or write credentialsType "KEYSTORE"/,
      );
    }
  });

  test("are not those of a CA whose root was left out of the file", () => {
    expect(deviceTrustProblem(pem(server, serverCa), pem(deviceCa))).toMatch(
      /^"Device CA" hangs from none/,
    );
  });

  test("a leaf in the file vouches for nobody", () => {
    expect(deviceTrustProblem(pem(server), pem(server))).toMatch(/hangs from/);
  });

  test("without a CA of devices there is nothing to say; one that cannot be read is refused", () => {
    expect(deviceTrustProblem(file(), "")).toBe("");
    expect(
      deviceTrustProblem(
        file(),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      ),
    ).toMatch(/cannot be read/);
  });
});

describe("before there are certificates", () => {
  test("two roots of the program are refused by their names", () => {
    expect(otherRootProblem(["server-root"], ["device-root"])).toMatch(
      /^hangs from "device-root" and the server from "server-root", .*; let one root issue .* "KEYSTORE"/,
    );
  });

  test.each([
    [["root"], ["root"]],
    [["root", "root"], ["root"]],
    [[], ["root"]],
    [["root"], []],
  ])("nothing is said of %j and %j", (server, devices) => {
    expect(otherRootProblem(server, devices)).toBe("");
  });
});
