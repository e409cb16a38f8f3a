import fc from "fast-check";
import { examineAuthority } from "../../../pki/examine/authority";
import { examineBundle } from "../../../pki/examine/bundle";
import { examineChain } from "../../../pki/examine/chain";
import { wouldCumulocityTake } from "../../../pki/examine/cumulocity";
import { wouldThingsBoardStart } from "../../../pki/examine/thingsBoard";
import { exportPkcs8 } from "../../../pki/key";
import { decodePem, encodePem } from "../../../pki/pem";
import { DEFAULT_NOW, intermediate, issue, root } from "../support/authority";

/** Some octets of a text or of DER changed, taken out or put in. */
interface Mutation {
  readonly at: number;
  readonly octet: number;
  readonly how: "change" | "remove" | "insert" | "cut";
}

const MUTATIONS = fc.array(
  fc.record<Mutation>({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    octet: fc.integer({ min: 0, max: 255 }),
    how: fc.constantFrom(
      "change",
      "change",
      "change",
      "remove",
      "insert",
      "cut",
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

function mutate(bytes: Buffer, mutations: readonly Mutation[]): Buffer {
  return mutations.reduce((now, { at, octet, how }) => {
    const place = Math.floor(at * now.length);
    const put = Buffer.from([octet]);
    const [before, after] = [now.subarray(0, place), now.subarray(place)];
    switch (how) {
      case "cut":
        return before;
      case "insert":
        return Buffer.concat([before, put, after]);
      case "remove":
        return Buffer.concat([before, after.subarray(1)]);
      default:
        return Buffer.concat([before, put, after.subarray(1)]);
    }
  }, bytes);
}

test("whatever a file holds, it is judged, and nothing is thrown", async () => {
  const authority = await root();
  const ca = await intermediate(authority, {
    nameConstraints: { permittedDnsNames: ["example.com"] },
  });
  const leaf = await issue(ca, {
    profile: "server",
    subject: { commonName: "mqtt.example.com" },
  });
  const trustAnchorsPem = authority.certificatePem;
  const keyPem = exportPkcs8(leaf.key);
  const now = DEFAULT_NOW;
  // One of them a run: all of them every time would take minutes.
  const judges: readonly ((pem: string) => unknown)[] = [
    (pem) => examineAuthority(pem, { now, issuerPem: ca.certificatePem }),
    (pem) => examineChain(pem + ca.certificatePem, { now, trustAnchorsPem }),
    (pem) => examineBundle(pem, { now }),
    (pem) => wouldCumulocityTake(pem, now),
    (pem) => wouldThingsBoardStart({ certFileText: pem, keyFileText: keyPem }),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...judges),
      fc.constantFrom(leaf, ca, authority),
      fc.boolean(),
      MUTATIONS,
      (judge, party, asDer, mutations) => {
        const pem = party.certificatePem;
        const broken = asDer
          ? encodePem(
              "CERTIFICATE",
              mutate(decodePem("CERTIFICATE", pem, ""), mutations),
            )
          : mutate(Buffer.from(pem), mutations).toString("latin1");
        judge(broken);
      },
    ),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(MUTATIONS, (mutations) => {
      const { ok, message } = wouldThingsBoardStart({
        certFileText: leaf.certificatePem,
        keyFileText: mutate(Buffer.from(keyPem), mutations).toString("latin1"),
      });
      expect(ok || message.length > 0).toBe(true);
      expect(message).not.toMatch(/[A-Za-z0-9+/]{40}/);
    }),
    { numRuns: 500 },
  );
}, 300_000);
