import { join } from "node:path";
import type { ThingsBoardFiles } from "../../../pki/examine/thingsBoard";
import { wouldThingsBoardStart } from "../../../pki/examine/thingsBoard";
import { describeWith, findProgram } from "../../support/command";
import { scratchFolder } from "../support/openssl";
import { SeedFolder } from "./support/seeds";

/** One row of what was tried with ThingsBoard's own loader. */
interface Row {
  readonly input: string;
  readonly files: (place: SeedFolder) => ThingsBoardFiles;
  readonly starts: boolean;
  /** Default: as `starts`. */
  readonly ok?: boolean;
  readonly row: RegExp;
}

const chain = (place: SeedFolder): string =>
  place.read("leaf.pem") + place.read("intermediate.pem");
const withKey =
  (key: string, keyPassword?: string) =>
  (place: SeedFolder): ThingsBoardFiles => ({
    certFileText: chain(place),
    keyFileText: place.read(key),
    ...(keyPassword !== undefined && { keyPassword }),
  });
const withChain =
  (...names: readonly string[]) =>
  (place: SeedFolder): ThingsBoardFiles => ({
    certFileText: names.map((name) => place.read(name)).join(""),
    keyFileText: place.read("leaf.key"),
  });
const changed =
  (change: (text: string) => string) =>
  (place: SeedFolder): ThingsBoardFiles => ({
    certFileText: change(chain(place)),
    keyFileText: place.read("leaf.key"),
  });
const ofKind =
  (kind: string) =>
  (place: SeedFolder): ThingsBoardFiles => ({
    certFileText: place.read(`${kind}.pem`),
    keyFileText: place.read(`${kind}.key`),
  });

const MISORDERED = /^chain out of order, with a gap, or with an unrelated CA$/;
const FINE = /in PEM, with its chain$/;
const KINDS: Readonly<Record<string, string>> = {
  Ed25519: "-algorithm ED25519",
  Ed448: "-algorithm ED448",
  "P-384": "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
  "P-521": "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
  "RSA-PSS": "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
  RSA: "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
  secp256k1: "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
  brainpoolP256r1: "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1",
  explicit:
    "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
};

const ROWS: readonly Row[] = [
  { input: "EC PKCS#8", files: withKey("leaf.key"), starts: true, row: FINE },
  { input: "EC SEC1", files: withKey("leaf.sec1"), starts: true, row: FINE },
  {
    input: "EC SEC1 behind EC PARAMETERS",
    files: (place) => ({
      certFileText: chain(place),
      keyFileText: place.read("leaf.parameters") + place.read("leaf.sec1"),
    }),
    starts: true,
    row: FINE,
  },
  { input: "RSA PKCS#8", files: ofKind("RSA"), starts: true, row: FINE },
  {
    input: "RSA PKCS#1",
    files: (place) => ({
      certFileText: place.read("RSA.pem"),
      keyFileText: place.read("RSA.pkcs1"),
    }),
    starts: true,
    row: FINE,
  },
  {
    input: "SEC1 encrypted the old way, right password",
    files: withKey("leaf.traditional", "secret"),
    starts: true,
    row: /right password$/,
  },
  {
    input: "SEC1 encrypted the old way, wrong password",
    files: withKey("leaf.traditional", "other"),
    starts: false,
    row: /wrong password$/,
  },
  {
    input: "SEC1 encrypted the old way, ThingsBoard's default password",
    files: withKey("leaf.traditional"),
    starts: false,
    row: /wrong password$/,
  },
  {
    input: "encrypted PKCS#8",
    files: withKey("leaf.pbes2", "secret"),
    starts: false,
    row: /^encrypted PKCS#8$/,
  },
  ...["Ed25519", "Ed448", "P-384", "P-521", "RSA-PSS"].map((kind) => ({
    input: kind,
    files: ofKind(kind),
    starts: true,
    row: FINE,
  })),
  ...["secp256k1", "brainpoolP256r1"].map((kind) => ({
    input: `${kind}: loads, and every handshake fails`,
    files: ofKind(kind),
    starts: true,
    ok: false,
    row: /^curve /,
  })),
  {
    input: "EC with explicit parameters",
    files: ofKind("explicit"),
    starts: false,
    row: /^explicit curve parameters$/,
  },
  {
    input: "key in the certificate file, before the certificates",
    files: (place) => ({
      certFileText: place.read("leaf.key") + chain(place),
    }),
    starts: true,
    row: FINE,
  },
  {
    input: "key in the certificate file, after the certificates",
    files: (place) => ({
      certFileText: chain(place) + place.read("leaf.key"),
    }),
    starts: true,
    row: FINE,
  },
  {
    input: "no key at all",
    files: (place) => ({ certFileText: chain(place) }),
    starts: false,
    row: /^no key$/,
  },
  { input: "leaf", files: withChain("leaf.pem"), starts: true, row: FINE },
  {
    input: "leaf, intermediate, root",
    files: withChain("leaf.pem", "intermediate.pem", "root.pem"),
    starts: true,
    row: FINE,
  },
  {
    input: "intermediate, leaf",
    files: withChain("intermediate.pem", "leaf.pem"),
    starts: false,
    row: MISORDERED,
  },
  {
    input: "a certificate twice",
    files: withChain("leaf.pem", "intermediate.pem", "intermediate.pem"),
    starts: false,
    row: /^duplicate certificate$|^chain out of order/,
  },
  {
    input: "leaf, root",
    files: withChain("leaf.pem", "root.pem"),
    starts: false,
    row: MISORDERED,
  },
  {
    input: "an unrelated CA at the end",
    files: withChain("leaf.pem", "intermediate.pem", "P-384.pem"),
    starts: false,
    row: MISORDERED,
  },
  {
    input: "RSA key with EC certificate",
    files: withKey("RSA.key"),
    starts: false,
    row: /^key of another kind/,
  },
  {
    input: "other EC key with EC certificate: loads, and breaks later",
    files: withKey("intermediate.key"),
    starts: true,
    ok: false,
    row: /^other key of the certificate's kind$/,
  },
  {
    input: "CRLF",
    files: changed((text) => text.replaceAll("\n", "\r\n")),
    starts: true,
    row: FINE,
  },
  {
    input: "text around the blocks",
    files: changed((text) => `Bag Attributes\n    friendlyName: x\n${text}`),
    starts: true,
    row: FINE,
  },
  {
    input: "a byte order mark, which hides the leaf",
    files: changed((text) => `\uFEFF${text}`),
    starts: true,
    ok: false,
    row: /^other key of the certificate's kind$/,
  },
  {
    input: "TRUSTED CERTIFICATE",
    files: changed((text) =>
      text.replaceAll(" CERTIFICATE", " TRUSTED CERTIFICATE"),
    ),
    starts: false,
    row: /^no certificate$/,
  },
  {
    input: "PEM without line breaks",
    files: changed((text) => text.replaceAll("\n", "")),
    starts: false,
    row: /^no certificate$/,
  },
  {
    input: "PEM that is cut off",
    files: changed((text) => text.slice(0, -60)),
    starts: false,
    row: /^unfinished PEM block$/,
  },
];

