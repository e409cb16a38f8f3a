import { scratchFolder } from "../pki/support/openssl";
import type { Hierarchy, Requester } from "./support/inputs";
import {
  hierarchy,
  requester,
  rootInputs,
  serverInputs,
} from "./support/inputs";
import { Plugin, urnOf } from "./support/plugin";
import type { Properties } from "./support/wire";
import { UNKNOWN, output, secret } from "./support/wire";

const URN = urnOf("Certificate", "it");
const folder = scratchFolder();

let plugin: Plugin;
let above: Hierarchy;
let holder: Requester;
let inputs: Properties;
let rootIn: Properties;

beforeAll(async () => {
  plugin = await Plugin.start({ cwd: folder });
  above = await hierarchy();
  holder = await requester();
  inputs = serverInputs(holder, above.signer);
  rootIn = rootInputs(holder);
});

afterAll(async () => {
  await plugin.stop();
});

describe("a preview that does not know everything", () => {
  const unknowns: readonly [string, Properties][] = [
    ["the request", { requestPem: UNKNOWN }],
    ["the whole signer", { signer: UNKNOWN }],
    [
      "the issuer's key, a secret",
      {
        signer: {
          privateKeyPem: secret(UNKNOWN),
          certificatePem: UNKNOWN,
          chainPem: UNKNOWN,
          trustAnchorsPem: UNKNOWN,
          authorities: [],
        },
      },
    ],
    ["the common name", { subject: { commonName: UNKNOWN } }],
    ["the whole subject", { subject: UNKNOWN }],
    [
      "all host names, where the common name is none",
      { subject: { commonName: "Broker" }, dnsNames: UNKNOWN },
    ],
    [
      "one host name, where the common name is none",
      { subject: { commonName: "Broker" }, dnsNames: [UNKNOWN] },
    ],
    [
      "a host name that comes as an output",
      { subject: { commonName: "Broker" }, dnsNames: [output()] },
    ],
    [
      "all addresses, where the common name is none",
      {
        subject: { commonName: "Broker" },
        dnsNames: [],
        ipAddresses: [UNKNOWN],
      },
    ],
    ["the curve", { key: { algorithm: "ECDSA", ecdsaCurve: UNKNOWN } }],
    ["the key", { key: UNKNOWN }],
    ["the validity", { validityDays: UNKNOWN }],
    [
      "the validity, with a point of renewal",
      { validityDays: UNKNOWN, renewal: { beforeDays: 30 } },
    ],
    ["whether it may be cut", { validityDays: 4000, truncate: UNKNOWN }],
    ["the point of renewal", { renewal: { beforeDays: UNKNOWN } }],
    [
      "the common name, below constraints",
      {
        subject: { commonName: UNKNOWN },
        dnsNames: [],
        signer: {
          privateKeyPem: UNKNOWN,
          authorities: [
            {
              subject: { commonName: "CA" },
              validityDays: 1825,
              nameConstraints: { permittedDnsNames: ["example.com"] },
            },
          ],
          certificatePem: UNKNOWN,
        },
      },
    ],
    [
      "a name the issuer may issue for",
      {
        signer: {
          privateKeyPem: UNKNOWN,
          certificatePem: UNKNOWN,
          authorities: [
            {
              subject: { commonName: "CA" },
              validityDays: 1825,
              nameConstraints: { permittedDnsNames: [UNKNOWN] },
            },
          ],
        },
      },
    ],
    [
      "a name the issuer may not issue for, among others",
      {
        signer: {
          privateKeyPem: UNKNOWN,
          certificatePem: UNKNOWN,
          authorities: [
            {
              subject: { commonName: UNKNOWN },
              validityDays: UNKNOWN,
              pathLength: UNKNOWN,
              nameConstraints: { excludedDnsNames: ["a.net", UNKNOWN] },
            },
          ],
        },
      },
    ],
  ];

  test.each(unknowns)("does not refuse %s", async (_what, overrides) => {
    expect(await plugin.check(URN, { ...inputs, ...overrides })).toEqual([]);
  });

  test.each(unknowns)(
    "refuses what is wrong beside %s",
    async (_what, overrides) => {
      const failures = await plugin.check(URN, {
        ...inputs,
        ...overrides,
        uris: ["no uri"],
      });
      expect(failures).toEqual([
        'uris[0]: "no uri" is no absolute URI; write one with its scheme, such as "urn:uuid:…".',
      ]);
    },
  );

  test("does not refuse a profile it does not know", async () => {
    const news = { ...inputs, profile: UNKNOWN };
    expect(await plugin.check(URN, news)).toEqual([]);
  });

  test("does not refuse constraints it does not know", async () => {
    expect(
      await plugin.check(URN, {
        ...rootIn,
        nameConstraints: { permittedDnsNames: [UNKNOWN] },
      }),
    ).toEqual([]);
  });

  test("refuses a wrong host name beside one it does not know", async () => {
    const failures = await plugin.check(URN, {
      ...inputs,
      dnsNames: [UNKNOWN, "no name"],
    });
    expect(failures).toEqual([expect.stringMatching(/^dnsNames\[1\]: /)]);
  });

  test("plans a change where something is unknown", async () => {
    const { outs } = await plugin.create(URN, inputs);
    for (const [, overrides] of unknowns) {
      const news = { ...inputs, ...overrides };
      expect(await plugin.diff(URN, outs, news)).toEqual({
        changes: "some",
        replaces: [],
      });
    }
  });
});
