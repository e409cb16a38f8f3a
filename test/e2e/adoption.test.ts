import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { readCertificate } from "../../pki/examine/reading";
import { AdoptedProgram } from "../support/adoptedProgram";
import { splitPem } from "../support/certificates";
import { describeWith } from "../support/command";
import { messages } from "../support/report";
import {
  OPENSSL,
  PASSPHRASE,
  makeCaCertificate,
  makeEcpki,
  makeThingsBoardChain,
  openssl,
} from "../support/seeds";

const program = { name: "openssl", path: OPENSSL };

const outputsSchema = z.object({
  trustAnchors: z.record(z.string(), z.string()),
  serverCertificates: z.record(z.string(), z.object({ chainPem: z.string() })),
});

/** Verifies a chain, leaf first, the way a client with these anchors does. */
function verify(
  at: AdoptedProgram,
  anchors: string,
  chain: string,
  ...args: readonly string[]
): string {
  const [leaf = "", ...above] = splitPem(chain);
  const files = { anchors, leaf, untrusted: above.join("") };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(`${at.folder}/${name}.pem`, text);
  }
  return openssl(
    at.folder,
    ..."verify -no-CApath -no-CAstore -CAfile anchors.pem".split(" "),
    ...args,
    ...(above.length > 0 ? ["-untrusted", "untrusted.pem"] : []),
    "leaf.pem",
  ).trim();
}

async function outputs(
  at: AdoptedProgram,
): Promise<z.infer<typeof outputsSchema>> {
  return outputsSchema.parse(
    JSON.parse(
      await at.succeed([
        "stack",
        "output",
        "--engine=bundled",
        "--json",
        "--show-secrets",
      ]),
    ),
  );
}

