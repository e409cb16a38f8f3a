import { X509Certificate, createPrivateKey } from "node:crypto";
import { checkPassword } from "../keystore/password";
import { writePkcs12 } from "../keystore/pkcs12";
import { splitCertificates } from "../pem";
import type { Problem } from "../problem";

/** What the store of a device is made of: plain data, which any thread can be sent. */
export interface DeviceKeystoreOrder {
  /** The device's id, which becomes the store's friendly name; Java finds it in lower case. */
  readonly id: string;
  /** Unencrypted PKCS#8, PEM or DER. */
  readonly privateKey: string | Uint8Array;
  /** The device's certificate first, then each one's issuer: one PEM text, or DER of each. */
  readonly chain: string | readonly Uint8Array[];
  /** What {@link checkKeystorePassword} let through; for the store and the key in it. */
  readonly password: string;
}

/**
 * A PKCS#12 store with the key of a device, its certificate and its chain, as
 * the resource `Keystore` makes it. The same order always gives the same
 * bytes.
 *
 * That key and certificates belong together is not looked at: both were just
 * made.
 *
 * @throws Error where key or chain cannot be read; its message holds nothing of them
 *
 * @example
 * ```ts
 * makeDeviceKeystore({ id: "valve-1", privateKey: keyPem, chain: chainPem, password });
 * ```
 */
export function makeDeviceKeystore(order: DeviceKeystoreOrder): Uint8Array {
  const { id, privateKey, chain, password } = order;
  const certificates: readonly (string | Uint8Array)[] =
    typeof chain === "string" ? splitCertificates(chain) : chain;
  const [certificate, ...issuers] = certificates.map(
    (text) => new X509Certificate(text),
  );
  if (certificate === undefined) {
    throw new Error("the chain of the device holds no certificate");
  }
  const key =
    typeof privateKey === "string"
      ? createPrivateKey(privateKey)
      : createPrivateKey({
          key: Buffer.from(privateKey),
          format: "der",
          type: "pkcs8",
        });
  return writePkcs12(
    { key: { alias: id, key, certificate, issuers }, trusted: [] },
    password,
  );
}

/** What is wrong with the password for the devices' stores; nothing of it stands in the message. */
export function checkKeystorePassword(
  password: string,
  path = "keystore.password",
): Problem[] {
  return checkPassword(password, path);
}
