import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { certificateAt, identityOf } from "../support/certificates";
import { Fleet } from "../support/fleet";
import { actions, messages } from "../support/report";
import {
  changedFiles,
  digest,
  readObject,
  required,
  tree,
} from "../support/rendered";

const DAY = 86_400_000;
const DEVICE = "thermometer-berlin-01";
const LEAVES = [
  "update Certificate server-certificate",
  "update DeviceBatch devices-demo",
  "update Secret devices-demo-secret-0",
  "update Secret server-secret",
];

const fleet = new Fleet();
const started = Date.now();

beforeAll(async () => {
  await fleet.up();
});

afterAll(() => {
  fleet.remove();
});

function inDays(days: number): Date {
  return new Date(started + days * DAY);
}

interface Certificates {
  readonly server: X509Certificate;
  readonly serverCA: X509Certificate;
  readonly device: X509Certificate;
  readonly deviceCA: X509Certificate;
  /** As digests. */
  readonly keys: readonly string[];
}

function certificates(): Certificates {
  const { data } = readObject(
    fleet.rendered("1-manifest", "v1-secret-thingsboard-tb-mqtts.yaml"),
  );
  const chain = required(data, "tls.crt");
  const device = (name: string): string =>
    readFileSync(fleet.rendered("devices", DEVICE, name), "utf8");
  return {
    server: certificateAt(chain, 0),
    serverCA: certificateAt(chain, 1),
    device: certificateAt(device("chain.pem"), 0),
    deviceCA: certificateAt(device("chain.pem"), 1),
    keys: [digest(required(data, "tls.key")), digest(device("key.pem"))],
  };
}

/** Same key, same subject, same key identifier; another serial number and later dates. */
function expectRenewed(
  before: X509Certificate,
  after: X509Certificate,
  at: Date,
  days: number,
): void {
  expect(identityOf(after)).toEqual(identityOf(before));
  expect(after.serialNumber).not.toBe(before.serialNumber);
  const second = (date: Date): number => Math.floor(date.getTime() / 1000);
  expect(second(after.validToDate)).toBe(second(at) + days * 86_400);
  // An hour early, for devices whose clock runs late.
  expect(second(after.validFromDate)).toBe(second(at) - 3_600);
  expect(after.validToDate > before.validToDate).toBe(true);
}

describe("a preview with the clock set forward", () => {
  test("finds nothing due before the renewal point", async () => {
    const outcome = await fleet.tryPreview({
      now: inDays(220),
      args: ["--expect-no-changes"],
    });
    expect([outcome.code, outcome.report?.steps]).toEqual([0, []]);
  });

  test("shows exactly the leaves and their Secrets once these are due", async () => {
    const report = await fleet.preview({ now: inDays(260) });
    expect(actions(report)).toEqual(LEAVES);
    expect(
      report.diagnostics.map(({ message }) => message).join("\n"),
    ).toContain("+0 new, 0 changed, 12 due, 0 unchanged");
  });

  test("shows the intermediates and what hangs below, but no root and no key, once they are due", async () => {
    const report = await fleet.preview({ now: inDays(1300) });
    expect(actions(report)).toEqual(
      [
        ...LEAVES,
        "update Certificate device-ca-certificate",
        "update Certificate server-ca-certificate",
        "update CertificateAuthority device-ca-authority",
        "update CertificateAuthority server-ca-authority",
      ].sort(),
    );
  });

  test("refuses a date that is none", async () => {
    const { code, stdout } = await fleet.engineWith(
      { MQTT_PKI_NOW: "next summer" },
      "preview",
    );
    expect(code).not.toBe(0);
    expect(stdout).toContain('"next summer" is no date');
  });
});

describe("an update with the clock set forward", () => {
  test("is refused unless the stack allows it, and changes nothing", async () => {
    const [files, state] = [tree(fleet.rendered()), await fleet.state()];
    const outcome = await fleet.tryUp({ now: inDays(260) });
    expect(outcome.code).not.toBe(0);
    const said = messages(outcome).join("\n");
    expect(said).toContain("MQTT_PKI_NOW");
    expect(said).toContain("mqtt-pki:allowClockOverride");
    expect(changedFiles(files, tree(fleet.rendered()))).toEqual([]);
    // Their order is no promise: what does not depend on each other finishes as it comes.
    const outputs = (from: typeof state): unknown =>
      Object.fromEntries(
        from.resources.map(({ urn, outputs }) => [
          urn,
          digest(JSON.stringify(outputs ?? {})),
        ]),
      );
    expect(outputs(await fleet.state())).toEqual(outputs(state));
  });

  test("renews leaves in place: same key, name and key identifier, new serial number and dates", async () => {
    const [files, before, at] = [
      tree(fleet.rendered()),
      certificates(),
      inDays(260),
    ];
    fleet.configure("mqtt-pki:allowClockOverride", true);
    expect(actions(await fleet.up({ now: at }))).toEqual(LEAVES);
    const after = certificates();
    expectRenewed(before.server, after.server, at, 365);
    expectRenewed(before.device, after.device, at, 365);
    expect(after.keys).toEqual(before.keys);
    expect(after.serverCA.raw.equals(before.serverCA.raw)).toBe(true);
    expect(after.deviceCA.raw.equals(before.deviceCA.raw)).toBe(true);
    // No key was written, no ConfigMap touched.
    expect(
      changedFiles(files, tree(fleet.rendered())).filter(
        (path) => !/(cert|chain)\.pem$|v1-secret-|inventory\.csv$/.test(path),
      ),
    ).toEqual([]);
    const next = await fleet.tryPreview({
      now: at,
      args: ["--expect-no-changes"],
    });
    expect([next.code, next.report?.steps]).toEqual([0, []]);
  });

  test("renews intermediates in place, and the leaves' chains carry them", async () => {
    const [before, at] = [certificates(), inDays(1300)];
    const report = await fleet.up({ now: at });
    expect(actions(report)).toContain(
      "update Certificate server-ca-certificate",
    );
    const after = certificates();
    expectRenewed(before.serverCA, after.serverCA, at, 1825);
    expectRenewed(before.deviceCA, after.deviceCA, at, 1825);
    expect(after.keys).toEqual(before.keys);
    expect(after.server.checkIssued(after.serverCA)).toBe(true);
    expect(after.device.checkIssued(after.deviceCA)).toBe(true);
    const next = await fleet.tryPreview({
      now: at,
      args: ["--expect-no-changes"],
    });
    expect([next.code, next.report?.steps]).toEqual([0, []]);
  });
});
