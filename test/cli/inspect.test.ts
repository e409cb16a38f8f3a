import { join } from "node:path";
import { exportPkcs8 } from "../../pki/key";
import { scratchFolder } from "../pki/support/openssl";
import { makeFleet, render, writeFiles } from "./support/fleet";
import { runCli } from "./support/run";

describe("inspect", () => {
  const folder = scratchFolder();

  test("prints what stands in certificates, and of keys their kind and nothing else", async () => {
    const fleet = await makeFleet();
    render(fleet, join(folder, "rendered"));
    const { code, out } = await runCli([
      "inspect",
      join(folder, "rendered/1-manifest/secret.yaml"),
    ]);
    expect(code).toBe(0);
    const line = (name: string, value: string): RegExp =>
      new RegExp(`^ +${name} +${value}$`, "m");
    expect(out).toMatch(line("subject", "CN=mqtt.example.com"));
    expect(out).toMatch(line("issuer", "CN=Test Root CA \\(self-signed\\)"));
    expect(out).toMatch(line("serial", fleet.server.serialNumber));
    expect(out).toMatch(
      line(
        "valid",
        "2026-11-20T11:00:00Z to 2027-02-18T12:00:00Z \\(90 days left\\)",
      ),
    );
    expect(out).toMatch(
      line("basicConstraints", "CA:TRUE, path length 0 \\(critical\\)"),
    );
    expect(out).toMatch(
      line("keyUsage", "keyCertSign, cRLSign \\(critical\\)"),
    );
    expect(out).toMatch(line("extKeyUsage", "serverAuth"));
    expect(out).toMatch(line("subjectAltName", "DNS:mqtt.example.com"));
    expect(out).toMatch(line("sha256", fleet.server.fingerprintSha256));
    expect(out).toMatch(line("private key", "ECDSA P256"));
    expect(out).toMatch(line("belongs to", "tls.crt"));
    const secret = exportPkcs8(fleet.server.key).split("\n")[1] ?? "";
    expect(secret).toHaveLength(64);
    expect(out).not.toContain(secret);
  });

  test("as JSON", async () => {
    const { out } = await runCli([
      "inspect",
      "--json",
      join(folder, "rendered/devices/one"),
    ]);
    expect(JSON.parse(out)).toMatchObject({
      schema: "mqtt-pki/inspect/1",
      files: [
        { kind: "chain", certificates: [{ profile: "device" }] },
        { kind: "chain", certificates: [{}, { profile: "intermediate" }] },
        { kind: "key", keys: [{ "private key": "ECDSA P256" }] },
      ],
    });
  });

  test("of nothing: exit code 2", async () => {
    writeFiles(join(folder, "none"), { "notes.txt": "hello" });
    const { code, error } = await runCli(["inspect", join(folder, "none")]);
    expect(code).toBe(2);
    expect(error).toContain("there is no certificate, request or key");
  });
});
