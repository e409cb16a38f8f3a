import * as age from "age-encryption";
import fc from "fast-check";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import {
  checkRecipients,
  readSealedKey,
  seal,
  sealKey,
} from "../../../pki/batch/seal";
import { describeWith, findProgram, runCommand } from "../../support/command";
import type { NativeAge } from "../../support/nativeAge";
import { scratchFolder } from "../support/openssl";
import { writeFileSync } from "node:fs";

jest.mock("age-encryption", () =>
  jest.requireActual<NativeAge>("../../support/nativeAge").loadAge(),
);

const PIECE = 64 * 1024;
const SHA256 = "0f".repeat(32);

interface Pair {
  readonly identity: string;
  readonly recipient: string;
}

let one: Pair;
let other: Pair;
let hybrid: Pair;

async function pair(make: () => Promise<string>): Promise<Pair> {
  const identity = await make();
  return { identity, recipient: await age.identityToRecipient(identity) };
}

beforeAll(async () => {
  one = await pair(age.generateX25519Identity);
  other = await pair(age.generateX25519Identity);
  hybrid = await pair(age.generateHybridIdentity);
});

async function open(sealed: Uint8Array, { identity }: Pair): Promise<Buffer> {
  const decrypter = new age.Decrypter();
  decrypter.addIdentity(identity);
  return Buffer.from(await decrypter.decrypt(sealed));
}

describe("what is sealed", () => {
  test.each([0, 1, 241, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 5_000_000])(
    "is opened by age-encryption: %d octets",
    async (size) => {
      const plain = Buffer.alloc(size, "All octets, in their order. ");
      const sealed = await seal(plain, [one.recipient]);
      expect((await open(sealed, one)).equals(plain)).toBe(true);
    },
  );

  test("is opened, whatever it is, by every recipient and by nobody else", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 1_000 }),
        fc.boolean(),
        async (plain, both) => {
          const recipients = [one, ...(both ? [other] : [])].map(
            ({ recipient }) => recipient,
          );
          const sealed = await seal(plain, recipients);
          expect(await open(sealed, one)).toEqual(Buffer.from(plain));
          const answer = open(sealed, other);
          await (both
            ? expect(answer).resolves.toEqual(Buffer.from(plain))
            : expect(answer).rejects.toThrow(/no identity matched/));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("is opened by a post-quantum recipient", async () => {
    const sealed = await seal(Buffer.from("key"), [hybrid.recipient]);
    expect((await open(sealed, hybrid)).toString()).toBe("key");
  });

  test("holds nothing of the content, and is another file each time", async () => {
    const plain = Buffer.from("-----BEGIN PRIVATE KEY-----");
    const [first, second] = [
      Buffer.from(await seal(plain, [one.recipient])),
      Buffer.from(await seal(plain, [one.recipient])),
    ];
    expect(first.includes("PRIVATE KEY")).toBe(false);
    expect(first.equals(second)).toBe(false);
  });

  test("is opened no more where an octet changed or is missing, wherever", async () => {
    const plain = Buffer.alloc(PIECE + 100, 7);
    const sealed = Buffer.from(await seal(plain, [one.recipient]));
    const places = fc.integer({ min: 0, max: sealed.length - 1 });
    await fc.assert(
      fc.asyncProperty(places, async (place) => {
        const changed = Buffer.from(sealed);
        changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
        await expect(open(changed, one)).rejects.toThrow();
        await expect(open(sealed.subarray(0, place), one)).rejects.toThrow();
      }),
      { numRuns: 40 },
    );
  });

  test("is for one recipient at least", async () => {
    await expect(seal(Buffer.from("key"), [])).rejects.toThrow(/one recipient/);
  });
});

describe("a sealed private key", () => {
  test("says whose it is to all, and the key to its recipients only", async () => {
    const sealed = await sealKey("PEM", SHA256, [
      one.recipient,
      hybrid.recipient,
    ]);
    expect(readSealedKey(sealed)).toEqual({ publicKeySha256: SHA256 });
    expect((await open(sealed, one)).toString()).toBe("PEM");
    expect((await open(sealed, hybrid)).toString()).toBe("PEM");
  });

  test("says nothing where it is cut or longer, or was not written as one", async () => {
    const sealed = await sealKey("PEM", SHA256, [one.recipient]);
    for (let size = 0; size < sealed.length; size += 1) {
      expect(readSealedKey(sealed.subarray(0, size))).toBeUndefined();
    }
    const longer = Buffer.concat([sealed, Buffer.alloc(1)]);
    expect(readSealedKey(longer)).toBeUndefined();
    const unnamed = await seal(Buffer.from("PEM"), [one.recipient]);
    expect(readSealedKey(unnamed)).toBeUndefined();
  });

  test("is read from any octets without an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (octets, text) => {
        const header = `age-encryption.org/v1\n-> mqtt-pki/private-key ${text}`;
        const made = Buffer.concat([Buffer.from(header), octets]);
        expect(readSealedKey(octets)).toBeUndefined();
        expect(readSealedKey(made)).toBeUndefined();
      }),
    );
  });
});

