import { createHash } from "node:crypto";
import * as age from "age-encryption";
import { seal, sealKey } from "../../pki/batch/seal";
import { describeWith, runCommand } from "../support/command";
import type { NativeAge } from "../support/nativeAge";
import { ageProgram } from "./ageProgram";

jest.mock("age-encryption", () =>
  jest.requireActual<NativeAge>("../support/nativeAge").loadAge(),
);

const PIECE = 64 * 1024;

function digest(plain: Uint8Array): string {
  return createHash("sha256").update(plain).digest("hex");
}

/** Both kinds of identity, each with its recipient. */
async function identities(): Promise<[string, string][]> {
  const made = [
    await age.generateX25519Identity(),
    await age.generateHybridIdentity(),
  ];
  return Promise.all(
    made.map(async (one): Promise<[string, string]> => [
      one,
      await age.identityToRecipient(one),
    ]),
  );
}

describeWith(
  { name: "filippo.io/age", path: ageProgram() },
  "see https://go.dev/doc/install; it takes a Go module proxy",
  "age for Go",
  (program) => {
    test("opens what is sealed, of every length and for every kind of recipient, and not for others", async () => {
      const cases: { line: string; answer: unknown }[] = [];
      for (const [identity, recipient] of await identities()) {
        for (const size of [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE]) {
          const plain = Buffer.alloc(size, "All octets, in their order. ");
          const sealed = await seal(plain, [recipient]);
          cases.push({
            line: `${identity} ${Buffer.from(sealed).toString("base64")}`,
            answer: `plain: ${digest(plain)}`,
          });
        }
        const key = await sealKey("PEM", "0f".repeat(32), [recipient]);
        cases.push(
          {
            line: `${identity} ${Buffer.from(key).toString("base64")}`,
            answer: `plain: ${digest(Buffer.from("PEM"))}`,
          },
          {
            line: `${await age.generateX25519Identity()} ${Buffer.from(key).toString("base64")}`,
            answer: expect.stringMatching(/^refused: .*identity did not match/),
          },
        );
      }
      const { stdout } = await runCommand(program, [], {
        input: cases.map(({ line }) => `${line}\n`).join(""),
      });
      const [version, ...answers] = stdout.trimEnd().split("\n");
      expect(version).toMatch(/^age v/);
      expect(answers).toEqual(cases.map(({ answer }) => answer));
    });
  },
);
