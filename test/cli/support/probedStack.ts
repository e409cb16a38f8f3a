import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { issueCertificate } from "../../../pki/certificate";
import { DEFAULT_KEY, exportPkcs8, publicKeyDer } from "../../../pki/key";
import type { CertificateOrder } from "../../../pki/order";
import { joinCertificates } from "../../../pki/pem";
import { x509 } from "../../../pki/webcrypto";
import { certificateFacts } from "../../../rotation/evidence";
import type { Party } from "../../pki/support/authority";
import { intermediate, issue, order, root } from "../../pki/support/authority";
import type { Run } from "./run";
import { runCli } from "./run";
import { ledger, oldCertificate, stackExport } from "./stackExport";
import { write } from "./rotatedRoot";

/** The moment of all tests that connect: a real broker knows no other clock. */
export const NOW = new Date(Math.floor(Date.now() / 1000) * 1000);
const HOUR = 3_600_000;

/** A moment that many hours ago. */
export function hoursAgo(hours: number): Date {
  return new Date(NOW.getTime() - hours * HOUR);
}

/** Which generation of a root signs. */
export type Phase = "staged" | "activated" | "retired";

/** A fleet whose two roots are rotated, with all that its updates have issued. */
export interface ProbedStack {
  readonly serverRoots: readonly [Party, Party];
  readonly deviceRoots: readonly [Party, Party];
  /** The same key below the old server root and below the new one. */
  readonly serverCas: readonly [Party, Party];
  /** The one of before, with the same key, and the one of now. */
  readonly servers: readonly [Party, Party];
  /** Below the old device root, and below the new one. */
  readonly devices: readonly [Party, Party];
}

/** Issues a certificate anew, for the key it has. */
async function reissue(
  party: Party,
  issuer: Party,
  overrides: Partial<CertificateOrder>,
  now: Date,
): Promise<Party> {
  const issued = await issueCertificate(
    order(overrides),
    { publicKey: publicKeyDer(party.key), key: DEFAULT_KEY },
    issuer.signer,
    now,
  );
  const certificate = new x509.X509Certificate(issued.certificatePem);
  return { ...party, ...issued, signer: { ...party.signer, certificate } };
}

/** Makes one. */
export async function makeStack(): Promise<ProbedStack> {
  const [then, later] = [hoursAgo(1000), hoursAgo(100)];
  const rootOf = (commonName: string, at: Date) =>
    root({ subject: { commonName }, pathLength: 1 }, at);
  const serverRoots = [
    await rootOf("Server Root", then),
    await rootOf("Server Root 2027a", later),
  ] as const;
  const deviceRoots = [
    await rootOf("Device Root", then),
    await rootOf("Device Root 2027a", later),
  ] as const;
  const oldCa = await intermediate(serverRoots[0], {}, then);
  const ca: Partial<CertificateOrder> = {
    profile: "intermediate",
    subject: { commonName: "Test Issuing CA" },
    validityDays: 1825,
  };
  const leaf: Partial<CertificateOrder> = {
    profile: "server",
    subject: { commonName: "mqtt.example.com" },
    dnsNames: ["localhost"],
  };
  const oldServer = await issue(oldCa, leaf, then);
  return {
    serverRoots,
    deviceRoots,
    serverCas: [oldCa, await reissue(oldCa, serverRoots[1], ca, later)],
    servers: [oldServer, await reissue(oldServer, oldCa, leaf, later)],
    devices: [
      await issue(deviceRoots[0], {}, then),
      await issue(deviceRoots[1], {}, later),
    ],
  };
}

/** A chain as a broker sends it: by the certificate of which update, below which root. */
export function chainOf(
  { servers, serverCas }: ProbedStack,
  server: 0 | 1,
  ca: 0 | 1,
): string {
  return servers[server].certificatePem + serverCas[ca].certificatePem;
}

/** The trust bundle of a root in a phase. */
export function bundleOf(
  [old, fresh]: readonly [Party, Party],
  phase: Phase,
): string {
  return phase === "retired"
    ? joinCertificates(fresh.certificatePem)
    : joinCertificates(old.certificatePem, fresh.certificatePem);
}

/** SHA-256, lowercase hex. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Writes the state in which a stack's server root and device root stand in these phases; answers its path. */
export function writeState(
  folder: string,
  stack: ProbedStack,
  phases: { readonly server: Phase; readonly device: Phase },
): string {
  const ca = stack.serverCas[phases.server === "staged" ? 0 : 1];
  const [, server] = stack.servers;
  const keyOf = ({ certificatePem }: Party): string =>
    certificateFacts(certificatePem).subjectKeyIdentifier;
  return write(
    folder,
    "state.json",
    stackExport(
      rootLedger("server-root", stack.serverRoots, phases.server, {}),
      ledger(
        "server-ca",
        [
          {
            generations: {
              1: { state: "active", certificatePem: ca.certificatePem },
            },
            at: hoursAgo(100).toISOString(),
          },
        ],
        {
          rootTrustAnchorsPem: bundleOf(stack.serverRoots, phases.server),
          issuerChainPem: "",
        },
      ),
      rootLedger("device-root", stack.deviceRoots, phases.device, {
        kind: "deviceRoot",
      }),
      oldCertificate("mqtt-certificate", {
        profile: "server",
        certificatePem: server.certificatePem,
        notAfter: certificateFacts(server.certificatePem).notAfter,
        subjectKeyIdentifier: keyOf(server),
        authorityKeyIdentifier: keyOf(ca),
      }),
    ),
  );
}

function rootLedger(
  name: string,
  [old, fresh]: readonly [Party, Party],
  phase: Phase,
  more: Readonly<Record<string, string>>,
): ReturnType<typeof ledger> {
  const generations = (one: string, other: string) => ({
    "2026a": {
      state: one,
      ...(one !== "retired" && { certificatePem: old.certificatePem }),
    },
    "2027a": { state: other, certificatePem: fresh.certificatePem },
  });
  const updates = [
    {
      generations: generations("active", "staged"),
      at: hoursAgo(100).toISOString(),
    },
    {
      generations: generations("retiring", "active"),
      at: hoursAgo(90).toISOString(),
    },
    {
      generations: generations("retired", "active"),
      at: hoursAgo(80).toISOString(),
    },
  ];
  const count = { staged: 1, activated: 2, retired: 3 }[phase];
  return ledger(name, updates.slice(0, count), more);
}

/** A device's files, as options of `probe`. */
export function deviceOptions(
  folder: string,
  name: string,
  { certificatePem, key }: Party,
): string[] {
  const [chain, keyFile] = [`${name}.pem`, `${name}.key.pem`].map((file) =>
    join(folder, file),
  ) as [string, string];
  writeFileSync(chain, certificatePem);
  writeFileSync(keyFile, exportPkcs8(key), { mode: 0o600 });
  return ["--certificate", chain, "--key", keyFile];
}

/** Runs `probe …` now. */
export function runProbe(...args: readonly string[]): Promise<Run> {
  return runCli(["probe", ...args], { now: NOW });
}
