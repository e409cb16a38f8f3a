import { verifyChain } from "../../pki/chain";
import { x509 } from "../../pki/webcrypto";
import type { Party } from "./support/authority";
import { DEFAULT_NOW, intermediate, issue, root } from "./support/authority";
import { CONSTRAINT_ROWS, EXAMPLE } from "./support/constraintRows";
import { caExtensions, craft, leafExtensions } from "./support/craft";
import { describeOpenSsl } from "./support/openssl";

describeOpenSsl("OpenSSL decides the same", (openssl) => {
  test.each(CONSTRAINT_ROWS)(
    "$rule",
    async ({ constraints, names, allowed }) => {
      const authority = await root({ nameConstraints: constraints });
      const ca = await intermediate(authority);
      const leaf = await issue(ca, {
        ...names,
        subject: { commonName: "leaf" },
      });
      expectSameVerdict(
        openssl.refusal(request(authority, ca, leaf)),
        leaf,
        ca,
        authority,
        allowed,
      );
    },
  );

  const FOREIGN: readonly [string, Buffer, string, boolean][] = [
    [
      "a name below one with a leading dot",
      subtrees(0xa0, 0x82, ".example.com"),
      "a.example.com",
      true,
    ],
    [
      "the name itself, where a leading dot asks for more",
      subtrees(0xa0, 0x82, ".example.com"),
      "example.com",
      false,
    ],
    [
      "a name below an excluded one with a leading dot",
      subtrees(0xa1, 0x82, ".example.com"),
      "a.example.com",
      false,
    ],
    [
      "any name where the empty one is excluded",
      subtrees(0xa1, 0x82, ""),
      "a.example.com",
      false,
    ],
    [
      "any name where the empty one is permitted",
      subtrees(0xa0, 0x82, ""),
      "a.example.com",
      true,
    ],
  ];

  test.each(FOREIGN)(
    "on constraints another tool wrote: %s",
    async (_rule, value, name, allowed) => {
      const authority = await craft({
        subject: [{ CN: ["Foreign Root"] }],
        extensions: [
          ...caExtensions(),
          new x509.Extension("2.5.29.30", true, value),
        ],
      });
      const ca = await intermediate(authority, { validityDays: 20 });
      const leaf = await craft({
        subject: [{ CN: ["leaf"] }],
        issuer: ca,
        extensions: leafExtensions(name),
      });
      expectSameVerdict(
        openssl.refusal(request(authority, ca, leaf)),
        leaf,
        ca,
        authority,
        allowed,
      );
    },
  );

  test("a common name that looks like a host name counts where no DNS name is there", async () => {
    const authority = await root({ nameConstraints: EXAMPLE });
    const ca = await intermediate(authority);
    const leaf = await issue(ca, {
      subject: { commonName: "sensor.evil.net" },
    });
    expectSameVerdict(
      openssl.refusal(request(authority, ca, leaf)),
      leaf,
      ca,
      authority,
      false,
    );
  });
});

function request(authority: Party, ca: Party, leaf: Party) {
  return {
    chain: [leaf.certificatePem, ca.certificatePem],
    anchors: [authority.certificatePem],
    at: DEFAULT_NOW,
  };
}

function expectSameVerdict(
  refusal: string,
  leaf: Party,
  ca: Party,
  authority: Party,
  allowed: boolean,
): void {
  if (allowed) {
    expect(refusal).toBe("");
  } else {
    expect(refusal).toMatch(
      /permitted subtree violation|excluded subtree violation/,
    );
  }
  const problems = verifyChain(
    leaf.certificatePem + ca.certificatePem,
    authority.certificatePem,
    DEFAULT_NOW,
  );
  expect(problems.length === 0).toBe(allowed);
}

/** NameConstraints with one subtree of one general name, in DER (RFC 5280 §4.2.1.10). */
function subtrees(kind: number, nameTag: number, name: string): Buffer {
  const wrap = (tag: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([tag, content.length]), content]);
  return wrap(0x30, wrap(kind, wrap(0x30, wrap(nameTag, Buffer.from(name)))));
}
