import type { SeedFolder } from "./seeds";

/** A kind of key that a server may have. */
export interface KeyKind {
  readonly name: string;
  /** Arguments of `openssl genpkey`. */
  readonly options: string;
  /** What its traditional form is called; left out where it has none. */
  readonly traditional?: string;
  /** What ThingsBoard makes of a good file with such a key: a member of `Fate`. */
  readonly fate: string;
  /** What the answer calls such a key, where it is not served. */
  readonly row?: RegExp;
}

/** Kinds of keys, and what became of each with ThingsBoard's own loader. */
export const KEY_KINDS: readonly KeyKind[] = [
  ec("P-256", "serves"),
  ec("P-384", "serves"),
  ec("P-521", "serves"),
  rsa(2048),
  rsa(3072),
  {
    name: "RSA-PSS",
    options: "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
    fate: "serves",
  },
  { name: "Ed25519", options: "-algorithm ED25519", fate: "serves" },
  { name: "Ed448", options: "-algorithm ED448", fate: "serves" },
  { ...ec("secp256k1", "starts"), row: /^curve secp256k1$/ },
  { ...ec("brainpoolP256r1", "starts"), row: /^curve brainpoolP256r1$/ },
  {
    ...ec("P-256", "refused"),
    name: "explicit parameters",
    row: /^explicit curve parameters$/,
    options:
      "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
  },
];

/** Further kinds, which are looked at in PKCS#8 only. */
export const RARE_KINDS: readonly KeyKind[] = [
  { ...rsa(1024), name: "RSA-1024" },
  ...["P-224", "P-192", "brainpoolP384r1", "sect283r1"].map((curve) => ({
    ...ec(curve, "starts"),
    row: /^curve /,
  })),
  {
    name: "X25519",
    options: "-algorithm X25519",
    fate: "starts",
    row: /^XDH key$/,
  },
];

function ec(curve: string, fate: string): KeyKind {
  return {
    name: curve,
    options: `-algorithm EC -pkeyopt ec_paramgen_curve:${curve}`,
    traditional: "EC PRIVATE KEY",
    fate,
  };
}

function rsa(bits: number): KeyKind {
  return {
    name: `RSA-${bits}`,
    options: `-algorithm RSA -pkeyopt rsa_keygen_bits:${bits}`,
    traditional: "RSA PRIVATE KEY",
    fate: "serves",
  };
}

/** What opens the encrypted keys. */
export const PASSWORD = "correct horse";
/** ThingsBoard's own, where none is configured. */
export const DEFAULT_PASSWORD = "server_key_password";

/** The files of a server with a key of some kind; all PEM. */
export interface Material {
  readonly kind: KeyKind;
  readonly leaf: string;
  readonly intermediate: string;
  readonly root: string;
  /** Nobody's issuer here. */
  readonly stranger: string;
  /** Another CA by the name of {@link intermediate}. */
  readonly impostor: string;
  /** PKCS#8, unencrypted. */
  readonly key: string;
  /** Another of the same kind. */
  readonly otherKey: string;
  /** A key of a kind that Java calls otherwise. */
  readonly foreignKey: string;
  /** SEC1 or PKCS#1; empty where there is none. */
  readonly traditional: string;
  /** As OpenSSL's -text option writes it. */
  readonly chainWithText: string;
  /** Paths, for tools. */
  readonly paths: { readonly leaf: string; readonly key: string };
  /** Another form of the key, made when it is asked for. */
  readonly form: (name: KeyForm) => string;
}

/** Forms of a key, by the command of OpenSSL's that makes them. */
const FORMS = {
  "AES-256": "TRADITIONAL -aes256",
  "AES-128": "TRADITIONAL -aes128",
  "3DES": "TRADITIONAL -des3",
  PBES2: "pkcs8 -topk8 -v2 aes-256-cbc",
  "PBES2 3DES": "pkcs8 -topk8 -v2 des3",
  "PBE 3DES": "pkcs8 -topk8 -v1 PBE-SHA1-3DES",
  scrypt: "pkcs8 -topk8 -scrypt",
  "default password": "TRADITIONAL -aes256",
  "no public key": "ec -no_public",
  "explicit curve": "ec -param_enc explicit",
  parameters: "ecparam",
} as const;

/** A name of {@link FORMS}. */
export type KeyForm = keyof typeof FORMS;

const words = (text: string): string[] => text.split(" ");