describeWith(
  { name: "openssl", path: findProgram("openssl") },
  "apt-get install openssl",
  "would ThingsBoard start with this?",
  (openssl) => {
    const place = new SeedFolder(openssl, join(scratchFolder(), "files"));

    beforeAll(() => {
      makeFiles(place);
    });

    test.each(ROWS)("$input", ({ files, starts, ok = starts, row }) => {
      const answer = wouldThingsBoardStart(files(place));
      expect({ ...answer, message: "", row: row.test(answer.row) }).toEqual({
        ok,
        starts,
        message: "",
        row: true,
      });
      // Nothing of a key, whatever the answer.
      expect(answer.message).not.toMatch(/[A-Za-z0-9+/]{40}/);
    });
  },
);

function makeFiles(place: SeedFolder): void {
  const words = (text: string): string[] => text.split(" ");
  place.write("ca.ext", "basicConstraints=critical,CA:TRUE\n");
  place.write("leaf.ext", "basicConstraints=critical,CA:FALSE\n");
  for (const [name, issuer] of [
    ["root", undefined],
    ["intermediate", "root"],
    ["leaf", "intermediate"],
  ] as const) {
    place.run(
      ...words(`genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out`),
      `${name}.key`,
    );
    place.run(
      ...words(`req -new -key ${name}.key -out ${name}.csr -subj /CN=${name}`),
    );
    place.run(
      ...words(
        `x509 -req -in ${name}.csr -out ${name}.pem -days 30 -extfile ${name === "leaf" ? "leaf" : "ca"}.ext`,
      ),
      ...words(
        issuer === undefined
          ? "-signkey root.key"
          : `-CA ${issuer}.pem -CAkey ${issuer}.key -CAcreateserial`,
      ),
    );
  }
  place.run(...words("ec -in leaf.key -out leaf.sec1"));
  place.run(...words("ecparam -name prime256v1 -out leaf.parameters"));
  place.run(
    ...words(
      "ec -in leaf.key -aes256 -passout pass:secret -out leaf.traditional",
    ),
  );
  place.run(
    ...words(
      "pkcs8 -topk8 -in leaf.key -v2 aes-256-cbc -passout pass:secret -out leaf.pbes2",
    ),
  );
  for (const [kind, options] of Object.entries(KINDS)) {
    place.run("genpkey", ...words(options), "-out", `${kind}.key`);
    place.run(
      ...words(`req -x509 -new -key ${kind}.key -out ${kind}.pem -days 30`),
      ...["-subj", `/CN=${kind}`],
    );
  }
  place.run(...words("rsa -in RSA.key -traditional -out RSA.pkcs1"));
}
