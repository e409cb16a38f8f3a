import * as fc from "fast-check";

import { decodeDeployment } from "../../engine/stack/backend";
import {
  DeploymentWriter,
  encodeDeployment,
} from "../../engine/stack/deploymentText";
import { Crypter } from "../../engine/stack/secrets";
import {
  decodeResource,
  type ResourceState,
  type Snapshot,
} from "../../engine/stack/state";
import {
  isMap,
  isSecret,
  type PropertyMap,
  type PropertyValue,
  secret,
} from "../../engine/values";

const MARK = "4dabf18193072939515e22adb298388d";
/** What no encoding, no name and no base64 makes by chance. */
const HIDDEN = "-hidden-";

const name = fc
  .string({ maxLength: 8 })
  .filter((key) => key !== "__proto__" && key !== MARK);

/** Values as a state holds them: secrets anywhere, but none within another. */
function values(leaf: fc.Arbitrary<PropertyValue>) {
  return fc.letrec<{ value: PropertyValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.string({ unit: "binary" }),
      leaf,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
}

const open = values(fc.string().map((text) => `${text}${HIDDEN}`));
const value = values(open.map(secret)).filter(
  (one) => !JSON.stringify(withoutSecrets(one)).includes(HIDDEN),
);
const properties = fc.dictionary(name, value, {
  maxKeys: 4,
  noNullPrototype: true,
});

function withoutSecrets(one: PropertyValue): PropertyValue {
  if (isSecret(one)) {
    return null;
  }
  if (Array.isArray(one)) {
    return one.map(withoutSecrets);
  }
  return isMap(one)
    ? Object.fromEntries(
        Object.entries(one).map(([key, inner]) => [key, withoutSecrets(inner)]),
      )
    : one;
}

function resource(
  index: number,
  inputs: PropertyMap,
  outputs: PropertyMap,
): ResourceState {
  const urn = `urn:pulumi:dev::p::t:index:T::r${index}`;
  return {
    ...decodeResource({ urn, type: "t:index:T", custom: true }, undefined),
    id: `id-${index}`,
    inputs,
    outputs,
  };
}

const snapshots: fc.Arbitrary<Snapshot> = fc
  .array(fc.tuple(properties, properties), { maxLength: 4 })
  .map((pairs) => ({
    resources: pairs.map(([inputs, outputs], index) =>
      resource(index, inputs, outputs),
    ),
    pendingOperations: pairs.slice(0, 1).map(([inputs]) => ({
      type: "creating",
      resource: resource(9, inputs, {}),
    })),
  }));

describe("the encryption of a state", () => {
  let crypter: Crypter;

  beforeAll(async () => {
    crypter = await Crypter.create("correct horse");
  });

  test("opens every text it has closed, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const sealed = crypter.encrypt(text);
        expect(sealed).toMatch(/^v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]+=*$/);
        expect(crypter.decrypt(sealed)).toBe(text);
      }),
    );
  });

  test("notices any byte that was changed", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (text, place, change) => {
          const [version = "", nonce = "", sealed = ""] = crypter
            .encrypt(text)
            .split(":");
          const bytes = Buffer.from(nonce + sealed, "base64");
          const index = place % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(index) ^ change, index);
          const damaged = [
            version,
            bytes.subarray(0, 12).toString("base64"),
            bytes.subarray(12).toString("base64"),
          ].join(":");
          expect(() => crypter.decrypt(damaged)).toThrow("cannot be decrypted");
        },
      ),
    );
  });

  test("brings a state back as it was, and leaves no secret in the open", () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const written = encodeDeployment(snapshot, crypter, {});
        expect(JSON.stringify(written)).not.toContain(HIDDEN);
        expect(decodeDeployment(written, crypter)).toEqual(snapshot);
        const shown = encodeDeployment(snapshot, crypter, {}, "plaintext");
        expect(decodeDeployment(shown, undefined)).toEqual(snapshot);
      }),
    );
  });

  test("writes what changed since it last wrote, and only that anew", () => {
    fc.assert(
      fc.property(snapshots, properties, (snapshot, outputs) => {
        const writer = new DeploymentWriter(crypter);
        const text = (): string =>
          writer.text(snapshot, {}).replace(/^\{"manifest":\{[^}]*\}/, "{");
        const before = text();
        expect(text()).toBe(before);
        const [first] = snapshot.resources;
        if (first === undefined) {
          return;
        }
        const [inputs, protect] = [first.inputs, first.protect];
        first.outputs = outputs;
        first.protect = !protect;
        expect(text()).not.toBe(before);
        const now = encodeDeployment(snapshot, crypter, {});
        expect(JSON.parse(`{${text().slice(2)}`)).toEqual(
          Object.fromEntries(
            Object.entries(now).filter(([key]) => key !== "manifest"),
          ),
        );
        expect(first.inputs).toBe(inputs);
      }),
    );
  });

  test("is closed to every other passphrase, and says so", async () => {
    for (const other of [
      "",
      "correct hors",
      "correct horse ",
      "Correct horse",
    ]) {
      await expect(Crypter.open(other, crypter.salt)).rejects.toThrow(
        "The passphrase is not the one",
      );
    }
    const stranger = await Crypter.create("correct horse");
    expect(() => stranger.decrypt(crypter.encrypt("text"))).toThrow(
      "written with another passphrase, or it is damaged",
    );
  });
});
