import { join } from "node:path";
import { wouldThingsBoardStart } from "../../pki/examine/thingsBoard";
import { thingsBoardCredentialsId } from "../../pki/thingsBoard";
import { SeedFolder } from "../pki/examine/support/seeds";
import type {
  KeyKind,
  Material,
} from "../pki/examine/support/thingsBoardMaterial";
import {
  KEY_KINDS,
  RARE_KINDS,
  makeAuthorities,
  makeMaterial,
} from "../pki/examine/support/thingsBoardMaterial";
import {
  Fate,
  expectation,
  fateOf,
} from "../pki/examine/support/thingsBoardRow";
import { PEM_ROWS } from "../pki/examine/support/thingsBoardRows";
import { scratchFolder } from "../pki/support/openssl";
import { describeWith, findProgram } from "../support/command";
import { ThingsBoardFates } from "./stacks/thingsBoardFates";
import type { Device } from "./stacks/thingsBoardLoader";
import {
  TLS_VERSIONS,
  ThingsBoardLoader,
  loaderProgram,
  shakeHands,
} from "./stacks/thingsBoardLoader";

const program = loaderProgram();
const openssl = findProgram("openssl") ?? "";
const PRODUCTS = ["THINGSBOARD", "TBMQ"];

describeWith(
  { name: "a Java with BouncyCastle", path: program.command?.program },
  program.command === undefined ? program.reason : "",
  "what ThingsBoard's loader makes of files",
  () => {
    const place = new SeedFolder(openssl, join(scratchFolder(), "files"));
    let loader: ThingsBoardLoader;
    let fates: ThingsBoardFates;

    beforeAll(() => {
      if (program.command !== undefined) {
        process.stdout.write(`loaded by ${program.version}\n`);
        loader = new ThingsBoardLoader(program.command);
        fates = new ThingsBoardFates(loader, place.path);
      }
      makeAuthorities(place);
    });

    afterAll(() => {
      loader.end();
    });

    const device = (issuers = "intermediate.pem"): Device => ({
      certFile: join(place.path, "device.pem"),
      issuersFile: join(place.path, issuers),
      keyFile: join(place.path, "device.key"),
    });

    describe.each(KEY_KINDS)("$name", (kind: KeyKind) => {
      let material: Material;

      beforeAll(() => {
        material = makeMaterial(place, kind);
      });

      test.each(PEM_ROWS.filter(({ kinds }) => kinds?.(kind) ?? true))(
        "$input",
        async (row) => {
          for (const product of PRODUCTS) {
            const files = row.files(material);
            const answer = wouldThingsBoardStart({ ...files, loader: product });
            const { fate } = expectation(row, kind, product);
            expect({
              product,
              java: await fates.of(product, files),
              check: fateOf(answer),
            }).toEqual({ product, java: fate, check: fate });
          }
        },
      );

      test("openssl s_client with a device's chain", async () => {
        const port = await fates.load("THINGSBOARD", {
          certFileText: material.leaf + material.intermediate,
          keyFileText: material.key,
        });
        if (typeof port === "string") {
          expect(kind.fate).toBe(Fate.Refused);
          return;
        }
        const trust = ["-CAfile", join(place.path, "root.pem")];
        const name = ["-verify_hostname", "mqtt.example.com"];
        for (const version of TLS_VERSIONS) {
          const greeting = await shakeHands(openssl, port, version, device(), [
            ...trust,
            ...name,
            "-verify_return_error",
          ]);
          expect(
            typeof greeting === "string"
              ? greeting.replace(/[^]*alert.*/, "alert")
              : greeting,
          ).toEqual(
            kind.fate === Fate.Serves
              ? {
                  protocol: version,
                  shown: 2,
                  credentialsId: thingsBoardCredentialsId(
                    place.read("device.pem"),
                  ),
                }
              : "alert",
          );
        }
        await loader.stop(port);
      });
    });

    test.each(RARE_KINDS)("$name", async (kind) => {
      const { leaf, intermediate, key } = makeMaterial(place, kind);
      const files = { certFileText: leaf + intermediate, keyFileText: key };
      const answer = wouldThingsBoardStart(files);
      expect([
        await fates.of("THINGSBOARD", files),
        fateOf(answer),
        kind.row?.test(answer.row) ?? true,
      ]).toEqual([kind.fate, kind.fate, true]);
    });

    test("every kind of key beside every kind of certificate", async () => {
      const all = KEY_KINDS.map((kind) => makeMaterial(place, kind));
      const differences: string[][] = [];
      for (const { kind, leaf } of all) {
        for (const other of all) {
          const files = { certFileText: leaf, keyFileText: other.otherKey };
          const pair = `${kind.name} with a key of ${other.kind.name}`;
          const java = await fates.of("THINGSBOARD", files);
          const check = fateOf(wouldThingsBoardStart(files));
          if (java !== check) {
            differences.push([pair, java, check]);
          }
        }
      }
      expect(differences).toEqual([]);
    });

    describe("devices that show themselves", () => {
      let material: Material;

      beforeAll(() => {
        const [kind] = KEY_KINDS;
        if (kind !== undefined) {
          material = makeMaterial(place, kind);
        }
        place.write("chain-to-root.pem", material.intermediate, material.root);
        place.write("misordered.pem", material.root, material.intermediate);
        place.write("nothing.pem", "");
      });

      const shaken = async (
        product: string,
        certFileText: string,
        issuers: string,
      ): Promise<string[]> => {
        const files = { certFileText, keyFileText: material.key };
        const port = Number(await fates.load(product, files));
        const greetings = await Promise.all(
          TLS_VERSIONS.map((version) =>
            shakeHands(openssl, port, version, device(issuers)),
          ),
        );
        await loader.stop(port);
        return greetings.map((one) =>
          typeof one === "string" ? "refused" : String(one.shown),
        );
      };

      test("ThingsBoard takes any chain whose certificates sign each other in order", async () => {
        const text = material.leaf;
        for (const [issuers, told] of [
          ["intermediate.pem", "2"],
          ["chain-to-root.pem", "3"],
          ["misordered.pem", "refused"],
          ["stranger.pem", "refused"],
        ] as const) {
          expect([issuers, await shaken("THINGSBOARD", text, issuers)]).toEqual(
            [issuers, [told, told]],
          );
        }
      });

      test("TBMQ takes those below a certificate of its own file", async () => {
        const { leaf, intermediate, root } = material;
        // The device has the server's intermediate above it, and with the root in the file any other below that, too.
        for (const [text, told] of [
          [leaf, "refused"],
          [leaf + intermediate, "2"],
          [leaf + intermediate + root, "2"],
        ] as const) {
          expect(await shaken("TBMQ", text, "intermediate.pem")).toEqual([
            told,
            told,
          ]);
        }
      });
    });
  },
);