describe("recipients", () => {
  test("of every kind pass", async () => {
    const { recipient } = one;
    expect(await checkRecipients([recipient, other.recipient])).toEqual([]);
    expect(await checkRecipients([hybrid.recipient])).toEqual([]);
  });

  test.each<[string, () => string[], RegExp]>([
    ["an empty list", () => [], /^seal\.recipients: is empty/],
    [
      "the same one twice",
      () => [one.recipient, other.recipient, one.recipient],
      /^seal\.recipients\[2\]: .*stands at seal\.recipients\[0\]/,
    ],
    [
      "an SSH key",
      () => ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW me@home"],
      /^seal\.recipients\[0\]: is an SSH key \("ssh-ed25519"\).*age-keygen/,
    ],
    [
      "capitals",
      () => [one.recipient.toUpperCase()],
      /has capitals; write "age1/,
    ],
    ["a line break", () => [`${one.recipient}\n`], /a line break at an end/],
    ["nothing", () => [""], /is no recipient of age/],
    [
      "a plugin's recipient",
      () => [
        "age1yubikey1q0zhu9e7zrj48zmnpx4fg07c0drt9f57e26uymgxa4h3fczwutzjjp5a6y5",
      ],
      /plugin "yubikey"/,
    ],
    [
      "a point no key can be agreed on with",
      () => ["age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqs3290gq"],
      /^seal\.recipients\[0\]: /,
    ],
    [
      "two kinds, of which one withstands quantum computers",
      () => [one.recipient, hybrid.recipient],
      /^seal\.recipients: mixes post-quantum/,
    ],
  ])("%s: refused", async (_what, make, expected) => {
    const problems = await checkRecipients(make());
    expect(problems).toHaveLength(1);
    const [{ path, message } = { path: "", message: "" }] = problems;
    expect(`${path}: ${message}`).toMatch(expected);
  });

  test("a character mistyped, left out or doubled is always found", async () => {
    const { recipient } = one;
    const places = fc.integer({ min: 4, max: recipient.length - 1 });
    await fc.assert(
      fc.asyncProperty(
        places,
        fc.constantFrom("", "q", "pp"),
        async (place, by) => {
          const mistyped =
            recipient.slice(0, place) + by + recipient.slice(place + 1);
          fc.pre(mistyped !== recipient);
          expect(await checkRecipients([mistyped])).toMatchObject([
            {
              path: "seal.recipients[0]",
              message: expect.stringMatching(/mistyped/) as string,
            },
          ]);
        },
      ),
    );
  });

  test("an identity given by mistake is refused and not repeated, however it is written", async () => {
    for (const { identity } of [one, hybrid]) {
      for (const text of [
        identity,
        identity.toLowerCase(),
        ` ${identity}\n`,
        `# created: 2026\n${identity}`,
      ]) {
        const problems = await checkRecipients([text]);
        expect(problems).toMatchObject([
          { message: expect.stringMatching(/^is a secret key/) as string },
        ]);
        const said = JSON.stringify(problems).toLowerCase();
        expect(said).not.toContain(identity.toLowerCase().slice(15, 30));
      }
    }
  });

  test("a text that is none of these is not repeated: it may be a passphrase", async () => {
    const said = JSON.stringify(await checkRecipients(["correct horse"]));
    expect(said).not.toContain("correct");
  });
});

test("seals in a worker thread, too", async () => {
  const root = join(__dirname, "..", "..", "..");
  const worker = new Worker(
    `const { seal } = require(${JSON.stringify(join(root, "pki", "batch", "seal"))});
     const { parentPort, workerData } = require("node:worker_threads");
     seal(Buffer.from("key"), [workerData]).then((sealed) => parentPort.postMessage(sealed));`,
    {
      eval: true,
      workerData: one.recipient,
      execArgv: ["-r", join(root, "bin", "register.cjs")],
    },
  );
  const sealed = await new Promise<Uint8Array>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  expect((await open(sealed, one)).toString()).toBe("key");
});

describeWith(
  { name: "age", path: findProgram("age") ?? findProgram("rage") },
  "apt-get install age",
  "the age program",
  (program) => {
    const folder = scratchFolder();

    test("opens what is sealed, and a sealed key", async () => {
      const [key, file] = [join(folder, "key.txt"), join(folder, "file.age")];
      writeFileSync(key, one.identity, { mode: 0o600 });
      for (const sealed of [
        await seal(Buffer.from("hello"), [other.recipient, one.recipient]),
        await sealKey("hello", SHA256, [one.recipient]),
      ]) {
        writeFileSync(file, sealed);
        const args = ["-d", "-i", key, file];
        expect(await runCommand(program, args)).toMatchObject({
          code: 0,
          stdout: "hello",
        });
      }
    });
  },
);