/** Makes the CAs that all the servers share. */
export function makeAuthorities(place: SeedFolder): void {
  place.write("ca.ext", "basicConstraints=critical,CA:TRUE\n");
  place.write(
    "leaf.ext",
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:mqtt.example.com\n",
  );
  place.write(
    "device.ext",
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n",
  );
  for (const name of ["root", "intermediate", "impostor", "stranger"]) {
    newKey(place, name, "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
  }
  newKey(place, "device", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
  newKey(place, "rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
  selfSign(place, "root", "/O=Example/CN=Test Root");
  selfSign(place, "stranger", "/O=Example/CN=Stranger");
  selfSign(place, "impostor", "/O=Example/CN=Test CA");
  sign(place, "intermediate", "root", "/O=Example/CN=Test CA", "ca.ext");
  sign(place, "device", "intermediate", "/CN=thermometer-1", "device.ext");
}

/** Makes key and certificate of a server. */
export function makeMaterial(place: SeedFolder, kind: KeyKind): Material {
  const base = kind.name.replaceAll(" ", "-");
  newKey(place, base, kind.options);
  newKey(place, `${base}.other`, kind.options);
  place.run(...words(`pkey -in ${base}.key -pubout -out ${base}.pub`));
  // A request by another key: not every kind can sign one.
  sign(place, base, "intermediate", "/CN=mqtt.example.com", "leaf.ext", [
    ...["-force_pubkey", `${base}.pub`],
  ]);
  const tool =
    kind.traditional === "EC PRIVATE KEY" ? "ec" : "rsa -traditional";
  const forms = new Map<KeyForm, string>();
  const make = (name: KeyForm): string => {
    const output = `${base}.${name.replaceAll(" ", "-")}`;
    const command = words(FORMS[name].replace("TRADITIONAL", tool));
    place.run(
      ...command,
      ...(command[0] === "ecparam"
        ? ["-name", kind.name]
        : ["-in", `${base}.key`]),
      ...(/ -(no_public|param_enc)/.test(FORMS[name]) ||
      command[0] === "ecparam"
        ? []
        : [
            "-passout",
            `pass:${name === "default password" ? DEFAULT_PASSWORD : PASSWORD}`,
          ]),
      ...["-out", output],
    );
    return place.read(output);
  };
  const form = (name: KeyForm): string => {
    const known = forms.get(name) ?? make(name);
    forms.set(name, known);
    return known;
  };
  if (kind.traditional !== undefined) {
    place.run(...words(`${tool} -in ${base}.key -out ${base}.traditional`));
  }
  place.run(...words(`x509 -in ${base}.pem -text -out ${base}.text`));
  return {
    kind,
    leaf: place.read(`${base}.pem`),
    intermediate: place.read("intermediate.pem"),
    root: place.read("root.pem"),
    stranger: place.read("stranger.pem"),
    impostor: place.read("impostor.pem"),
    key: place.read(`${base}.key`),
    otherKey: place.read(`${base}.other.key`),
    foreignKey: place.read(
      kind.name.startsWith("RSA") ? "root.key" : "rsa.key",
    ),
    traditional:
      kind.traditional === undefined ? "" : place.read(`${base}.traditional`),
    chainWithText: place.read(`${base}.text`) + place.read("intermediate.pem"),
    paths: {
      leaf: `${place.path}/${base}.pem`,
      key: `${place.path}/${base}.key`,
    },
    form,
  };
}

function newKey(place: SeedFolder, name: string, options: string): void {
  place.run("genpkey", ...words(options), "-out", `${name}.key`);
}

function selfSign(place: SeedFolder, name: string, subject: string): void {
  place.run(
    ...words(`req -x509 -new -key ${name}.key -out ${name}.pem -days 30`),
    ...["-subj", subject],
  );
}

function sign(
  place: SeedFolder,
  name: string,
  issuer: string,
  subject: string,
  extensions: string,
  more: readonly string[] = [],
): void {
  const key = more.length === 0 ? name : "device";
  place.run(
    ...words(`req -new -key ${key}.key -out ${name}.csr`),
    ...["-subj", subject],
  );
  place.run(
    ...words(
      `x509 -req -in ${name}.csr -out ${name}.pem -days 30 -extfile ${extensions}`,
    ),
    ...words(`-CA ${issuer}.pem -CAkey ${issuer}.key -CAcreateserial`),
    ...more,
  );
}
