import { createPublicKey } from "node:crypto";
import { issueCertificate } from "../../pki/certificate";
import { publicKeyDer, readPrivateKey } from "../../pki/key";
import { InputError } from "../../pki/problem";
import { leftOutOf, readRequest } from "../../pki/request";
import { DEFAULT_NOW, KEYS, order, root } from "./support/authority";
import { readCertificate, readDer, readName } from "./support/der";
import { describeOpenSsl } from "./support/openssl";
import { subtle, x509 } from "../../pki/webcrypto";

const HEADER = /-----[^-]+-----|\s/g;

/** A request as other tools make it: key by `openssl genpkey`, request by `openssl req`. */
const NEW_KEY: Readonly<Record<string, string>> = {
  "ECDSA P-256": "ec -pkeyopt ec_paramgen_curve:P-256",
  "ECDSA P-384": "ec -pkeyopt ec_paramgen_curve:P-384",
  "ECDSA P-521": "ec -pkeyopt ec_paramgen_curve:P-521",
  "RSA 2048": "rsa:2048",
  "RSA 3072": "rsa:3072",
  Ed25519: "ed25519",
};

async function refusal(pem: string): Promise<string> {
  const error: unknown = await readRequest(pem, "requestPem").catch(
    (caught: unknown) => caught,
  );
  if (error instanceof InputError) {
    return error.message;
  }
  throw new Error("the request was not refused");
}

/** The same request with one octet more than DER allows for the length of its outermost sequence. */
function longLength(der: Buffer): Buffer {
  const count = der.readUInt8(1) & 0x7f;
  return Buffer.concat([
    Buffer.from([0x30, 0x80 | (count + 1), 0]),
    der.subarray(2),
  ]);
}

