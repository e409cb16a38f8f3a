import { join } from "node:path";
import fc from "fast-check";
import { wouldThingsBoardStart } from "../../pki/examine/thingsBoard";
import { SeedFolder } from "../pki/examine/support/seeds";
import {
  KEY_KINDS,
  PASSWORD,
  makeAuthorities,
  makeMaterial,
} from "../pki/examine/support/thingsBoardMaterial";
import { Fate, fateOf } from "../pki/examine/support/thingsBoardRow";
import { scratchFolder } from "../pki/support/openssl";
import { describeWith, findProgram } from "../support/command";
import { ThingsBoardFates } from "./stacks/thingsBoardFates";
import { ThingsBoardLoader, loaderProgram } from "./stacks/thingsBoardLoader";

const PRODUCTS = ["THINGSBOARD", "TBMQ"];

const program = loaderProgram();
const openssl = findProgram("openssl") ?? "";

describeWith(
  { name: "a Java with BouncyCastle", path: program.command?.program },
  program.command === undefined ? program.reason : "",
  "files put together at random",
  () => {
    const place = new SeedFolder(openssl, join(scratchFolder(), "files"));
    let loader: ThingsBoardLoader;
    let fates: ThingsBoardFates;

    beforeAll(() => {
      if (program.command !== undefined) {
        loader = new ThingsBoardLoader(program.command);
        fates = new ThingsBoardFates(loader, place.path);
      }
      makeAuthorities(place);
    });

    afterAll(() => {
      loader.end();
    });

    test("whatever stands in the files, in whichever order, check and Java agree", async () => {
      const [kind] = KEY_KINDS;
      if (kind === undefined) {
        throw new Error("no kind of key");
      }
      const material = makeMaterial(place, kind);
      // By names: a failure shows what was drawn, and keys are not to be shown.
      const pieces: Readonly<Record<string, string>> = {
        leaf: material.leaf,
        intermediate: material.intermediate,
        root: material.root,
        stranger: material.stranger,
        key: material.key,
        otherKey: material.otherKey,
        traditional: material.traditional,
        encrypted: material.form("AES-256"),
        pkcs8: material.form("PBES2"),
        scrypt: material.form("scrypt"),
        parameters: material.form("parameters"),
        withoutPublicKey: material.form("no public key"),
        text: "text: of ours\n",
        blankLine: "\n",
        unfinishedMarker: "-----BEGIN\n",
        wrongMarker: "-----BEGIN CERTIFICATE----\n",
        endMarker: "-----END CERTIFICATE-----\n",
        mark: "\uFEFF",
        blank: " ",
      };
      const edits: Readonly<Record<string, (text: string) => string>> = {
        none: (text) => text,
        crlf: (text) => text.replaceAll("\n", "\r\n"),
        cr: (text) => text.replaceAll("\n", "\r"),
        blanksBehind: (text) => text.replaceAll("\n", " \n"),
        blanksBefore: (text) => text.replaceAll("\n", "\n "),
        hardBlanksBehind: (text) => text.replaceAll("\n", "\u00a0\n"),
        withoutEnd: (text) => text.slice(0, -1),
        header: (text) => text.replace("-----\n", "-----\nA: b\n\n"),
        x509: (text) => text.replaceAll("CERTIFICATE", "X509 CERTIFICATE"),
        lettersLost: (text) => text.replaceAll(/[aeiou]\n/g, "\n"),
      };
      const drawn = (names: readonly string[]) =>
        fc.tuple(
          fc.constantFrom(...names),
          fc.oneof(
            { weight: 2, arbitrary: fc.constant("none") },
            { weight: 1, arbitrary: fc.constantFrom(...Object.keys(edits)) },
          ),
        );
      const any = drawn(Object.keys(pieces));
      const certificates = fc
        .tuple(
          fc.constantFrom("", "leaf", "leaf", "leaf intermediate"),
          fc.array(any, { maxLength: 3 }),
        )
        .map(([start, rest]) => [
          ...start
            .split(" ")
            .filter((name) => name !== "")
            .map((name): [string, string] => [name, "none"]),
          ...rest,
        ]);
      const keys = fc.array(fc.oneof(any, drawn(["key"])), { maxLength: 3 });
      const text = (parts: readonly (readonly [string, string])[]): string =>
        parts
          .map(([name, edit]) => edits[edit]?.(pieces[name] ?? "") ?? "")
          .join("");
      let started = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...PRODUCTS),
          certificates,
          keys,
          fc.constantFrom(undefined, "", PASSWORD),
          async (product, certParts, keyParts, keyPassword) => {
            const files = {
              certFileText: text(certParts),
              keyFileText: text(keyParts),
              ...(keyPassword !== undefined && { keyPassword }),
            };
            const java = await fates.of(product, files);
            started += java === Fate.Refused ? 0 : 1;
            const answer = wouldThingsBoardStart({ ...files, loader: product });
            expect([java, answer.row]).toEqual([fateOf(answer), answer.row]);
          },
        ),
        { numRuns: 600 },
      );
      // Half of it all would be little worth if nothing ever started.
      expect(started).toBeGreaterThan(60);
    });
  },
);
