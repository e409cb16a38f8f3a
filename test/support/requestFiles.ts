import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { OpenSsl } from "../pki/support/openssl";

/** How to make a request. */
export interface RequestOptions {
  /** Name of the file. Default `<id>.csr`. */
  readonly file?: string;
  /** As `openssl req -newkey` has it. Default: ECDSA on P-256. */
  readonly newKey?: string;
  /** Use the key that was made for this file before. */
  readonly sameKey?: boolean;
  /** The subject. Default `/CN=<id>`. */
  readonly subject?: string;
  /** Such as `subjectAltName=DNS:a.example.com`. */
  readonly extensions?: readonly string[];
  readonly der?: boolean;
}

/** A folder of certificate requests, made by the openssl command; the keys lie elsewhere. */
export class RequestFiles {
  constructor(
    private readonly openssl: OpenSsl,
    readonly folder: string,
    private readonly keys: string,
  ) {
    mkdirSync(folder, { recursive: true });
    mkdirSync(keys, { recursive: true });
  }

  /** Makes a request, with a new key unless asked otherwise; the path of its file. */
  make(id: string, options: RequestOptions = {}): string {
    const { file = `${id}.csr`, subject = `/CN=${id}` } = options;
    const { newKey = "ec -pkeyopt ec_paramgen_curve:P-256" } = options;
    const path = join(this.folder, file);
    const key = this.keyPath(file);
    this.openssl.run([
      ..."req -new -nodes -utf8 -subj".split(" "),
      subject,
      ...(options.sameKey === true
        ? ["-key", key]
        : ["-newkey", ...newKey.split(" "), "-keyout", key]),
      "-out",
      path,
      ...(options.der === true ? ["-outform", "DER"] : []),
      ...(options.extensions ?? []).flatMap((text) => ["-addext", text]),
    ]);
    return path;
  }

  /** The private key of a request, PEM. */
  keyOf(file: string): string {
    return readFileSync(this.keyPath(file), "utf8");
  }

  private keyPath(file: string): string {
    return join(this.keys, `${file}.key`);
  }
}
