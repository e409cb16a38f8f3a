import { join } from "node:path";
import fc from "fast-check";
import { wouldThingsBoardStartWithKeystore } from "../../../pki/examine/thingsBoardKeystore";
import { describeWith, findProgram } from "../../support/command";
import { scratchFolder } from "../support/openssl";
import { SeedFolder } from "./support/seeds";
import {
  KEY_KINDS,
  makeAuthorities,
  makeMaterial,
} from "./support/thingsBoardMaterial";
import { fateOf } from "./support/thingsBoardRow";
import {
  STORE_PASSWORD,
  STORE_ROWS,
  StoreMaker,
} from "./support/thingsBoardStores";

const keytool = findProgram("keytool");

describeWith(
  { name: "openssl", path: findProgram("openssl") },
  "apt-get install openssl",
  "would ThingsBoard start with this key store?",
  (openssl) => {
    const place = new SeedFolder(openssl, join(scratchFolder(), "files"));
    let maker: StoreMaker;

    beforeAll(() => {
      makeAuthorities(place);
      const [kind] = KEY_KINDS;
      if (kind !== undefined) {
        maker = new StoreMaker(place, makeMaterial(place, kind), keytool);
      }
    });

    const rows = STORE_ROWS.filter(
      (row) => row.keytool !== true || keytool !== undefined,
    );
    test.each(rows)("$input", ({ files, fate, row }) => {
      const answer = wouldThingsBoardStartWithKeystore({
        keystorePassword: STORE_PASSWORD,
        keyPassword: STORE_PASSWORD,
        ...files(maker),
      });
      expect({ fate: fateOf(answer), row: answer.row }).toEqual({
        fate,
        row: expect.stringMatching(row) as string,
      });
      expect(answer.message).not.toMatch(/correct horse|battery staple/);
    });

    test("ThingsBoard's own passwords are those of nobody else's store", () => {
      expect(
        wouldThingsBoardStartWithKeystore({ content: maker.openssl() }).row,
      ).toBe("key store, wrong password");
    });

    test("whatever a store holds, it is judged, and nothing is thrown", () => {
      const stores = [
        maker.openssl("-iter", "1", "-maciter"),
        maker.openssl("-nomac", "-iter", "1"),
      ];
      fc.assert(
        fc.property(
          fc.constantFrom(...stores),
          fc.array(
            fc.tuple(
              fc.double({ min: 0, max: 0.999, noNaN: true }),
              fc.nat(255),
            ),
            { maxLength: 3 },
          ),
          (store, changes) => {
            const content = Buffer.from(store);
            for (const [at, octet] of changes) {
              content[Math.floor(at * content.length)] = octet;
            }
            const { ok, message } = wouldThingsBoardStartWithKeystore({
              content,
              keystorePassword: STORE_PASSWORD,
              keyPassword: STORE_PASSWORD,
            });
            expect(typeof ok).toBe("boolean");
            expect(message).not.toBe("");
          },
        ),
      );
    });

    test("the connections of ThingsBoard Edge take no store", () => {
      const content = maker.openssl();
      expect(
        wouldThingsBoardStartWithKeystore({ content, loader: "EDGE_RPC" }),
      ).toMatchObject({ starts: false, row: "key store for Edge" });
    });
  },
);
