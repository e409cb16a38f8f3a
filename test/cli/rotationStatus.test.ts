import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificateFacts } from "../../rotation/evidence";
import type { Party } from "../pki/support/authority";
import { intermediate, issue } from "../pki/support/authority";
import { scratchFolder } from "../pki/support/openssl";
import { runCommand } from "../support/command";
import { ROOT } from "../support/fleet";
import type { RotatedRoot } from "./support/rotatedRoot";
import { rotatedRoot, runRotation as run, write } from "./support/rotatedRoot";
import type { Update } from "./support/stackExport";
import {
  batch,
  exportedAuthority,
  ledger,
  oldCertificate,
  publication,
  stackExport,
} from "./support/stackExport";

const folder = scratchFolder();
let world: RotatedRoot;

beforeAll(async () => {
  world = await rotatedRoot();
});

function keyOf({ certificatePem }: Party): string {
  return certificateFacts(certificatePem).subjectKeyIdentifier;
}

describe("rotation status", () => {
  test("a CA that has no generations yet, below it certificates of version 0.1", async () => {
    const { old, first } = world;
    const ca = await intermediate(old);
    const server = await issue(ca, {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
    });
    const outputs = (profile: string, party: Party, issuer: Party) => ({
      profile,
      notAfter: certificateFacts(party.certificatePem).notAfter,
      subjectKeyIdentifier: keyOf(party),
      authorityKeyIdentifier: keyOf(issuer),
    });
    const state = write(
      folder,
      "state.json",
      stackExport(
        ledger("server-root", [first], { bundlePublished: undefined }),
        ledger(
          "server-ca",
          [
            {
              generations: {
                1: { state: "active", certificatePem: ca.certificatePem },
              },
              at: first.at,
            },
          ],
          { rootTrustAnchorsPem: old.certificatePem },
        ),
        oldCertificate("ca-certificate", outputs("intermediate", ca, old)),
        oldCertificate("server", outputs("server", server, ca)),
        // A replaced one that waits to be deleted does not count twice.
        {
          ...oldCertificate("server", outputs("server", server, ca)),
          delete: true,
        },
      ),
    );
    const { code, out, error } = await run(
      "2027-01-01T00:00:00Z",
      "status",
      "--state",
      state,
    );
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out).toContain(`
CA           GENERATION  STATE   PUBLISHED SINCE       ENDS                  DAYS  LIVE BELOW
server-root  1           active  2026-11-20T12:00:00Z  2036-11-17T12:00:00Z  3608  1, until 2027-02-18T12:00:00Z
server-ca    1           active  2026-11-20T12:00:00Z  2031-11-19T12:00:00Z  1783  1, until 2027-02-18T12:00:00Z
`);
    expect(out).toMatch(
      /^ {2}next {4}nothing is under way; .* such as 2027a, in good time before 1 ends on 2036-11-17T12:00:00Z$/m,
    );
    expect(out).toMatch(
      /^ {2}bundle {2}[0-9a-f]{64}, published on 2026-11-20T12:00:00Z$/m,
    );
  });

  test("the waiting time ends where the last place has the new root for long enough", async () => {
    const { fresh, first, staged } = world;
    const place = (name: string, since: string) =>
      publication(name, { [keyOf(fresh)]: since });
    const state = write(
      folder,
      "state.json",
      stackExport(
        ledger("server-root", [first, staged]),
        place("broker-publication", "2027-01-03T00:00:00Z"),
        place("firmware-publication", "2027-01-05T00:00:00Z"),
      ),
    );
    const { out } = await run(
      "2027-01-06T00:00:00Z",
      "status",
      "--state",
      state,
    );
    expect(out).toMatch(
      /make 2027a active and 2026a retiring.*not before 2027-01-12T00:00:00Z/,
    );
  });

  test("what another signer may have signed lives until it has lost the key, and as long as it issues", async () => {
    const { old, fresh, first, staged, activated } = world;
    const statusOf = async (issuer: Party) => {
      const state = write(
        folder,
        "state.json",
        stackExport(
          ledger("server-root", [first, staged, activated]),
          exportedAuthority("cluster-ca-certificates", {
            issuers: ["ca", keyOf(issuer)],
            longestDays: 90,
            live: [
              {
                name: "cluster-ca-certificates",
                count: 1,
                issuers: ["ca", keyOf(old)],
                expiresLast: "2027-03-01T00:00:00Z",
              },
            ],
          }),
        ),
      );
      const { out } = await run(
        "2027-02-01T00:00:00Z",
        "status",
        "--json",
        "--state",
        state,
      );
      const { authorities } = JSON.parse(out) as {
        authorities: readonly { readonly next: { readonly from?: string } }[];
      };
      return authorities[0]?.next.from;
    };
    expect(await statusOf(old)).toBe("2027-05-02T00:00:01Z");
    expect(await statusOf(fresh)).toBe("2027-03-01T00:00:01Z");
  });

  test("what is live below a retiring root says when it can be retired; CA certificates do not", async () => {
    const { old, first, staged, activated } = world;
    const state = write(
      folder,
      "state.json",
      stackExport(
        ledger("server-root", [first, staged, activated]),
        batch("sensors", [
          {
            count: 7,
            issuers: ["ca", keyOf(old)],
            expiresLast: "2027-06-30T00:00:00Z",
          },
          {
            count: 1,
            issuers: [keyOf(old)],
            expiresLast: "2031-06-30T00:00:00Z",
            subjectKeyIdentifier: "ca",
          },
        ]),
      ),
    );
    const { code, out } = await run(
      "2027-02-01T00:00:00Z",
      "status",
      "--json",
      "--state",
      state,
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      stack: "dev",
      schema: "mqtt-pki/rotation-status/1",
      at: "2027-02-01T00:00:00Z",
      exitCode: 0,
      authorities: [
        {
          name: "server-root",
          kind: "serverRoot",
          generations: [
            { id: "2026a", state: "retiring", liveCount: 7 },
            { id: "2027a", state: "active", liveCount: 0 },
          ],
          next: {
            stands: "2026a retiring, 2027a active",
            change: { "2026a": "retired" },
            from: "2027-06-30T00:00:01Z",
          },
          urgent: false,
        },
      ],
    });
    const later = await run(
      "2027-02-01T00:00:00Z",
      "status",
      "--at",
      "2037-06-30",
      "--state",
      state,
    );
    expect(later.code).toBe(1);
    expect(later.out).toContain("2027a ENDED on 2036-11-17T12:00:00Z");
    expect(later.out).toContain(
      "make 2026a retired: nothing that it signed is valid any more",
    );
  });

  test("a compromised generation: what to replace, in which order, and exit code 1", async () => {
    const { old, fresh, first, staged } = world;
    const compromised: Update = {
      generations: {
        "2026a": { state: "compromised", certificatePem: old.certificatePem },
        "2027a": { state: "active", certificatePem: fresh.certificatePem },
      },
      at: "2027-01-08T00:00:00Z",
    };
    const state = write(
      folder,
      "state.json",
      stackExport(
        ledger("server-root", [first, staged, compromised]),
        batch("sensors", [
          {
            count: 7,
            issuers: ["ca", keyOf(old)],
            expiresLast: "2027-06-30T00:00:00Z",
          },
          {
            count: 1,
            issuers: [keyOf(old)],
            expiresLast: "2031-06-30T00:00:00Z",
            subjectKeyIdentifier: "ca",
          },
        ]),
      ),
    );
    const { code, out } = await run(
      "2027-02-01T00:00:00Z",
      "status",
      "--state",
      state,
    );
    expect(code).toBe(1);
    expect(out).toMatch(
      /COMPROMISED 2026a; replace, in this order:\n {4}1\. reissue the CA .*\n {4}2\. reissue 7 certificates of sensors .*\n {4}3\. make 2026a of server-root retired/,
    );
  });

  test.each([
    ["{", "holds no JSON"],
    ["{}", "is no exported stack"],
    [stackExport(), "the stack has no CA"],
    [
      stackExport(
        ledger("x", [{ generations: {}, at: "2027-01-01T00:00:00Z" }], {
          evidence: { ciphertext: "v1:…" },
        }),
      ),
      "x-authority (mqtt-pki:index:CertificateAuthority) is in the state in a form that cannot be read",
    ],
  ])("a state that is none: %#", async (text, message) => {
    const { code, out, error } = await run(
      "2027-01-01T00:00:00Z",
      "status",
      "--state",
      write(folder, "state.json", text),
    );
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(error).toContain(message);
  });

  test("of the stack in the folder where one stands, by way of its export", async () => {
    const project = join(folder, "project");
    const stacks = join(project, ".state/.pulumi/stacks/demo");
    mkdirSync(stacks, { recursive: true });
    writeFileSync(
      join(project, "Pulumi.yaml"),
      "name: demo\nruntime: nodejs\nmain: index.ts\n",
    );
    writeFileSync(join(project, "Pulumi.dev.yaml"), "config: {}\n");
    const { deployment } = JSON.parse(
      stackExport(ledger("server-root", [world.first])),
    ) as { deployment: unknown };
    writeFileSync(
      join(stacks, "dev.json"),
      JSON.stringify({
        version: 3,
        checkpoint: { stack: "organization/demo/dev", latest: deployment },
      }),
    );
    const rotation = (...args: readonly string[]) =>
      runCommand(
        process.execPath,
        [join(ROOT, "bin/run.mjs"), "rotation", ...args, "--engine=bundled"],
        {
          cwd: project,
          env: {
            ...process.env,
            PULUMI_BACKEND_URL: undefined,
            PULUMI_CONFIG_PASSPHRASE: "of this test",
          },
        },
      );
    const { code, stdout, stderr } = await rotation("status", "--json");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "Engine: bundled, as asked.\n",
    });
    expect(JSON.parse(stdout)).toMatchObject({
      authorities: [{ name: "server-root" }],
    });
    const missing = await rotation("status", "--stack", "prod");
    expect(missing).toMatchObject({ code: 2, stdout: "" });
    expect(missing.stderr).toContain("Pulumi.prod.yaml is not there");
  });
});
