import * as fc from "fast-check";
import type { DeviceProfile } from "../../../platforms/thingsBoard/api/models";
import {
  checkDeviceProfile,
  deviceProfileText,
  differences,
  mergedProfile,
  viewOfProfile,
} from "../../../platforms/thingsBoard/deviceProfile";
import type { Party } from "../../pki/support/authority";
import { root } from "../../pki/support/authority";
import { scratchFolder } from "../../pki/support/openssl";
import { describeWith, findProgram, runCommand } from "../../support/command";

let authority: Party;
beforeAll(async () => {
  authority = await root();
});

test("the text of a profile is the one that ThingsBoard's documentation shows, member by member", () => {
  const certificatePem =
    "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n";
  expect(deviceProfileText({ profileName: "mqtt-x509", certificatePem })).toBe(
    `{"name":"mqtt-x509","type":"DEFAULT","transportType":"DEFAULT","provisionType":"X509_CERTIFICATE_CHAIN",` +
      `"profileData":{"configuration":{"type":"DEFAULT"},"transportConfiguration":{"type":"DEFAULT"},` +
      `"provisionConfiguration":{"type":"X509_CERTIFICATE_CHAIN","provisionDeviceSecret":${JSON.stringify(certificatePem)},` +
      `"certificateRegExPattern":"(.*)","allowCreateNewDevicesByX509Certificate":true}}}`,
  );
  expect(
    JSON.parse(
      deviceProfileText({
        profileName: "a",
        certificatePem,
        transportType: "MQTT",
        description: "d",
        allowCreateNewDevices: false,
      }),
    ),
  ).toMatchObject({
    transportType: "MQTT",
    description: "d",
    profileData: {
      transportConfiguration: { type: "MQTT" },
      provisionConfiguration: { allowCreateNewDevicesByX509Certificate: false },
    },
  });
});

test("a merged profile is as ordered, and keeps all that is not", () => {
  const foreign = fc.dictionary(
    fc.stringMatching(/^foreign[A-Z][a-z]{0,5}$/),
    fc.jsonValue(),
    { maxKeys: 4 },
  );
  const order = fc.record(
    {
      profileName: fc.string({ minLength: 1 }),
      commonNamePattern: fc.constantFrom("(.*)", "(a)"),
      allowCreateNewDevices: fc.boolean(),
      transportType: fc.constantFrom("DEFAULT", "MQTT"),
      description: fc.string(),
    },
    { requiredKeys: ["profileName"] },
  );
  const type = fc.constantFrom("X509_CERTIFICATE_CHAIN", "DISABLED");
  fc.assert(
    fc.property(
      foreign,
      foreign,
      foreign,
      order,
      type,
      fc.nat(),
      (top, data, provision, given, provisionType, version) => {
        const wanted = { ...given, certificatePem: authority.certificatePem };
        const found: DeviceProfile = {
          ...top,
          id: { entityType: "DEVICE_PROFILE", id: "it" },
          name: "before",
          description: "before",
          transportType: "DEFAULT",
          provisionType,
          version,
          profileData: {
            ...data,
            transportConfiguration: { type: "DEFAULT", kept: true },
            provisionConfiguration: { ...provision, type: provisionType },
          },
        };
        const merged = mergedProfile(found, wanted);
        expect(differences(wanted, viewOfProfile(merged))).toEqual([]);
        expect(merged).toMatchObject({
          ...top,
          id: found.id,
          version,
          profileData: {
            ...data,
            ...(provisionType !== "DISABLED" && {
              provisionConfiguration: provision,
            }),
            ...(wanted.transportType !== "MQTT" && {
              transportConfiguration: { type: "DEFAULT", kept: true },
            }),
          },
        });
        expect(merged.description).toBe(wanted.description ?? "before");
        expect(mergedProfile(merged, wanted)).toEqual(merged);
      },
    ),
  );
});

describeWith(
  { name: "openssl", path: findProgram("openssl") },
  "apt-get install openssl",
  "a certificate of version 1",
  (openssl) => {
    const folder = scratchFolder();

    test("may be a profile's: ThingsBoard does not ask, and its guide makes intermediates so", async () => {
      const run = async (command: string): Promise<string> => {
        const done = await runCommand(openssl, command.split(" "), {
          cwd: folder,
        });
        expect([done.code, done.stderr]).toEqual([0, expect.anything()]);
        return done.stdout;
      };
      await run(
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
      );
      await run(
        "req -new -key key.pem -subj /CN=Intermediate -out request.pem",
      );
      await run("x509 -req -in request.pem -signkey key.pem -out cert.pem");
      expect(await run("x509 -in cert.pem -noout -text")).toContain(
        "Version: 1",
      );
      const certificatePem = await run("x509 -in cert.pem");
      const order = { profileName: "mqtt-x509", certificatePem };
      expect(checkDeviceProfile(order)).toEqual([]);
    });
  },
);
