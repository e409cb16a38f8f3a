import { join } from "node:path";
import { wouldThingsBoardStart } from "../../../pki/examine/thingsBoard";
import { describeWith, findProgram } from "../../support/command";
import { scratchFolder } from "../support/openssl";
import { SeedFolder } from "./support/seeds";
import {
  KEY_KINDS,
  makeAuthorities,
  makeMaterial,
} from "./support/thingsBoardMaterial";
import type { KeyKind, Material } from "./support/thingsBoardMaterial";
import { expectation, fateOf } from "./support/thingsBoardRow";
import { PEM_ROWS } from "./support/thingsBoardRows";

describeWith(
  { name: "openssl", path: findProgram("openssl") },
  "apt-get install openssl",
  "would ThingsBoard start with this?",
  (openssl) => {
    const place = new SeedFolder(openssl, join(scratchFolder(), "files"));

    beforeAll(() => {
      makeAuthorities(place);
    });

    describe.each(KEY_KINDS)("$name", (kind: KeyKind) => {
      let material: Material;

      beforeAll(() => {
        material = makeMaterial(place, kind);
      });

      test.each(PEM_ROWS.filter(({ kinds }) => kinds?.(kind) ?? true))(
        "$input",
        (row) => {
          for (const loader of ["THINGSBOARD", "TBMQ"]) {
            const answer = wouldThingsBoardStart({
              ...row.files(material),
              loader,
            });
            const { fate, rows } = expectation(row, kind, loader);
            expect(fateOf(answer)).toBe(fate);
            expect([
              answer.row,
              rows.some((name) => name.test(answer.row)),
            ]).toEqual([answer.row, true]);
            // Nothing of a key, whatever the answer.
            expect(answer.message).not.toMatch(/[A-Za-z0-9+/]{40}/);
            expect(answer.message).not.toMatch(
              loader === "TBMQ" ? /ThingsBoard/ : /TBMQ/,
            );
          }
        },
      );
    });

    test("the connections of ThingsBoard Edge have no password by default", () => {
      const [material] = KEY_KINDS.slice(0, 1).map((kind) =>
        makeMaterial(place, kind),
      );
      if (material === undefined) {
        throw new Error("no kind of key");
      }
      const files = {
        certFileText: material.leaf + material.intermediate,
        keyFileText: material.form("default password"),
      };
      expect(wouldThingsBoardStart(files)).toMatchObject({ ok: true });
      const answer = wouldThingsBoardStart({ ...files, loader: "EDGE_RPC" });
      expect(answer).toMatchObject({
        starts: false,
        row: "traditional encrypted key, wrong password",
      });
      expect(answer.message).toMatch("EDGES_RPC_SSL_KEY_PASSWORD");
      expect(
        wouldThingsBoardStart({ ...files, keyFileText: "", loader: "EDGE_RPC" })
          .message,
      ).toMatch("EDGES_RPC_SSL_PRIVATE_KEY");
    });

    test("a loader that is none is refused", () => {
      expect(() =>
        wouldThingsBoardStart({ certFileText: "", loader: "HiveMQ" }),
      ).toThrow(/"HiveMQ" is none; write one of "THINGSBOARD"/);
    });
  },
);