describeWith(program, "apt-get install openssl", "adoption", () => {
  describe("ecpki, as seed 004 makes it with openssl x509", () => {
    const at = new AdoptedProgram("ecpki");
    const file = (path: string): string =>
      readFileSync(at.directory(path), "utf8");
    const keys = {
      "root-ca-key": "root-ca/private/root-ca.key.pem",
      "server-ca-key": "server-ca/private/server-ca.key.pem",
    };

    beforeAll(async () => {
      makeEcpki(at.directory());
      const { code, stdout } = await at.adopt();
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /refused by some: .*no keyUsage extension.*Refused by OpenSSL -x509_strict and Python cryptography/,
      );
    });

    afterAll(() => {
      at.remove();
    });

    test("the first preview, without a key, takes both CAs over and nothing else", async () => {
      const preview = await at.tryRun("preview");
      expect(messages(preview)).toEqual([]);
      expect(
        preview.report?.steps
          .filter(({ type }) => type.startsWith("mqtt-pki:"))
          .map(({ op, name }) => `${op} ${name}`)
          .sort(),
      ).toEqual([
        "create root-ca",
        "create root-ca-authority",
        "create root-ca-existing",
        "create server-ca",
        "create server-ca-authority",
        "create server-ca-existing",
      ]);
      expect(messages(preview, "warning").join("\n")).toContain(
        "It has no keyUsage extension",
      );
    });

    test("a server is refused while its CA has no key", async () => {
      at.addSetting("servers", {
        name: "broker-2",
        issuer: "server-ca",
        issue: true,
        subject: {
          organization: "my IoT Cloud",
          commonName: "broker-2.example",
        },
        dnsNames: ["broker-2.example"],
        validityDays: 90,
      });
      expect(messages(await at.tryRun("preview")).join("\n")).toContain(
        "Give it existing.privateKeyPem",
      );
    });

    test("up extends it by a server, a CA and a batch of devices; the old server's certificate still verifies", async () => {
      for (const [name, path] of Object.entries(keys)) {
        await at.setSecret(name, file(path));
      }
      at.setSetting("servers", 0, "issue", true);
      at.append(`import { IntermediateCA as DeviceCA } from "mqtt-pki";
const deviceCA = new DeviceCA("device-ca", {
  issuer: rootCa,
  subject: { organization: "IoT Cloud", commonName: "IoT Cloud Device CA" },
});
new DeviceCertificateBatch("pumps", {
  issuer: deviceCA,
  devices: [{ id: "pump-1" }, { id: "pump-2" }],
  output: { directory: "issued/pumps" },
});
`);
      await at.up();
      const { trustAnchors, serverCertificates } = await outputs(at);
      const anchors = trustAnchors["root-ca"] ?? "";
      const ca = file("server-ca/certs/server-ca.cert.pem");
      expect(anchors).toBe(file("root-ca/certs/root-ca.cert.pem"));
      const served = serverCertificates["broker-2"]?.chainPem ?? "";
      expect(splitPem(served)[1]).toBe(ca);
      for (const chain of [
        served,
        serverCertificates["mqtt-server"]?.chainPem ?? "",
        at.read("issued", "pumps", "pump-1", "chain.pem"),
        // From before the adoption.
        file("mqtt-server-1/mqtt-server.chain.pem"),
      ]) {
        expect(verify(at, anchors, chain)).toBe("leaf.pem: OK");
      }
      expect(
        verify(at, anchors, served, "-verify_hostname", "broker-2.example"),
      ).toBe("leaf.pem: OK");
    });

    test("names in new certificates are the issuer's to the byte", async () => {
      const { serverCertificates } = await outputs(at);
      const chain = serverCertificates["broker-2"]?.chainPem ?? "";
      const leaf = readCertificate(chain, "leaf");
      const ca = readCertificate(
        file("server-ca/certs/server-ca.cert.pem"),
        "ca",
      );
      expect(leaf.issuerDer).toEqual(ca.subjectDer);
    });

    test("another preview changes nothing; the state holds no key in the open, and no file of the program holds one", async () => {
      const preview = await at.tryRun("preview", "--expect-no-changes");
      expect(messages(preview)).toEqual([]);
      expect(preview.code).toBe(0);
      const state = await at.succeed(["stack", "export", "--engine=bundled"]);
      for (const path of Object.values(keys)) {
        const [secret = ""] = /^[A-Za-z0-9+/]{64}$/m.exec(file(path)) ?? [];
        expect(secret).not.toBe("");
        expect(state).not.toContain(secret);
        expect(at.read("Pulumi.dev.yaml")).not.toContain(secret);
        expect(at.read("index.ts")).not.toContain(secret);
      }
    });
  });

  describe("caCertificate, as seed 003 makes it with openssl ca and encrypted keys", () => {
    const at = new AdoptedProgram("cacertificate");

    beforeAll(async () => {
      makeCaCertificate(at.directory());
      const { code, stderr } = await at.adopt();
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    });

    afterAll(() => {
      at.remove();
    });

    test("what openssl ca wrote down is kept: serial, crlnumber, devices, revocations", () => {
      const config = at.read("Pulumi.dev.yaml");
      expect(config).toMatch(
        /intermediate:\n +issued: .*\n +nextSerialNumber: "1002"\n +crlNumber: "1001"/,
      );
      expect(at.read("authorities", "intermediate-issued.csv")).toMatch(
        /^serialNumber,.*\n1000,valid,[^,]*Z,,,pump-1,.*deviceCert.pem\n1001,revoked,[^,]*Z,[^,]*Z,keyCompromise,pump-2,.*device2Cert.pem\n$/,
      );
    });

    test("without keys only the batch of new devices is refused", async () => {
      const preview = await at.tryRun("preview");
      expect(messages(preview)).toEqual([
        expect.stringContaining("Give it existing.privateKeyPem") as string,
      ]);
    });

    test("a wrong passphrase is refused without a word of it", async () => {
      for (const [name, path] of Object.entries({
        "ca-key": "caKey.pem",
        "intermediate-key": "intermediateCertificate/intermediateKey.pem",
      })) {
        await at.setSecret(name, readFileSync(at.directory(path), "utf8"));
      }
      await at.setSecret("ca-passphrase", PASSPHRASE);
      const missing = await at.tryRun("preview");
      expect(messages(missing).join("\n")).toContain(
        "existing.passphrase: is missing, and the key is encrypted",
      );
      await at.setSecret("intermediate-passphrase", "not this one");
      const wrong = await at.tryRun("preview");
      expect(messages(wrong).join("\n")).toContain(
        "existing.privateKeyPem: cannot be decrypted",
      );
      expect(wrong.stdout + wrong.stderr).not.toContain("not this one");
    });

    test("up issues a new device; it and one from before verify, strictly", async () => {
      await at.setSecret("intermediate-passphrase", PASSPHRASE);
      writeFileSync(at.program("devices", "intermediate.csv"), "id\npump-3\n");
      await at.up();
      const { trustAnchors } = await outputs(at);
      const anchors = trustAnchors.ca ?? "";
      const old = readFileSync(
        at.directory(
          "intermediateCertificate/deviceCertificates/deviceCert.pem",
        ),
        "utf8",
      );
      const ca = readFileSync(
        at.directory("intermediateCertificate/intermediateCert.pem"),
        "utf8",
      );
      for (const chain of [
        at.read("issued", "intermediate", "pump-3", "chain.pem"),
        `${old}${ca}`,
      ]) {
        expect(verify(at, anchors, chain, "-x509_strict")).toBe("leaf.pem: OK");
      }
      const state = await at.succeed(["stack", "export", "--engine=bundled"]);
      expect(state).not.toContain(PASSPHRASE);
      expect(state).not.toContain("ENCRYPTED");
    });
  });

  describe("seed 000's chain, whose intermediate is X.509 v1", () => {
    const at = new AdoptedProgram("chain");

    beforeAll(() => {
      makeThingsBoardChain(at.directory());
    });

    afterAll(() => {
      at.remove();
    });

    test("adopt refuses it, says for whom it is fatal, and writes nothing", async () => {
      const { code, stdout, stderr } = await at.adopt();
      expect(code).toBe(1);
      expect(stdout).toMatch(
        /not taken over: intermediateCert.pem: "CN=Intermediate": It is an X.509 v1 certificate.*Refused by OpenSSL, .*Go.*Cumulocity/,
      );
      expect(stderr).toContain(
        "intermediate (intermediateCert.pem) cannot be taken over: version-1",
      );
      expect(at.has("index.ts")).toBe(false);
    });

    test("with --partial the root alone is taken over, and a program that adopts the intermediate all the same is refused in the preview", async () => {
      expect((await at.adopt("--partial")).code).toBe(0);
      expect((await at.tryRun("preview")).code).toBe(0);
      at.append(`import { IntermediateCA } from "mqtt-pki";
new IntermediateCA("v1", {
  issuer: root,
  existing: { certificatePem: readFileSync("../chain/intermediateCert.pem", "utf8") },
});
`);
      const preview = await at.tryRun("preview");
      expect(preview.code).not.toBe(0);
      expect(messages(preview).join("\n")).toMatch(
        /existing.certificatePem: .*It is an X.509 v1 certificate.*Refused by OpenSSL/,
      );
    });
  });
});
