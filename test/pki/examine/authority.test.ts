import { join } from "node:path";
import { examineAuthority } from "../../../pki/examine/authority";
import { Stack } from "../../../pki/examine/finding";
import { describeWith, findProgram } from "../../support/command";
import { scratchFolder } from "../support/openssl";
import { SeedFolder } from "./support/seeds";

/** A CA that differs from a good one by one thing. */
interface Row {
  readonly rule: string;
  /** Lines of the extension file of the intermediate. */
  readonly extensions?: string;
  /** Lines of the root's, where the root is the one that differs. */
  readonly root?: string;
  /** Options of `openssl genpkey`. */
  readonly key?: string;
  /** Options of the command that signs. */
  readonly sign?: string;
  readonly subject?: string;
  /** Codes beside `no-path-length`. */
  readonly codes: readonly string[];
}

const GOOD =
  "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always\n";
const ROOT = GOOD.replace(",pathlen:0", ",pathlen:1");
const P256 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
// OpenSSL 3 writes key identifiers by itself, unless it is told "none".
const without = (name: string): string =>
  GOOD.replace(
    new RegExp(`^${name}=.*\n`, "m"),
    name.endsWith("KeyIdentifier") ? `${name}=none\n` : "",
  );

const ROWS: readonly Row[] = [
  { rule: "a good one", codes: [] },
  {
    rule: "no key usage",
    extensions: without("keyUsage"),
    codes: ["no-key-usage"],
  },
  {
    rule: "key usage without keyCertSign",
    extensions: GOOD.replace("keyCertSign,", ""),
    codes: ["may-not-sign-certificates"],
  },
  {
    rule: "key usage that is not critical",
    extensions: GOOD.replace("keyUsage=critical,", "keyUsage="),
    codes: ["key-usage-not-critical"],
  },
  {
    rule: "no basic constraints",
    extensions: without("basicConstraints"),
    codes: ["no-basic-constraints"],
  },
  {
    rule: "basic constraints that are not critical",
    extensions: GOOD.replace("critical,CA", "CA"),
    codes: ["basic-constraints-not-critical"],
  },
  {
    rule: "CA:FALSE",
    extensions: GOOD.replace("CA:TRUE,pathlen:0", "CA:FALSE"),
    codes: ["not-a-ca"],
  },
  {
    rule: "no path length",
    extensions: GOOD.replace(",pathlen:0", ""),
    codes: ["no-path-length"],
  },
  {
    rule: "no subject key identifier",
    extensions: without("subjectKeyIdentifier"),
    codes: ["no-subject-key-identifier"],
  },
  {
    rule: "no authority key identifier",
    extensions: without("authorityKeyIdentifier"),
    codes: ["no-authority-key-identifier"],
  },
  {
    rule: "authority key identifier with issuer and serial number",
    extensions: GOOD.replace("keyid:always", "keyid:always,issuer:always"),
    codes: ["authority-key-identifier-with-serial"],
  },
  {
    rule: "extended key usage for neither servers nor devices",
    extensions: `${GOOD}extendedKeyUsage=codeSigning\n`,
    codes: ["extended-key-usage-in-ca"],
  },
  {
    rule: "an unknown critical extension",
    extensions: `${GOOD}1.3.6.1.4.1.32473.1=critical,DER:0500\n`,
    codes: ["unknown-critical-extension"],
  },
  {
    rule: "critical name constraints",
    extensions: `${GOOD}nameConstraints=critical,permitted;DNS:example.com\n`,
    codes: ["critical-name-constraints"],
  },
  {
    rule: "a key usage that cannot be read",
    extensions: `${without("keyUsage")}2.5.29.15=critical,DER:0400\n`,
    codes: ["malformed-extension"],
  },
  {
    rule: "the subject of the root, and no key identifiers",
    extensions: without("authorityKeyIdentifier"),
    subject: "/CN=Root",
    codes: ["no-authority-key-identifier", "subject-of-issuer"],
  },
  { rule: "a signature with SHA-1", sign: "-sha1", codes: ["weak-signature"] },
  {
    rule: "an RSA key of 1024 bits",
    key: "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
    codes: ["small-rsa-key"],
  },
  {
    rule: "a key on secp256k1",
    key: "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
    codes: ["unusual-curve"],
  },
  {
    rule: "a key on P-224",
    key: "-algorithm EC -pkeyopt ec_paramgen_curve:P-224",
    codes: ["unusual-curve"],
  },
  {
    rule: "a key whose curve is spelled out",
    key: `${P256} -pkeyopt ec_param_enc:explicit`,
    codes: ["explicit-curve"],
  },
  { rule: "an Ed25519 key", key: "-algorithm ED25519", codes: ["ed25519-key"] },
  {
    rule: "a negative serial number",
    sign: "-set_serial -5",
    codes: ["negative-serial"],
  },
  {
    rule: "serial number 0",
    sign: "-set_serial 0",
    codes: ["zero-serial"],
  },
  {
    rule: "a serial number of 21 octets",
    sign: `-set_serial 0x${"7f".repeat(21)}`,
    codes: ["long-serial"],
  },
  {
    rule: "a root without key usage",
    root: ROOT.replace(/^keyUsage.*\n/m, ""),
    codes: ["no-key-usage"],
  },
  {
    rule: "a root without basic constraints",
    root: ROOT.replace(/^basicConstraints.*\n/m, ""),
    codes: ["no-basic-constraints"],
  },
  {
    rule: "a root with neither",
    root: "subjectKeyIdentifier=hash\n",
    codes: ["no-basic-constraints", "no-key-usage"],
  },
  { rule: "a root of version 1", root: "", codes: ["version-1"] },
  {
    rule: "an intermediate of version 1",
    extensions: "",
    codes: ["version-1"],
  },
];

