import { createPrivateKey } from "node:crypto";

/** A text by which a private key would give itself away. */
interface Trace {
  /** `DER in base64` */
  readonly form: string;
  readonly text: string;
}

/**
 * Finds private keys in texts, in every form somebody could read one from: PEM
 * with and without line breaks, DER and the bare secret number in hex and in
 * base64 at each of its three alignments, and PEM within base64, as in a
 * Kubernetes Secret.
 */
export class KeySearch {
  private readonly keys: { readonly name: string; readonly traces: Trace[] }[];

  /** @param keys PEM, by a name for messages */
  constructor(keys: Readonly<Record<string, string>>) {
    this.keys = Object.entries(keys).map(([name, pem]) => ({
      name,
      traces: tracesOf(pem),
    }));
  }

  /** Which keys stand in a text, and how: `server: DER in hex`. Never the key itself. */
  find(text: string): string[] {
    const plain = withoutBreaks(text);
    const lower = plain.toLowerCase();
    return this.keys.flatMap(({ name, traces }) => {
      const forms = traces
        .filter(({ form, text: trace }) =>
          (form.endsWith("hex") ? lower : plain).includes(trace),
        )
        .map(({ form }) => `${name}: ${form}`);
      return [...new Set(forms)];
    });
  }
}

/** A text with its line breaks taken out, also those that JSON or YAML wrote as `\n`, and base64 in its usual alphabet. */
function withoutBreaks(text: string): string {
  return text
    .replace(/\\+[nr]|\s+/g, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
}

function tracesOf(pem: string): Trace[] {
  const key = createPrivateKey(pem);
  const { d } = key.export({ format: "jwk" });
  const number = Buffer.from(d ?? "", "base64url");
  const ders = [key.export({ type: "pkcs8", format: "der" })];
  if (key.asymmetricKeyType === "ec") {
    ders.push(key.export({ type: "sec1", format: "der" }));
  } else if (key.asymmetricKeyType === "rsa") {
    ders.push(key.export({ type: "pkcs1", format: "der" }));
  }
  const pems = [pem, ...ders.map(pemBody)];
  return [
    ...ders.flatMap((der) => bytesTraces("DER", der)),
    ...bytesTraces("secret number", number),
    ...pems.flatMap((text) => bytesTraces("PEM", Buffer.from(bodyOf(text)))),
  ];
}

function bytesTraces(what: string, bytes: Buffer): Trace[] {
  return [
    { form: `${what} in hex`, text: bytes.toString("hex") },
    // A PEM body is base64 at its first alignment, once its line breaks are gone.
    ...atAnyAlignment(bytes).map((text) => ({
      form: `${what} in base64`,
      text,
    })),
  ];
}

/** What base64 makes of these bytes wherever among others they stand: three texts, without what the neighbours mix into. */
function atAnyAlignment(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const mixedAtEnd = (shift + bytes.length) % 3 === 0 ? 0 : 1;
    return text.slice([0, 2, 3][shift], text.length - mixedAtEnd);
  });
}

function pemBody(der: Buffer): string {
  return (der.toString("base64").match(/.{1,64}/g) ?? []).join("\n");
}

function bodyOf(pem: string): string {
  return pem
    .replace(/-----[^-]+-----/g, "")
    .replaceAll("\r", "")
    .trim();
}
