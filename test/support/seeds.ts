import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram } from "./command";

/** The openssl command; `undefined` where this machine lacks it. */
export const OPENSSL = findProgram("openssl");

/** Runs openssl in a folder; its standard output. Fails where it fails. */
export function openssl(folder: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(OPENSSL ?? "openssl", args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, SEED_PASSPHRASE: PASSPHRASE },
  });
  if (status !== 0) {
    throw new Error(`openssl ${args.join(" ")}:\n${stdout}${stderr}`);
  }
  return stdout;
}

/** Of the encrypted keys. */
export const PASSPHRASE = "only for these tests";

function write(folder: string, file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

/**
 * `ecpki/` as "Building a Secure PKI for MQTT using OpenSSL" makes it: a root,
 * a CA for servers, the certificate of one server. Keys are not encrypted.
 */
export function makeEcpki(folder: string): void {
  for (const owner of ["root-ca", "server-ca", "mqtt-server-1"]) {
    for (const part of ["private", "certs", "csr"]) {
      mkdirSync(join(folder, owner, part), { recursive: true });
    }
  }
  const names = `[ alt_names ]
DNS.1 = my-iot-cloud.com
DNS.2 = mqtt.my-iot-cloud.com
DNS.3 = my-iot-cloud.net
DNS.4 = mqtt.my-iot-cloud.com
`;
  write(
    folder,
    "root-ca/signcsr.conf",
    `basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid, issuer
`,
  );
  write(
    folder,
    "server-ca/signcsr.conf",
    `basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = @alt_names
${names}`,
  );
  write(
    folder,
    "mqtt-server-1/mqtt-server.csr.conf",
    `[ req ]
prompt = no
default_md = sha256
distinguished_name = dn
req_extensions = req_ext
[ dn ]
C = DE
O = my IoT Cloud Organization
CN = my-iot-cloud.com
[ req_ext ]
subjectAltName = @alt_names
${names}`,
  );
  const run = (command: string, ...more: readonly string[]): void => {
    openssl(folder, ...command.split(" "), ...more);
  };
  run("ecparam -out root-ca/private/root-ca.key.pem -name secp256r1 -genkey");
  run(
    "req -x509 -new -nodes -key root-ca/private/root-ca.key.pem -sha256 -days 3650 -out root-ca/certs/root-ca.cert.pem -subj",
    "/C=DE/O=My IoT Cloud/OU=PKI/CN=My IoT Cloud Root CA",
  );
  run(
    "ecparam -out server-ca/private/server-ca.key.pem -name secp256r1 -genkey",
  );
  run(
    "req -new -key server-ca/private/server-ca.key.pem -out server-ca/csr/server-ca.csr.pem -subj",
    "/C=DE/O=IoT Cloud Server/OU=PKI/CN=IoT Cloud (MQTT) Server CA",
  );
  run(
    "x509 -req -in server-ca/csr/server-ca.csr.pem -CA root-ca/certs/root-ca.cert.pem -CAkey root-ca/private/root-ca.key.pem -CAcreateserial -out server-ca/certs/server-ca.cert.pem -days 1825 -sha256 -extfile root-ca/signcsr.conf",
  );
  run(
    "ecparam -out mqtt-server-1/private/mqtt-server.key.pem -name secp256r1 -genkey",
  );
  run(
    "req -new -key mqtt-server-1/private/mqtt-server.key.pem -out mqtt-server-1/csr/mqtt-server.csr.pem -config mqtt-server-1/mqtt-server.csr.conf",
  );
  run(
    "x509 -req -in mqtt-server-1/csr/mqtt-server.csr.pem -CA server-ca/certs/server-ca.cert.pem -CAkey server-ca/private/server-ca.key.pem -CAcreateserial -out mqtt-server-1/certs/mqtt-server.cert.pem -days 365 -sha256 -extfile server-ca/signcsr.conf",
  );
  const server = openssl(
    folder,
    "x509",
    "-in",
    "mqtt-server-1/certs/mqtt-server.cert.pem",
  );
  const ca = openssl(
    folder,
    "x509",
    "-in",
    "server-ca/certs/server-ca.cert.pem",
  );
  write(folder, "mqtt-server-1/mqtt-server.chain.pem", `${server}${ca}`);
  write(
    folder,
    "ca-bundle.pem",
    openssl(folder, "x509", "-in", "root-ca/certs/root-ca.cert.pem"),
  );
}

/**
 * ThingsBoard's "X.509 Certificate chain", without a word of what its
 * certificates may be used for: the intermediate is X.509 v1.
 */
export function makeThingsBoardChain(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const run = (command: string, commonName?: string): void => {
    openssl(
      folder,
      ...command.split(" "),
      // It asks; its answers are these.
      ...(commonName === undefined ? [] : ["-subj", `/CN=${commonName}`]),
    );
  };
  run(
    "req -x509 -newkey rsa:4096 -keyout rootKey.pem -out rootCert.pem -sha256 -days 365 -nodes",
    "Root",
  );
  run(
    "req -new -newkey rsa:4096 -keyout intermediateKey.pem -out intermediate.csr -sha256 -nodes",
    "Intermediate",
  );
  run(
    "x509 -req -in intermediate.csr -out intermediateCert.pem -CA rootCert.pem -CAkey rootKey.pem -days 365 -sha256 -CAcreateserial",
  );
  run(
    "req -new -newkey rsa:4096 -keyout leafKey.pem -out leaf.csr -sha256 -nodes",
    "Device 1",
  );
  run(
    "x509 -req -in leaf.csr -out leafCert.pem -CA intermediateCert.pem -CAkey intermediateKey.pem -days 365 -sha256 -CAcreateserial",
  );
  write(
    folder,
    "chain.pem",
    ["leafCert.pem", "intermediateCert.pem", "rootCert.pem"]
      .map((file) => openssl(folder, "x509", "-in", file))
      .join(""),
  );
}

/**
 * `caCertificate/` as Cumulocity's "Device certificates" makes it: a CA and one
 * below it, both with encrypted keys and a database, and two devices, of which
 * one is revoked afterwards.
 */
export function makeCaCertificate(folder: string): void {
  const below = join(folder, "intermediateCertificate");
  for (const [here, name] of [
    [folder, "ca"],
    [below, "intermediate"],
  ] as const) {
    mkdirSync(join(here, "deviceCertificates"), { recursive: true });
    mkdirSync(join(here, "crl"));
    write(here, "database.txt", "");
    write(here, "serial", "1000\n");
    write(here, "crl/crlnumber", "1000\n");
    write(here, `${name}Config.cnf`, caConfiguration(here, name));
    openssl(
      here,
      ..."genrsa -aes256 -passout env:SEED_PASSPHRASE -out".split(" "),
      `${name}Key.pem`,
      "4096",
    );
  }
  const subject = (commonName: string): string =>
    `/C=PL/ST=Lesser Poland/L=Krakow/O=My IoT/OU=Devices/CN=${commonName}/emailAddress=pki@example.com`;
  const run = (
    here: string,
    command: string,
    ...more: readonly string[]
  ): void => {
    openssl(here, ...command.split(" "), ...more);
  };
  run(
    folder,
    "req -config caConfig.cnf -key caKey.pem -passin env:SEED_PASSPHRASE -new -x509 -days 7300 -sha256 -extensions v3_ca -out caCert.pem -subj",
    subject("My IoT CA"),
  );
  run(
    below,
    "req -config intermediateConfig.cnf -new -sha256 -key intermediateKey.pem -passin env:SEED_PASSPHRASE -out intermediateCsr.pem -subj",
    subject("My IoT Intermediate"),
  );
  run(
    folder,
    "ca -batch -passin env:SEED_PASSPHRASE -config caConfig.cnf -extensions v3_ca -days 3650 -notext -md sha256 -in intermediateCertificate/intermediateCsr.pem -out intermediateCertificate/intermediateCert.pem",
  );
  for (const [file, id] of [
    ["device", "pump-1"],
    ["device2", "pump-2"],
  ] as const) {
    run(
      below,
      `genrsa -aes256 -passout env:SEED_PASSPHRASE -out deviceCertificates/${file}Key.pem 2048`,
    );
    run(
      below,
      `req -config intermediateConfig.cnf -new -sha256 -key deviceCertificates/${file}Key.pem -passin env:SEED_PASSPHRASE -out deviceCertificates/${file}Csr.pem -subj`,
      subject(id),
    );
    run(
      below,
      `ca -batch -passin env:SEED_PASSPHRASE -config intermediateConfig.cnf -extensions v3_signed -days 365 -notext -md sha256 -in deviceCertificates/${file}Csr.pem -out deviceCertificates/${file}Cert.pem`,
    );
  }
  run(
    below,
    "ca -passin env:SEED_PASSPHRASE -config intermediateConfig.cnf -revoke deviceCertificates/device2Cert.pem -crl_reason keyCompromise",
  );
  run(
    below,
    "ca -passin env:SEED_PASSPHRASE -config intermediateConfig.cnf -gencrl -crldays 30 -out crl/intermediateCrl.pem",
  );
}

function caConfiguration(folder: string, name: string): string {
  return `[ ca ]
default_ca = CA_default
[ CA_default ]
dir               = ${folder}
certs             = $dir
crl_dir           = $dir/crl
new_certs_dir     = $dir/deviceCertificates
database          = $dir/database.txt
serial            = $dir/serial
private_key       = $dir/${name}Key.pem
certificate       = $dir/${name}Cert.pem
default_md        = sha256
default_days      = 375
preserve          = no
policy            = signing_policy
crl               = $crl_dir/${name}Crl.pem
crlnumber         = $crl_dir/crlnumber
crl_extensions    = crl_ext
default_crl_days  = 30
[ req ]
default_bits        = 4096
distinguished_name  = req_distinguished_name
string_mask         = utf8only
default_md          = sha256
x509_extensions     = v3_ca
[ req_distinguished_name ]
countryName                     = Country Name (2 letter code)
stateOrProvinceName             = State or Province Name
localityName                    = Locality Name
organizationName                = Organization Name
organizationalUnitName          = Organizational Unit Name
commonName                      = Common Name
emailAddress                    = Email Address
[ v3_ca ]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always,issuer
basicConstraints = critical, CA:true, pathlen:10
keyUsage = digitalSignature, cRLSign, keyCertSign
[ v3_signed ]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer
basicConstraints = critical, CA:false
keyUsage = nonRepudiation, digitalSignature, keyEncipherment
[ crl_ext ]
authorityKeyIdentifier=keyid:always
[ signing_policy ]
countryName             = optional
stateOrProvinceName     = optional
organizationName        = optional
organizationalUnitName  = optional
commonName              = supplied
emailAddress            = optional
`;
}
