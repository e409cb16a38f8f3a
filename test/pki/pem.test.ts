import fc from "fast-check";
import { InputError } from "../../pki/problem";
import {
  decodePem,
  encodePem,
  firstCertificate,
  joinCertificates,
  splitCertificates,
} from "../../pki/pem";

const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
const certificate = bytes.map((der) => encodePem("CERTIFICATE", der));
/** Text as tools put around certificates: never a PEM line of its own. */
const words = fc
  .string({ maxLength: 30 })
  .filter((text) => !text.includes("-----"));

function problemOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) {
      return error.message;
    }
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("one block", () => {
  test("decodes to the bytes it was made from, under any label", () => {
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom("CERTIFICATE", "CERTIFICATE REQUEST", "X509 CRL"),
        (der, label) => {
          const decoded = decodePem(label, encodePem(label, der), "x");
          expect(decoded).toEqual(Buffer.from(der));
        },
      ),
    );
  });

  test("has lines of 64 characters, a shorter last one, and ends with a line break (RFC 7468)", () => {
    fc.assert(
      fc.property(bytes, (der) => {
        const lines = encodePem("CERTIFICATE", der).split("\n");
        expect(lines[0]).toBe("-----BEGIN CERTIFICATE-----");
        expect(lines.slice(-2)).toEqual(["-----END CERTIFICATE-----", ""]);
        const body = lines.slice(1, -2);
        expect(body.slice(0, -1).every((line) => line.length === 64)).toBe(
          true,
        );
        expect(body.at(-1)?.length).toBeLessThanOrEqual(64);
      }),
    );
  });

  test("is found by its own label only", () => {
    const pem = encodePem("CERTIFICATE REQUEST", Buffer.from("x"));
    expect(
      problemOf(() => decodePem("CERTIFICATE", pem, "certificatePem")),
    ).toBe(
      'certificatePem: holds no PEM block "BEGIN CERTIFICATE"; give the PEM text itself, not a file name.',
    );
  });

  test("with a character that is no base64 is refused", () => {
    const pem = encodePem("CERTIFICATE", Buffer.alloc(60)).replace(
      "AAA",
      "A*A",
    );
    expect(problemOf(() => decodePem("CERTIFICATE", pem, "p"))).toMatch(/^p: /);
  });
});

describe("several certificates", () => {
  test("come out in their order, each normalized, whatever stands between them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(words, certificate, words), { maxLength: 5 }),
        (parts) => {
          const text = parts
            .map(([before, pem, after]) => `${before}\n${pem}${after}\n`)
            .join("");
          expect(splitCertificates(text)).toEqual(parts.map(([, pem]) => pem));
        },
      ),
    );
  });

  test("are read with CRLF, without line breaks in the base64, and with blanks at line ends", () => {
    const pem = encodePem("CERTIFICATE", Buffer.alloc(200, 7));
    const oneLine = pem.replace(/([A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/])/g, "$1");
    for (const text of [
      pem.replaceAll("\n", "\r\n"),
      oneLine,
      pem.replaceAll("\n", " \n"),
      `\uFEFF${pem}`,
    ]) {
      expect(splitCertificates(text)).toEqual([pem]);
    }
  });

  test("do not include keys, requests or CRLs that stand among them", () => {
    const pem = encodePem("CERTIFICATE", Buffer.alloc(5));
    const others = ["PRIVATE KEY", "X509 CRL", "CERTIFICATE REQUEST"].map(
      (label) => encodePem(label, Buffer.alloc(5)),
    );
    expect(splitCertificates([...others, pem, ...others].join(""))).toEqual([
      pem,
    ]);
  });
});

describe("joined", () => {
  test("each certificate stands once, at the place of its first appearance", () => {
    fc.assert(
      fc.property(
        fc.array(certificate, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (pool, picks) => {
          const picked = picks.map((pick) => pool[pick % pool.length] ?? "");
          const expected = picked.filter(
            (pem, place) => picked.indexOf(pem) === place,
          );
          expect(joinCertificates(...picked)).toBe(expected.join(""));
          expect(joinCertificates(picked.join("words\r\n"))).toBe(
            expected.join(""),
          );
        },
      ),
    );
  });

  test("joining again changes nothing", () => {
    fc.assert(
      fc.property(fc.array(certificate, { maxLength: 6 }), (pems) => {
        const once = joinCertificates(...pems);
        expect(joinCertificates(once)).toBe(once);
        expect(joinCertificates(once, ...pems)).toBe(once);
      }),
    );
  });

  test("the same certificate in another form counts as the same", () => {
    const pem = encodePem("CERTIFICATE", Buffer.alloc(100, 1));
    expect(joinCertificates(pem, pem.replaceAll("\n", "\r\n"))).toBe(pem);
  });

  test("nothing joined is nothing", () => {
    expect(joinCertificates()).toBe("");
    expect(joinCertificates("", "words")).toBe("");
  });
});

describe("the first certificate", () => {
  test("is the first one", () => {
    const [one, two] = [1, 2].map((fill) =>
      encodePem("CERTIFICATE", Buffer.alloc(9, fill)),
    );
    expect(firstCertificate(`text\n${one ?? ""}${two ?? ""}`, "p")).toBe(one);
  });

  test("where there is none is refused without repeating what was given, which may be a key", () => {
    const secret = Buffer.alloc(32, "k").toString("base64");
    const message = problemOf(() => firstCertificate(secret, "signer.pem"));
    expect(message).toMatch(/^signer\.pem: .*holds no PEM certificate/);
    expect(message).not.toContain(secret.slice(0, 8));
  });
});

test("a certificate whose text is no base64 names the argument it stands in", () => {
  const pem = `-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n`;
  expect(() => firstCertificate(pem, "signer.certificatePem")).toThrow(
    /^signer\.certificatePem: holds no PEM block "BEGIN CERTIFICATE"/,
  );
  expect(() => splitCertificates(pem, "existing.certificatePem")).toThrow(
    /^existing\.certificatePem: /,
  );
});
