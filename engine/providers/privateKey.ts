import {
  createHash,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
} from "node:crypto";
import { promisify } from "node:util";

import { EngineError } from "../errors";
import type {
  ChangedResource,
  CheckFailure,
  CheckResult,
  CreateResult,
  DiffResult,
  ResourceRequest,
} from "../plugins/provider";
import {
  equal,
  type PropertyMap,
  revealAll,
  secret,
  UNKNOWN,
  textOf,
} from "../values";
import { ImmutableResource, UNCHANGED } from "./equivalent";
import { openSshPrivateKey, openSshPublicKey } from "./openSsh";
import { toPem } from "./pem";

const generate = promisify(generateKeyPair);
const CURVES: Record<string, string> = {
  P224: "secp224r1",
  P256: "P-256",
  P384: "P-384",
  P521: "P-521",
};
const ALGORITHMS = ["RSA", "ECDSA", "ED25519"];

/** The settings of a key, with what holds where the program says nothing. */
const DEFAULTS: PropertyMap = { ecdsaCurve: "P224", rsaBits: 2048 };
const SETTINGS = ["algorithm", "ecdsaCurve", "rsaBits"];
const SECRETS = ["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"];
const COMPUTED = [
  ...[
    "id",
    "publicKeyFingerprintMd5",
    "publicKeyFingerprintSha256",
    "publicKeyOpenssh",
    "publicKeyPem",
  ],
  ...SECRETS,
];

/** `tls.PrivateKey`: a new key pair; its outputs and its id are those of the real plugin. */
export class PrivateKey extends ImmutableResource {
  check(
    request: ResourceRequest & { olds: PropertyMap; news: PropertyMap },
  ): Promise<CheckResult> {
    const failures: CheckFailure[] = [];
    const { algorithm, ecdsaCurve, rsaBits } = settings(request.news);
    const oneOf = (
      property: string,
      value: unknown,
      allowed: string[],
    ): void => {
      if (value !== UNKNOWN && !allowed.some((name) => name === value)) {
        failures.push({
          property,
          reason: `${JSON.stringify(value)} is not one of ${allowed.join(", ")}`,
        });
      }
    };
    oneOf("algorithm", algorithm ?? null, ALGORITHMS);
    oneOf("ecdsaCurve", ecdsaCurve, Object.keys(CURVES));
    if (
      rsaBits !== UNKNOWN &&
      !(
        typeof rsaBits === "number" &&
        Number.isInteger(rsaBits) &&
        rsaBits >= 1024
      )
    ) {
      failures.push({
        property: "rsaBits",
        reason: `${JSON.stringify(rsaBits)} is not a whole number of at least 1024`,
      });
    }
    return Promise.resolve({ inputs: request.news, failures });
  }

  diff(request: ChangedResource): Promise<DiffResult> {
    const before = settings(request.oldOutputs);
    const after = settings(request.newInputs);
    const replaces = SETTINGS.filter(
      (name) => !equal(before[name], after[name]),
    );
    return Promise.resolve(
      replaces.length === 0
        ? UNCHANGED
        : { ...UNCHANGED, changes: "some", replaces, changedKeys: replaces },
    );
  }

  async create(
    request: ResourceRequest & { inputs: PropertyMap },
  ): Promise<CreateResult> {
    const chosen = settings(request.inputs);
    const outputs = request.preview
      ? Object.fromEntries(COMPUTED.map((name) => [name, UNKNOWN]))
      : describeKey(await newKey(chosen));
    const id = request.preview ? "" : textOf(outputs.id);
    const marked = Object.entries(outputs).map(([name, value]) => [
      name,
      SECRETS.includes(name) ? secret(value) : value,
    ]);
    return {
      id,
      outputs: { ...chosen, ...Object.fromEntries(marked) } as PropertyMap,
      initErrors: [],
    };
  }
}

function settings(properties: PropertyMap): PropertyMap {
  const chosen: PropertyMap = {};
  for (const name of SETTINGS) {
    const value =
      properties[name] === undefined
        ? DEFAULTS[name]
        : revealAll(properties[name]);
    if (value !== undefined) {
      chosen[name] = value;
    }
  }
  return chosen;
}

async function newKey({
  algorithm,
  ecdsaCurve,
  rsaBits,
}: PropertyMap): Promise<KeyObject> {
  switch (algorithm) {
    case "RSA":
      return (await generate("rsa", { modulusLength: Number(rsaBits) }))
        .privateKey;
    case "ECDSA":
      return (
        await generate("ec", { namedCurve: CURVES[textOf(ecdsaCurve)] ?? "" })
      ).privateKey;
    case "ED25519":
      return (await generate("ed25519")).privateKey;
    default:
      throw new EngineError("The algorithm of the key is not known.");
  }
}

/** The outputs that follow from a key. */
export function describeKey(key: KeyObject): PropertyMap {
  const pkcs8 = key.export({ format: "pem", type: "pkcs8" }).toString();
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const ssh = openSshPublicKey(key);
  return {
    id: createHash("sha1").update(spki).digest("hex"),
    privateKeyPem: traditionalPem(key) ?? pkcs8,
    privateKeyPemPkcs8: pkcs8,
    privateKeyOpenssh: openSshPrivateKey(key) ?? "",
    publicKeyPem: toPem("PUBLIC KEY", spki),
    publicKeyOpenssh:
      ssh === undefined
        ? ""
        : `${ssh.algorithm} ${ssh.blob.toString("base64")}\n`,
    publicKeyFingerprintMd5:
      ssh === undefined
        ? ""
        : colons(createHash("md5").update(ssh.blob).digest("hex")),
    publicKeyFingerprintSha256:
      ssh === undefined
        ? ""
        : `SHA256:${createHash("sha256").update(ssh.blob).digest("base64").replace(/=+$/, "")}`,
  };
}

/** PKCS#1 for RSA and SEC 1 for elliptic curves; Ed25519 has no form of its own. */
function traditionalPem(key: KeyObject): string | undefined {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return key.export({ format: "pem", type: "pkcs1" }).toString();
    case "ec":
      return key.export({ format: "pem", type: "sec1" }).toString();
    default:
      return undefined;
  }
}

function colons(hex: string): string {
  return hex.match(/../g)?.join(":") ?? "";
}