const LEAF =
  "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:mqtt.example.com\nsubjectKeyIdentifier=hash\n";

describeWith(
  { name: "openssl", path: findProgram("openssl") },
  "apt-get install openssl",
  "a CA that differs from a good one by one thing",
  (openssl) => {
    const folder = scratchFolder();
    const certtool = findProgram("certtool");

    test.each(ROWS.map((row, index) => ({ ...row, index })))(
      "$rule: found, and refused by those it is said to be fatal for",
      (row) => {
        const place = new SeedFolder(openssl, join(folder, String(row.index)));
        makeChain(place, row);
        const subject = row.root === undefined ? "intermediate" : "root";
        const findings = examineAuthority(place.read(`${subject}.pem`), {
          now: new Date(),
          ...(subject === "intermediate" && {
            issuerPem: place.read("root.pem"),
          }),
        });
        expect(findings.map(({ code }) => code).sort()).toEqual(
          [
            ...row.codes,
            // It ends in 300 days, like the rest of the chain.
            ...(subject === "root" ? ["expires-soon"] : []),
          ].sort(),
        );
        const said = (stack: string): boolean =>
          findings.some(({ fatalFor }) => fatalFor.includes(stack));
        const refuses = (...options: readonly string[]): boolean =>
          place.try(
            openssl,
            ..."verify -no-CAfile -no-CApath -purpose sslserver".split(" "),
            ...options,
            ..."-CAfile root.pem -untrusted intermediate.pem leaf.pem".split(
              " ",
            ),
          ).status !== 0;
        expect({
          openssl: said(Stack.OpenSsl),
          strict: said(Stack.OpenSsl) || said(Stack.StrictOpenSsl),
          level2: said(Stack.OpenSsl) || said(Stack.OpenSslLevel2),
        }).toEqual({
          openssl: refuses(),
          strict: refuses("-x509_strict"),
          level2: refuses("-auth_level", "2"),
        });
        if (certtool !== undefined) {
          const { status } = place.try(
            certtool,
            ..."--verify --verify-profile low --load-ca-certificate root.pem --infile chain.pem".split(
              " ",
            ),
          );
          expect({ gnutls: said(Stack.GnuTls) }).toEqual({
            gnutls: status !== 0,
          });
        }
      },
    );
  },
);

function makeChain(place: SeedFolder, row: Row): void {
  const { key = P256, sign = "-sha256", subject = "/CN=Intermediate" } = row;
  const words = (text: string): string[] => text.split(" ");
  for (const [name, extensions, options] of [
    ["root", row.root ?? ROOT, P256],
    ["intermediate", row.extensions ?? GOOD, key],
    ["leaf", LEAF, P256],
  ] as const) {
    place.write(`${name}.ext`, extensions);
    place.run("genpkey", ...words(options), "-out", `${name}.key`);
  }
  const issue = (
    name: string,
    dn: string,
    signer: string,
    ...options: readonly string[]
  ): void => {
    place.run(...words(`req -new -key ${name}.key -out ${name}.csr -subj`), dn);
    const extensions = place.read(`${name}.ext`);
    place.run(
      ...words(`x509 -req -in ${name}.csr -out ${name}.pem -days 300`),
      ...words(signer),
      ...(extensions === "" ? [] : ["-extfile", `${name}.ext`]),
      ...options,
    );
  };
  issue("root", "/CN=Root", "-signkey root.key", "-sha256");
  // A CA without a key identifier of its own cannot give one to others.
  const hasIdentifier = place.read("root.ext").includes("Identifier=hash");
  if (!hasIdentifier) {
    place.write("intermediate.ext", without("authorityKeyIdentifier"));
  }
  issue(
    "intermediate",
    subject,
    "-CA root.pem -CAkey root.key",
    ...words(sign),
    ...(sign.includes("serial") ? [] : ["-CAcreateserial"]),
  );
  const identified = place.read("intermediate.ext").includes("Identifier=hash");
  place.write(
    "leaf.ext",
    LEAF,
    `authorityKeyIdentifier=${identified ? "keyid:always" : "none"}\n`,
  );
  issue(
    "leaf",
    "/CN=mqtt.example.com",
    "-CA intermediate.pem -CAkey intermediate.key",
    "-CAcreateserial",
    ...(key.includes("ED25519") ? [] : ["-sha256"]),
  );
  place.write(
    "chain.pem",
    place.read("leaf.pem"),
    place.read("intermediate.pem"),
  );
}
