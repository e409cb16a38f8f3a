import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { wouldThingsBoardStartWithKeystore } from "../../pki/examine/thingsBoardKeystore";
import { SeedFolder } from "../pki/examine/support/seeds";
import {
  KEY_KINDS,
  makeAuthorities,
  makeMaterial,
} from "../pki/examine/support/thingsBoardMaterial";
import { fateOf } from "../pki/examine/support/thingsBoardRow";
import {
  STORE_PASSWORD,
  STORE_ROWS,
  StoreMaker,
} from "../pki/examine/support/thingsBoardStores";
import { scratchFolder } from "../pki/support/openssl";
import { describeWith, findProgram } from "../support/command";
import { ThingsBoardFates } from "./stacks/thingsBoardFates";
import { ThingsBoardLoader, loaderProgram } from "./stacks/thingsBoardLoader";

const program = loaderProgram();
const openssl = findProgram("openssl") ?? "";

describeWith(
  { name: "a Java with BouncyCastle", path: program.command?.program },
  program.command === undefined ? program.reason : "",
  "what ThingsBoard's loader makes of key stores",
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

    describe.each(["P-256", "RSA-2048", "Ed25519"])("%s", (name) => {
      let maker: StoreMaker;

      beforeAll(() => {
        const [kind] = KEY_KINDS.filter((one) => one.name === name);
        if (kind !== undefined) {
          maker = new StoreMaker(
            place,
            makeMaterial(place, kind),
            findProgram("keytool"),
          );
        }
      });

      test.each(STORE_ROWS)("$input", async ({ files, fate, java }) => {
        const store = {
          keystorePassword: STORE_PASSWORD,
          keyPassword: STORE_PASSWORD,
          keyAlias: "",
          ...files(maker),
        };
        const path = join(place.path, "loaded.store");
        writeFileSync(path, store.content);
        const seen: string[] = [];
        for (const type of ["PKCS12", "JKS"]) {
          seen.push(
            await fates.at(
              await loader.keystore("THINGSBOARD", {
                type,
                path,
                password: store.keystorePassword,
                keyPassword: store.keyPassword,
                alias: store.keyAlias,
              }),
            ),
          );
        }
        expect([
          ...seen,
          fateOf(wouldThingsBoardStartWithKeystore(store)),
        ]).toEqual([java ?? fate, java ?? fate, fate]);
      });
    });
  },
);
