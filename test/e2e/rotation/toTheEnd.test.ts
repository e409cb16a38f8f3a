import { Fleet } from "../../support/fleet";
import { actions, messages } from "../../support/report";
import type { Report } from "../../support/report";
import { digest, readObject, required, tree } from "../../support/rendered";
import {
  certificateAt,
  identityOf,
  splitPem,
} from "../../support/certificates";
import type { OpenSsl } from "../../pki/support/openssl";
import { describeOpenSsl } from "../../pki/support/openssl";

// A root and an intermediate rotated to the end, one reviewed change an update, on an injected clock.

const DAY = 86_400_000;
const SECRET = "update Secret server-secret";
const PUBLICATION = "update BundlePublication server-publication";

/** What a broker loads, and what its devices trust, at one moment. */
interface Broker {
  readonly chain: readonly string[];
  readonly bundle: readonly string[];
  /** As a digest. */
  readonly key: string;
}

jest.setTimeout(300_000);

describeOpenSsl("rotation", (openssl) => {
  const fleet = new Fleet("test/e2e/programs/rotation");
  const started = Math.floor(Date.now() / 1000) * 1000;
  const rotation: Record<string, Record<string, string>> = {};

  beforeAll(async () => {
    fleet.configure("mqtt-pki:allowClockOverride", true);
    await fleet.up({ now: day(0) });
  });

  afterAll(() => {
    fleet.remove();
  });

  function day(days: number): Date {
    return new Date(started + days * DAY);
  }

  function write(authority: string, states: Record<string, string>): void {
    rotation[authority] = states;
    fleet.configure("rotation", rotation);
  }

  /** Previews, and updates to the very same; the preview. */
  async function update(at: Date): Promise<Report> {
    const preview = await fleet.preview({ now: at });
    expect(actions(await fleet.up({ now: at }))).toEqual(actions(preview));
    return preview;
  }

  /** Sees that nothing is left to do. */
  async function settled(at: Date): Promise<void> {
    const next = await fleet.tryPreview({
      now: at,
      args: ["--expect-no-changes"],
    });
    expect([next.code, next.report?.steps]).toEqual([0, []]);
  }

  async function refusal(at: Date): Promise<string> {
    const preview = await fleet.tryPreview({ now: at });
    expect(preview.code).not.toBe(0);
    return messages(preview).join("\n");
  }

  /** Sees that an update is refused as its preview is, and writes nothing. */
  async function refusedUpdate(at: Date): Promise<void> {
    const [files, state] = [tree(fleet.path("out")), await outputs()];
    const { code } = await fleet.engineWith(
      { MQTT_PKI_NOW: at.toISOString() },
      "up",
      "--yes",
    );
    expect(code).not.toBe(0);
    expect(tree(fleet.path("out"))).toEqual(files);
    expect(await outputs()).toEqual(state);
  }

  async function outputs(): Promise<Record<string, string>> {
    const { resources } = await fleet.state();
    return Object.fromEntries(
      resources.map(({ urn, outputs: outs }) => [
        urn,
        digest(JSON.stringify(outs ?? {})),
      ]),
    );
  }

  async function ledger(name: string): Promise<Record<string, unknown>> {
    const { resources } = await fleet.state();
    const found = resources.find(({ urn }) =>
      urn.endsWith(`::${name}-authority`),
    );
    return found?.outputs ?? {};
  }

  async function resourceNames(): Promise<string[]> {
    const { resources } = await fleet.state();
    return resources.map(({ urn }) => urn.split("::").at(-1) ?? "");
  }

  function broker(): Broker {
    const { data } = readObject(
      fleet.path("out", "1-manifest", "v1-secret-default-broker.yaml"),
    );
    return {
      chain: splitPem(required(data, "tls.crt")),
      bundle: splitPem(required(data, "ca.crt")),
      key: digest(required(data, "tls.key")),
    };
  }

  function texts(report: Report): string {
    return report.diagnostics.map(({ message }) => message).join("\n");
  }

  test("a root is rotated to the end", async () => {
    const first = broker();
    const check = (at: Date) => matrix(openssl, at);

    // A first generation that gets its name changes the ledger, and no certificate.
    write("root", { "2026a": "active" });
    expect(actions(await update(day(1)))).toEqual([
      PUBLICATION,
      "update CertificateAuthority root-authority",
    ]);
    expect(broker()).toEqual(first);

    // A: staged. The bundle gets out, and nothing else changes.
    write("root", { "2026a": "active", "2027a": "staged" });
    const staging = await update(day(2));
    expect(actions(staging)).toEqual(
      [
        "create PrivateKey root-2027a-key",
        "create CertRequest root-2027a-request",
        "create Certificate root-2027a-certificate",
        "update CertificateAuthority root-authority",
        PUBLICATION,
        "update CertificateAuthority server-ca-authority",
        SECRET,
      ].sort(),
    );
    expect(texts(staging)).toContain("root · 2027a new → staged");
    expect(texts(staging)).toContain("bundle: known after the update");
    const both = broker();
    expect(await ledger("root")).toMatchObject({
      bundleSha256: digest(both.bundle.join("")),
    });
    expect(both.chain).toEqual(first.chain);
    expect(both.bundle).toHaveLength(2);
    expect(
      check(day(2))([first, both], { old: first.bundle, new: both.bundle }),
    ).toEqual({ old: ["ok", "ok"], new: ["ok", "ok"] });

    // C, too early.
    write("root", { "2026a": "retiring", "2027a": "active" });
    expect(await refusal(day(4))).toMatch(
      /generations\.2027a\.state: was published on .*\(I3\).*keep staged until/,
    );

    await refusedUpdate(day(4));

    // C: the intermediate gets a certificate of the new root and keeps its key; the broker shows the new chain.
    const activation = await update(day(10));
    expect(actions(activation)).toEqual(
      [
        "update Certificate server-ca-certificate",
        "update Certificate server-certificate",
        "update CertificateAuthority root-authority",
        PUBLICATION,
        "update CertificateAuthority server-ca-authority",
        SECRET,
      ].sort(),
    );
    expect(texts(activation)).toContain(
      "root · 2026a active → retiring, 2027a staged → active",
    );
    const activated = broker();
    expect(activated.bundle).toEqual(both.bundle);
    expect(activated.key).toBe(first.key);
    expect(activated.chain[0]).toBe(first.chain[0]);
    expect(activated.chain[1]).not.toBe(first.chain[1]);
    const intermediate = (from: Broker) => certificateAt(from.chain[1] ?? "");
    expect(identityOf(intermediate(activated))).toEqual(
      identityOf(intermediate(first)),
    );
    expect(
      check(day(10))([first, activated], {
        old: first.bundle,
        new: both.bundle,
      }),
    ).toEqual({ old: ["ok", "FAILS"], new: ["ok", "ok"] });

    await settled(day(10));

    // D, too early: a broker may show the old chain as long as the leaf is valid.
    write("root", { "2026a": "retired", "2027a": "active" });
    const { validTo } = certificateAt(first.chain[0] ?? "");
    const end = `${new Date(validTo).toISOString().slice(0, 19)}Z`;
    const victims = await refusal(day(11));
    expect(victims).toContain(
      `"2026a" of root would leave the trust bundle, and 1 certificate chains to it: server-certificate (1, until ${end}) (I4)`,
    );

    // Time goes by; the leaf is renewed meanwhile.
    write("root", { "2026a": "retiring", "2027a": "active" });
    expect(actions(await update(day(270)))).toEqual([
      "update Certificate server-certificate",
      SECRET,
    ]);
    const renewed = broker();
    write("root", { "2026a": "retired", "2027a": "active" });
    expect(await refusal(day(364))).toContain("(I4)");

    // D: out of the bundle, the key destroyed, a tombstone left.
    expect(await resourceNames()).toContain("root-key");
    const retirement = await update(day(366));
    expect(texts(retirement)).toContain("root · 2026a retiring → retired");
    expect(actions(retirement)).toEqual(
      [
        "delete PrivateKey root-key",
        "delete CertRequest root-request",
        "delete Certificate root-certificate",
        "update CertificateAuthority root-authority",
        PUBLICATION,
        "update CertificateAuthority server-ca-authority",
        SECRET,
      ].sort(),
    );
    const names = await resourceNames();
    expect(names).not.toContain("root-key");
    expect(names).toContain("root-2027a-key");
    const last = broker();
    expect(last.bundle).toEqual(
      both.bundle.filter((pem) => !first.bundle.includes(pem)),
    );
    expect(await ledger("root")).toMatchObject({
      tombstones: {
        "2026a": {
          subject: "CN=Root CA",
          subjectKeyIdentifier: identityOf(certificateAt(first.bundle[0] ?? ""))
            .subjectKeyIdentifier,
        },
      },
    });
    expect(
      check(day(366))([{ ...renewed, chain: oldChain(first, renewed) }, last], {
        old: both.bundle,
        new: last.bundle,
      }),
    ).toEqual({ old: ["ok", "ok"], new: ["FAILS", "ok"] });

    await settled(day(366));

    // The entry may go now, and never come back.
    write("root", { "2027a": "active" });
    expect(actions(await update(day(367)))).toEqual([
      "update CertificateAuthority root-authority",
    ]);
    write("root", { "2026a": "staged", "2027a": "active" });
    expect(await refusal(day(368))).toContain("(I9)");
    write("root", { "2027a": "active" });
  });

  test("then the intermediate below it, without a device noticing", async () => {
    const before = broker();

    // The Secret says which generation signed, in an annotation: now by its name.
    write("server-ca", { "2026a": "active" });
    expect(actions(await update(day(369)))).toEqual([
      "update CertificateAuthority server-ca-authority",
      SECRET,
    ]);
    expect(broker()).toEqual(before);

    write("server-ca", { "2026a": "active", "2028a": "staged" });
    const staging = await update(day(370));
    expect(actions(staging)).toEqual(
      [
        "create PrivateKey server-ca-2028a-key",
        "create CertRequest server-ca-2028a-request",
        "create Certificate server-ca-2028a-certificate",
        "update CertificateAuthority server-ca-authority",
      ].sort(),
    );
    expect(broker()).toEqual(before);

    // An intermediate comes with every chain: no soak time.
    write("server-ca", { "2026a": "retiring", "2028a": "active" });
    const activation = await update(day(370.01));
    expect(actions(activation)).toEqual(
      [
        "update Certificate server-certificate",
        "update CertificateAuthority server-ca-authority",
        SECRET,
      ].sort(),
    );
    const after = broker();
    expect(after.bundle).toEqual(before.bundle);
    expect(after.key).toBe(before.key);
    expect(
      matrix(openssl, day(370.01))([before, after], {
        old: before.bundle,
        new: after.bundle,
      }),
    ).toEqual({ old: ["ok", "ok"], new: ["ok", "ok"] });

    write("server-ca", { "2026a": "retired", "2028a": "active" });
    expect(await refusal(day(371))).toMatch(
      /"2026a" of server-ca would leave the trust bundle, and \d certificates? chains? to it: server-certificate .*\(I4\)/,
    );

    // The leaf of day 270 ends on day 635; its successor is due before that.
    const retirement = await update(day(636));
    expect(actions(retirement)).toEqual(
      expect.arrayContaining(["delete PrivateKey server-ca-key"]),
    );
    expect(await resourceNames()).not.toContain("server-ca-key");
    expect(await ledger("server-ca")).toMatchObject({
      activeGeneration: "2028a",
      tombstones: { "2026a": { subject: "CN=Server CA" } },
    });
    expect(broker().bundle).toEqual(before.bundle);
  });
});

/** The renewed leaf below the intermediate that the old root signed: what a broker shows that missed the new chain. */
function oldChain(old: Broker, renewed: Broker): string[] {
  return [renewed.chain[0] ?? "", ...old.chain.slice(1)];
}

/** What devices with each bundle say of each chain, by OpenSSL. */
function matrix(
  openssl: OpenSsl,
  at: Date,
): (
  brokers: readonly Broker[],
  bundles: Readonly<Record<string, readonly string[]>>,
) => Record<string, string[]> {
  return (brokers, bundles) =>
    Object.fromEntries(
      Object.entries(bundles).map(([name, anchors]) => [
        name,
        brokers.map(({ chain }) =>
          openssl.refusal({
            chain,
            anchors,
            at,
            args: ["-purpose", "sslserver", "-verify_hostname", HOST],
          }) === ""
            ? "ok"
            : "FAILS",
        ),
      ]),
    );
}

const HOST = "mqtt.example.com";