describeOpenSsl("requests of OpenSSL", (openssl) => {
  const request = (newKey: string, ...args: string[]): string =>
    openssl.run([
      ..."req -new -nodes -subj /CN=asked -keyout".split(" "),
      openssl.path("request.key"),
      "-newkey",
      ...newKey.split(" "),
      ...args,
    ]);

  test.each(KEYS)("for a key of $name are read", async ({ name, key }) => {
    const read = await readRequest(request(NEW_KEY[name] ?? ""), "requestPem");
    expect(read.key).toEqual(key);
    const made = openssl.run(["pkey", "-in", openssl.path("request.key")]);
    expect(read.publicKey).toEqual(
      publicKeyDer(createPublicKey(readPrivateKey(made, "key"))),
    );
  });

  test("are read whatever hash signed them", async () => {
    for (const hash of ["-sha256", "-sha384", "-sha512"]) {
      const pem = request("ec -pkeyopt ec_paramgen_curve:P-256", hash);
      expect((await readRequest(pem, "r")).key.ecdsaCurve).toBe("P256");
    }
  });

  test("are read between other text and with CRLF", async () => {
    const pem = request("ec -pkeyopt ec_paramgen_curve:P-256", "-text");
    const { key } = await readRequest(
      `Some words.\r\n${pem.replaceAll("\n", "\r\n")}\r\nMore words.`,
      "requestPem",
    );
    expect(key).toEqual({ algorithm: "ECDSA", ecdsaCurve: "P256" });
  });

  test.each([
    [
      "P-224, the default of tls.PrivateKey",
      "ec -pkeyopt ec_paramgen_curve:secp224r1",
      /holds a key that is refused: "P224" is below the 128-bit level/,
    ],
    [
      "secp256k1",
      "ec -pkeyopt ec_paramgen_curve:secp256k1",
      /holds a key of a kind no profile allows/,
    ],
    ["RSA of 1024 bits", "rsa:1024", /1024 bits are too small/],
    ["Ed448", "ed448", /holds a key of a kind no profile allows/],
    [
      "RSA-PSS",
      "rsa-pss -pkeyopt rsa_keygen_bits:2048",
      /holds a key of a kind no profile allows/,
    ],
  ])("with a key of %s are refused for that", async (_name, key, message) => {
    expect(await refusal(request(key))).toMatch(message);
  });

  test("for a CA are refused", async () => {
    const pem = request(
      "ec -pkeyopt ec_paramgen_curve:P-256",
      "-addext",
      "basicConstraints=critical,CA:TRUE",
    );
    expect(await refusal(pem)).toBe(
      "requestPem: asks for a CA (basicConstraints CA:TRUE), which no request gets; make an IntermediateCA, or the request anew without it.",
    );
  });

  test("in DER are read as in PEM", async () => {
    const pem = request("ec -pkeyopt ec_paramgen_curve:P-256");
    expect(await readRequest(derOf(pem), "r")).toEqual(
      await readRequest(pem, "r"),
    );
  });

  test.each([
    ["bytes after the end", (der: Buffer) => Buffer.concat([der, der])],
    ["a length that is not the shortest", longLength],
    [
      "64 KiB and more",
      (der: Buffer) => Buffer.concat([der, Buffer.alloc(65_536)]),
    ],
  ])("with %s are refused", async (_name, change) => {
    const der = derOf(request("ec -pkeyopt ec_paramgen_curve:P-256"));
    expect(await refusal(toPem(change(der)))).toMatch(
      /is no readable PKCS#10 request|a request 65536 at most/,
    );
  });

  test("with an octet of the signature changed are refused", async () => {
    const der = derOf(request("rsa:2048"));
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
    expect(await refusal(toPem(der))).toBe(
      "requestPem: carries a signature that its own key did not make; make the request anew with the key it is for.",
    );
  });

  test("with a name changed after they were signed are refused", async () => {
    const der = derOf(request("ec -pkeyopt ec_paramgen_curve:P-256"));
    const at = der.indexOf("asked");
    expect(at).toBeGreaterThan(0);
    der.write("stole", at);
    expect(await refusal(toPem(der))).toMatch(/its own key did not make/);
  });

  test("with the key of somebody else put in are refused", async () => {
    const mine = derOf(request("ec -pkeyopt ec_paramgen_curve:P-256"));
    const theirs = derOf(request("ec -pkeyopt ec_paramgen_curve:P-256"));
    const point = (der: Buffer): number =>
      der.indexOf(Buffer.from("03420004", "hex")) + 4;
    theirs.copy(mine, point(mine), point(theirs), point(theirs) + 64);
    expect(await refusal(toPem(mine))).toMatch(/its own key did not make/);
  });

  test("widen nothing: names and usages asked for are not given, and are reported", async () => {
    const pem = request(
      "ec -pkeyopt ec_paramgen_curve:P-256",
      "-addext",
      "subjectAltName=DNS:evil.example.com,IP:203.0.113.1",
      "-addext",
      "basicConstraints=critical,CA:FALSE",
      "-addext",
      "keyUsage=critical,keyCertSign",
      "-addext",
      "extendedKeyUsage=serverAuth,codeSigning",
    );
    const authority = await root();
    const asked = await readRequest(pem, "requestPem");
    const { certificatePem } = await issueCertificate(
      order({ subject: { commonName: "given" } }),
      asked,
      authority.signer,
      DEFAULT_NOW,
    );
    const read = readCertificate(certificatePem);
    const hex = (oid: string): string | undefined =>
      read.extensions.get(oid)?.value.toString("hex");
    expect(readName(read.subject).map(({ text }) => text)).toEqual(["given"]);
    expect(hex("2.5.29.17")).toBeUndefined();
    expect(hex("2.5.29.19")).toBe("3000");
    expect(hex("2.5.29.15")).toBe("03020780");
    expect(hex("2.5.29.37")).toBe("300a06082b06010505070302");
    expect(leftOutOf(asked, { subject: { commonName: "given" } })).toEqual([
      'commonName "asked"',
      'dnsNames "evil.example.com"',
      'ipAddresses "203.0.113.1"',
      "basicConstraints",
      "keyUsage",
      "extendedKeyUsage",
    ]);
  });

  test("are reported with all that is left out: the subject's attributes, kinds of names, and no name that is given in another spelling", async () => {
    const pem = openssl.run([
      ..."req -new -nodes -keyout".split(" "),
      openssl.path("request.key"),
      ..."-newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj".split(" "),
      "/C=DE/O=Evil Corp/OU=One/OU=Two/CN=asked",
      "-addext",
      "subjectAltName=DNS:MQTT.example.com,IP:2001:db8::7,email:a@b.c,RID:1.2.3,dirName:dn",
      ...["-config", directoryName()],
    ]);
    const asked = await readRequest(pem, "requestPem");
    expect(
      leftOutOf(asked, {
        subject: {
          country: "DE",
          organizationalUnit: "Two",
          commonName: "asked",
        },
        dnsNames: ["mqtt.example.com"],
        ipAddresses: ["2001:DB8:0:0:0:0:0:7"],
      }),
    ).toEqual([
      'organization "Evil Corp"',
      'organizationalUnit "One"',
      'emailAddresses "a@b.c"',
      "registeredID",
      "directoryName",
    ]);
  });

  /** A configuration with a name for the alternative names, and nothing else. */
  function directoryName(): string {
    return openssl.file(
      "dir.cnf",
      "[req]\ndistinguished_name=empty\n[empty]\n[dn]\nCN=another\n",
    );
  }

  test("cut short are refused", async () => {
    const der = derOf(request("ec -pkeyopt ec_paramgen_curve:P-256"));
    expect(await refusal(toPem(der.subarray(0, -10)))).toBe(
      "requestPem: is no readable PKCS#10 request; make it anew.",
    );
  });

  test("in place of which a certificate or a key is given are refused, and no key stands in the message", async () => {
    const made = request("ec -pkeyopt ec_paramgen_curve:P-256");
    const key = openssl.run(["pkey", "-in", openssl.path("request.key")]);
    const { certificatePem } = await root();
    for (const wrong of [
      certificatePem,
      key,
      "request.csr",
      "",
      derOf(made).toString("base64"),
    ]) {
      expect(await refusal(wrong)).toBe(
        'requestPem: holds no PEM block "BEGIN CERTIFICATE REQUEST"; give the PEM text itself, not a file name.',
      );
    }
  });

  test("of another structure are refused", async () => {
    const { certificatePem } = await root();
    const disguised = certificatePem.replaceAll(
      "CERTIFICATE",
      "CERTIFICATE REQUEST",
    );
    expect(await refusal(disguised)).toMatch(/is no readable PKCS#10 request/);
  });
});

test("a request that carries an extension twice is refused: readers take the first or the last of them", async () => {
  const keys = await subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  );
  const basic = (ca: boolean): x509.Extension =>
    new x509.BasicConstraintsExtension(ca, undefined, true);
  const make = (
    ...extensions: x509.Extension[]
  ): Promise<x509.Pkcs10CertificateRequest> =>
    x509.Pkcs10CertificateRequestGenerator.create({
      name: "CN=asked",
      keys,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      extensions,
    });
  const once = await make(basic(false));
  expect((await readRequest(once.toString("pem"), "r")).commonName).toBe(
    "asked",
  );
  const twice = await make(basic(false), basic(true));
  expect(await refusal(twice.toString("pem"))).toMatch(
    /is no readable PKCS#10 request/,
  );
});

function derOf(pem: string): Buffer {
  const der = Buffer.from(pem.replace(HEADER, ""), "base64");
  // What a test changes must have been whole before.
  expect(readDer(der).children).toHaveLength(3);
  return der;
}

function toPem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
}
