import {
  X509Certificate,
  createPrivateKey,
  createPublicKey,
} from "node:crypto";
import {
  P256KeyMaker,
  deviceKeyMaker,
} from "../../../../pki/batch/fast/deviceKey";
import { newSerialNumbers } from "../../../../pki/batch/fast/serialNumber";
import { textsOf } from "../../../../pki/batch/fast/shape";
import { buildTemplate } from "../../../../pki/batch/fast/template";
import { CertificateWriter } from "../../../../pki/batch/fast/writer";
import { describeKey } from "../../../../pki/key";
import { DEFAULT_NOW, order, root } from "../../support/authority";
import { DEVICE_KEYS } from "./support";

/** The order of P-256. */
const N = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/** Random bytes that are known: these scalars first, then ones. */
function scalars(...first: readonly string[]): (bytes: Buffer) => void {
  return (bytes) => {
    bytes.fill(1);
    Buffer.from(first.join(""), "hex").copy(bytes);
  };
}

describe.each([...DEVICE_KEYS, { algorithm: "ED25519" }])(
  "keys of kind %p",
  (key) => {
    test("are what Node would write, and their certificates' own", async () => {
      const authority = await root();
      const wanted = order({ key });
      const template = await buildTemplate(
        wanted,
        authority.signer,
        DEFAULT_NOW,
      );
      const writer = new CertificateWriter(template, authority.key);
      const keys = deviceKeyMaker(key);
      const seen = new Set<string>();
      const count = key.algorithm === "RSA" ? 2 : 20;
      for (let made = 0; made < count; made += 1) {
        keys.next();
        const privateKey = createPrivateKey({
          key: keys.privateKey,
          format: "der",
          type: "pkcs8",
        });
        expect(describeKey(privateKey)).toEqual(key);
        expect(privateKey.export({ type: "pkcs8", format: "der" })).toEqual(
          keys.privateKey,
        );
        expect(
          createPublicKey(privateKey).export({ type: "spki", format: "der" }),
        ).toEqual(keys.publicKey);
        const certificate = new X509Certificate(
          writer.write(textsOf(wanted), keys.publicKey, newSerialNumbers(1)),
        );
        expect(certificate.checkPrivateKey(privateKey)).toBe(true);
        seen.add(keys.publicKey.toString("hex"));
      }
      expect(seen.size).toBe(count);
      const { privateKey } = keys;
      const written = Buffer.from(privateKey);
      keys.wipe();
      expect(privateKey.length).toBe(written.length);
      expect(
        privateKey.filter((octet, at) => octet !== written[at]).length,
      ).toBeGreaterThan(24);
    });
  },
);

describe("keys on P-256", () => {
  test("are byte for byte what Node exports, a thousand of them", () => {
    const keys = new P256KeyMaker();
    const seen = new Set<string>();
    for (let made = 0; made < 1000; made += 1) {
      keys.next();
      const privateKey = createPrivateKey({
        key: keys.privateKey,
        format: "der",
        type: "pkcs8",
      });
      expect(
        privateKey
          .export({ type: "pkcs8", format: "der" })
          .equals(keys.privateKey),
      ).toBe(true);
      expect(
        createPublicKey(privateKey)
          .export({ type: "spki", format: "der" })
          .equals(keys.publicKey),
      ).toBe(true);
      seen.add(keys.publicKey.toString("hex"));
    }
    expect(seen.size).toBe(1000);
  });

  test.each([
    ["0", "00".repeat(32)],
    ["the order of the curve", N],
    ["the order and one", N.replace(/51$/, "52")],
    ["all ones", "ff".repeat(32)],
  ])("are drawn again where the random bytes are %s", (_what, refused) => {
    const keys = new P256KeyMaker(scalars(refused, refused, "07".repeat(32)));
    keys.next();
    expect(keys.privateKey.subarray(36, 68).toString("hex")).toBe(
      "07".repeat(32),
    );
  });

  test.each([
    ["1, whose zeros stay", "01".padStart(64, "0")],
    ["the greatest there is", N.replace(/51$/, "50")],
  ])("may be %s", (_what, scalar) => {
    const keys = new P256KeyMaker(scalars(scalar));
    keys.next();
    expect(keys.privateKey.subarray(36, 68).toString("hex")).toBe(scalar);
    const read = createPrivateKey({
      key: keys.privateKey,
      format: "der",
      type: "pkcs8",
    });
    expect(read.export({ type: "pkcs8", format: "der" })).toEqual(
      keys.privateKey,
    );
  });

  test("are not waited for where the random source is broken", () => {
    const keys = new P256KeyMaker((bytes) => bytes.fill(0));
    expect(() => {
      keys.next();
    }).toThrow();
  });

  test("leave nothing behind: random bytes are zeroed once used, and all of them in the end", () => {
    let pool: Buffer = Buffer.alloc(0);
    const keys = new P256KeyMaker((bytes) => {
      pool = bytes;
      bytes.fill(5);
    });
    keys.next();
    keys.next();
    expect(pool.subarray(0, 64)).toEqual(Buffer.alloc(64));
    expect(pool.subarray(64, 96)).toEqual(Buffer.alloc(32, 5));
    keys.wipe();
    expect(pool).toEqual(Buffer.alloc(pool.length));
    expect(keys.privateKey.subarray(36, 68)).toEqual(Buffer.alloc(32));
    keys.next();
    expect(keys.privateKey.subarray(36, 68)).toEqual(Buffer.alloc(32, 5));
  });
});
