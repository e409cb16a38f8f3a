import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A folder in which OpenSSL is run as the seeds run it: by command lines. */
export class SeedFolder {
  constructor(
    private readonly program: string,
    readonly path: string,
  ) {
    mkdirSync(path, { recursive: true });
  }

  /** Runs `openssl …` here; fails where it fails. */
  run(...args: readonly string[]): void {
    const { status, stderr } = spawnSync(this.program, args, {
      cwd: this.path,
      encoding: "utf8",
    });
    if (status !== 0) {
      throw new Error(`openssl ${args.join(" ")}: ${stderr}`);
    }
  }

  /** Runs another program here, whatever its exit code. */
  try(
    program: string,
    ...args: readonly string[]
  ): { status: number | null; said: string } {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: this.path,
      encoding: "utf8",
    });
    return { status, said: `${stdout}${stderr}` };
  }

  write(name: string, ...texts: readonly string[]): void {
    writeFileSync(join(this.path, name), texts.join(""));
  }

  writeBytes(name: string, bytes: Uint8Array): void {
    writeFileSync(join(this.path, name), bytes);
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), "utf8");
  }
}

/** The commands of seed 000, ThingsBoard's X.509 chain guide; with shorter keys, and subjects that one is asked for there. */
export function seed000(folder: SeedFolder, bits = 2048): void {
  folder.run(
    ..."req -x509 -newkey".split(" "),
    `rsa:${bits}`,
    ..."-keyout rootKey.pem -out rootCert.pem -sha256 -days 365 -nodes".split(
      " ",
    ),
    ...["-subj", "/CN=Root"],
  );
  for (const [name, issuer] of [
    ["intermediate", "root"],
    ["leaf", "intermediate"],
  ] as const) {
    folder.run(
      ..."req -new -newkey".split(" "),
      `rsa:${bits}`,
      ...`-keyout ${name}Key.pem -out ${name}.csr -sha256 -nodes`.split(" "),
      ...["-subj", `/CN=${name}`],
    );
    folder.run(
      ...`x509 -req -in ${name}.csr -out ${name}Cert.pem -CA ${issuer}Cert.pem -CAkey ${issuer}Key.pem -days 365 -sha256 -CAcreateserial`.split(
        " ",
      ),
    );
  }
  folder.write(
    "chain.pem",
    folder.read("leafCert.pem"),
    folder.read("intermediateCert.pem"),
    folder.read("rootCert.pem"),
  );
}

/** The commands of seed 004, with its configuration files. */
export function seed004(folder: SeedFolder): void {
  folder.write(
    "signcsr-ca.conf",
    "basicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = critical, keyCertSign, cRLSign\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid, issuer\n",
  );
  folder.write(
    "signcsr.conf",
    "basicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature\nextendedKeyUsage = serverAuth\nsubjectAltName = @alt_names\n[ alt_names ]\nDNS.1 = my-iot-cloud.com\nDNS.2 = mqtt.my-iot-cloud.com\n",
  );
  for (const name of ["root-ca", "server-ca", "mqtt-server"]) {
    folder.run(
      ...`ecparam -out ${name}.key.pem -name secp256r1 -genkey`.split(" "),
    );
  }
  folder.run(
    ..."req -x509 -new -nodes -key root-ca.key.pem -sha256 -days 3650 -out root-ca.cert.pem".split(
      " ",
    ),
    ...["-subj", "/C=DE/O=My IoT Cloud/OU=PKI/CN=My IoT Cloud Root CA"],
  );
  for (const [name, issuer, subject, days, conf] of [
    [
      "server-ca",
      "root-ca",
      "/C=DE/O=IoT Cloud Server/OU=PKI/CN=IoT Cloud (MQTT) Server CA",
      "1825",
      "signcsr-ca.conf",
    ],
    [
      "mqtt-server",
      "server-ca",
      "/C=DE/O=my IoT Cloud Organization/CN=my-iot-cloud.com",
      "365",
      "signcsr.conf",
    ],
  ] as const) {
    folder.run(
      ...`req -new -key ${name}.key.pem -out ${name}.csr.pem`.split(" "),
      ...["-subj", subject],
    );
    folder.run(
      ...`x509 -req -in ${name}.csr.pem -CA ${issuer}.cert.pem -CAkey ${issuer}.key.pem -CAcreateserial -out ${name}.cert.pem -days ${days} -sha256 -extfile ${conf}`.split(
        " ",
      ),
    );
  }
  folder.write(
    "mqtt-server.chain.pem",
    folder.read("mqtt-server.cert.pem"),
    folder.read("server-ca.cert.pem"),
  );
}
