import type { KeyObject } from "node:crypto";
import { generateKeyPair } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Signer } from "../../../pki/certificate";
import { issueCertificate } from "../../../pki/certificate";
import type { KeySpec } from "../../../pki/key";
import {
  exportPkcs8,
  generateKey,
  importSigningKey,
  publicKeyDer,
} from "../../../pki/key";
import type { CertificateOrder } from "../../../pki/order";
import { checkOrder } from "../../../pki/order";
import { InputError } from "../../../pki/problem";
import { x509 } from "../../../pki/webcrypto";
import type { Credentials } from "../stacks/stack";

/** A certificate with its key: a CA or one of its leaves. */
export interface Party {
  readonly certificatePem: string;
  readonly key: KeyObject;
  /** To sign with it, where it is a CA. */
  readonly signer: Required<Signer>;
  /** Who signed it; `undefined` for a root. */
  readonly issuer: Party | undefined;
}

/** How a certificate is issued, beside what is ordered. */
export interface Issuing {
  /** Left out, it signs itself. */
  readonly issuer?: Party;
  /** When; now by default. */
  readonly now?: Date;
  /** How its RSA key signs: PKCS#1 v1.5 by default. */
  readonly signatureScheme?: string;
}

/** RSA keys take seconds, so all certificates of a profile and a size share one. */
const rsaKeys = new Map<string, Promise<KeyObject>>();

function makeKey(spec: KeySpec, profile: string): Promise<KeyObject> {
  if (spec.algorithm !== "RSA") {
    return Promise.resolve(generateKey(spec));
  }
  const name = `${profile} ${spec.rsaBits ?? 0}`;
  const key =
    rsaKeys.get(name) ??
    new Promise<KeyObject>((resolve, reject) => {
      // In a thread of its own, where the product waits for it.
      generateKeyPair(
        "rsa",
        { modulusLength: spec.rsaBits ?? 0 },
        (error, _public, made) => {
          if (error === null) {
            resolve(made);
          } else {
            reject(error);
          }
        },
      );
    });
  rsaKeys.set(name, key);
  return key;
}

/** Issues a certificate for a new key, the way the product does. */
export async function issue(
  order: CertificateOrder,
  { issuer, now = new Date(), signatureScheme }: Issuing = {},
): Promise<Party> {
  const problems = checkOrder(order);
  if (problems.length > 0) {
    throw new InputError(problems);
  }
  const key = await makeKey(order.key, order.profile);
  const signingKey = await importSigningKey(key, "key", signatureScheme);
  const { certificatePem } = await issueCertificate(
    order,
    { publicKey: publicKeyDer(key), key: order.key },
    issuer?.signer ?? { signingKey },
    now,
  );
  const certificate = new x509.X509Certificate(certificatePem);
  return { certificatePem, key, signer: { signingKey, certificate }, issuer };
}

/** From a leaf up to its root. */
export function pathOf(leaf: Party): Party[] {
  return leaf.issuer === undefined ? [leaf] : [leaf, ...pathOf(leaf.issuer)];
}

/** A folder of PEM files, which is how the stacks get them. */
export class Folder {
  private readonly path = mkdtempSync(join(tmpdir(), "mqtt-pki-interop-"));

  write(name: string, text: string): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  /** A leaf with its chain, as it is presented: all but the root, unless the chain is given. */
  credentials(
    name: string,
    leaf: Party,
    chain: readonly { readonly certificatePem: string }[] = pathOf(leaf).slice(
      0,
      -1,
    ),
  ): Credentials {
    return {
      chain: this.write(
        `${name}/chain.pem`,
        chain.map(({ certificatePem }) => certificatePem).join(""),
      ),
      key: this.write(`${name}/key.pem`, exportPkcs8(leaf.key)),
    };
  }

  /** What is trusted where this leaf is: its root. */
  roots(name: string, leaf: Party): string {
    const text = pathOf(leaf).at(-1)?.certificatePem ?? "";
    return this.write(`${name}/roots.pem`, text);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
