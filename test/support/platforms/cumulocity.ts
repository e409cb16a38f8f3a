import { X509Certificate, createHash, randomBytes, verify } from "node:crypto";
import { splitPem } from "../certificates";
import type { OpenSsl } from "../../pki/support/openssl";

// What Cumulocity does with trusted certificates and the devices below them.
//
// documented  fields, status codes, the fingerprint (SHA-1), CA:true, v3 and dates at upload, 409 for a known one,
//             proof of possession (SHA-256, PKCS#1 v1.5 or DER ECDSA, over the code's exact bytes), client id is the
//             common name, chains of at most 10, CONNACK 5 for any certificate problem
// inferred    how long a code can be used; that a path is validated as RFC 5280 says. OpenSSL does that here
// left out    tenants and roles, CRL, bulk registration

const CODE_MINUTES = 60;

/** A trusted certificate as the API answers it. */
export interface TrustedCertificate {
  readonly fingerprint: string;
  readonly subject: string;
  readonly notAfter: string;
  readonly name: string;
  readonly status: string;
  readonly autoRegistrationEnabled: boolean;
  readonly proofOfPossessionValid: boolean;
  readonly proofOfPossessionUnsignedVerificationCode: string;
  readonly proofOfPossessionVerificationCodeUsableUntil: string;
}

/** What an upload must and may say. */
export interface Upload {
  readonly certInPemFormat: string;
  readonly status: string;
  readonly name?: string;
  readonly autoRegistrationEnabled?: boolean;
}

/** What `PUT` may change. */
export type Writable = Partial<
  Pick<TrustedCertificate, "name" | "status" | "autoRegistrationEnabled">
>;

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly body?: TrustedCertificate;
}

interface Entry {
  readonly pem: string;
  readonly body: TrustedCertificate;
}

/** What became of a device's CONNECT. */
export type Admission =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reason: string };

const refused = (reason: string): Admission => ({ accepted: false, reason });

/** A double of one tenant: its trusted certificates, and the devices that connect by them. */
export class Cumulocity {
  private readonly trusted = new Map<string, Entry>();
  private readonly registered = new Set<string>();

  /** @param now the clock; all that is judged is judged at this moment */
  constructor(
    private readonly openssl: OpenSsl,
    public now: Date,
  ) {}

  /** `POST /tenant/tenants/{t}/trusted-certificates` */
  upload(upload: Upload): Answer {
    const [pem] = splitPem(upload.certInPemFormat);
    const certificate = readCertificate(pem);
    if (
      pem === undefined ||
      certificate?.ca !== true ||
      !["ENABLED", "DISABLED"].includes(upload.status) ||
      !this.isInDate(certificate)
    ) {
      return { status: 422 };
    }
    const fingerprint = fingerprintOf(certificate);
    if (this.trusted.has(fingerprint)) {
      return { status: 409 };
    }
    return this.save(201, pem, {
      fingerprint,
      subject: certificate.subject,
      notAfter: new Date(certificate.validTo).toISOString(),
      name: upload.name ?? "",
      status: upload.status,
      autoRegistrationEnabled: upload.autoRegistrationEnabled ?? false,
      proofOfPossessionValid: false,
      ...this.freshCode(),
    });
  }

  /** `GET …/{fingerprint}` */
  get(fingerprint: string): Answer {
    return this.change(fingerprint, ({ body }) => body);
  }

  /** `PUT …/{fingerprint}` */
  update(fingerprint: string, change: Writable): Answer {
    return this.change(fingerprint, ({ body }) => ({ ...body, ...change }));
  }

  /** `DELETE …/{fingerprint}`; closes the connections of all that use it. */
  delete(fingerprint: string): Answer {
    return { status: this.trusted.delete(fingerprint) ? 204 : 404 };
  }

  /** `POST …/trusted-certificates-pop/{fingerprint}/verification-code` */
  newCode(fingerprint: string): Answer {
    return this.change(fingerprint, ({ body }) => ({
      ...body,
      ...this.freshCode(),
    }));
  }

  /** `POST …/trusted-certificates-pop/{fingerprint}/pop` with `proofOfPossessionSignedVerificationCode` */
  provePossession(fingerprint: string, signedCode: string): Answer {
    const entry = this.trusted.get(fingerprint);
    if (entry === undefined) {
      return { status: 404 };
    }
    const { body, pem } = entry;
    if (
      this.now > new Date(body.proofOfPossessionVerificationCodeUsableUntil)
    ) {
      return { status: 422 };
    }
    const isProved = verify(
      "sha256",
      Buffer.from(body.proofOfPossessionUnsignedVerificationCode),
      new X509Certificate(pem).publicKey,
      Buffer.from(signedCode, "base64"),
    );
    return isProved
      ? this.save(200, pem, { ...body, proofOfPossessionValid: true })
      : { status: 400 };
  }

  /** A device's CONNECT over TLS, with the chain it shows, leaf first, and its client id. */
  connect(chain: string, clientId: string): Admission {
    const shown = splitPem(chain);
    const leaf = readCertificate(shown[0]);
    if (leaf === undefined || shown.length > 10) {
      return refused("no certificate, or more than ten");
    }
    const identifier = clientId.replace(/^d:/, "");
    if (/^CN=(.+)$/m.exec(leaf.subject)?.[1] !== identifier) {
      return refused("the client id is not the common name");
    }
    const anchors = [...this.trusted.values()].filter(
      ({ body, pem }) => body.status === "ENABLED" && this.trusts(shown, [pem]),
    );
    if (anchors.length === 0) {
      return refused("no path to a certificate that is trusted and ENABLED");
    }
    const isWelcome =
      this.registered.has(identifier) ||
      anchors.some(({ body }) => body.autoRegistrationEnabled);
    if (!isWelcome) {
      return refused("neither registered nor registered by itself");
    }
    this.registered.add(identifier);
    return { accepted: true };
  }

  private trusts(
    chain: readonly string[],
    anchors: readonly string[],
  ): boolean {
    // An intermediate may be what is uploaded; then the path ends with it.
    const args = ["-partial_chain", "-purpose", "sslclient"];
    return this.openssl.refusal({ chain, anchors, at: this.now, args }) === "";
  }

  private isInDate({ validFrom, validTo }: X509Certificate): boolean {
    return this.now >= new Date(validFrom) && this.now <= new Date(validTo);
  }

  private freshCode(): Pick<
    TrustedCertificate,
    | "proofOfPossessionUnsignedVerificationCode"
    | "proofOfPossessionVerificationCodeUsableUntil"
  > {
    const until = new Date(this.now.getTime() + CODE_MINUTES * 60_000);
    return {
      proofOfPossessionUnsignedVerificationCode:
        randomBytes(120).toString("base64"),
      proofOfPossessionVerificationCodeUsableUntil: until.toISOString(),
    };
  }

  private change(
    fingerprint: string,
    changed: (entry: Entry) => TrustedCertificate,
  ): Answer {
    const entry = this.trusted.get(fingerprint);
    return entry === undefined
      ? { status: 404 }
      : this.save(200, entry.pem, changed(entry));
  }

  private save(status: number, pem: string, body: TrustedCertificate): Answer {
    this.trusted.set(body.fingerprint, { pem, body });
    return { status, body };
  }
}

/** Lowercase hex of the SHA-1 over the DER: how Cumulocity names a certificate. */
export function fingerprintOf({ raw }: X509Certificate): string {
  return createHash("sha1").update(raw).digest("hex");
}

function readCertificate(pem: string | undefined): X509Certificate | undefined {
  try {
    return pem === undefined ? undefined : new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
