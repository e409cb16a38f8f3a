// RC2 (RFC 2268), which OpenSSL 3 has set aside, and which most PKCS#12 files of the years before are encrypted with.
// Decryption only: nobody should write it again.

/** The permutation of RFC 2268 §2, made of the digits of pi. */
const PI = Buffer.from(
  "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2" +
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82" +
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626" +
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7" +
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec" +
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731" +
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9" +
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad",
  "hex",
);
const BLOCK = 8;

/**
 * Decrypts RC2 in CBC mode, and takes the padding off (RFC 2268, RFC 8018 §6.1.1).
 *
 * @param key its length in octets is its effective strength as well
 * @throws Error where the padding is none
 */
export function decryptRc2(
  content: Uint8Array,
  key: Uint8Array,
  iv: Uint8Array,
): Buffer {
  const words = expand(key);
  const plain = Buffer.alloc(content.length);
  let before = iv;
  for (let at = 0; at + BLOCK <= content.length; at += BLOCK) {
    const block = content.subarray(at, at + BLOCK);
    decryptBlock(Buffer.from(block), words).forEach((octet, index) => {
      plain[at + index] = octet ^ (before[index] ?? 0);
    });
    before = block;
  }
  const padding = plain.at(-1) ?? 0;
  const rest = plain.subarray(plain.length - padding);
  if (padding < 1 || padding > BLOCK || rest.some((one) => one !== padding)) {
    throw new Error("wrong padding");
  }
  return plain.subarray(0, plain.length - padding);
}

/** RFC 2268 §2: 64 words of 16 bits. */
function expand(key: Uint8Array): Uint16Array {
  const length = key.length;
  const bytes = Buffer.alloc(128);
  bytes.set(key);
  const pi = (index: number): number => PI[index & 0xff] ?? 0;
  const at = (index: number): number => bytes[index] ?? 0;
  for (let index = length; index < 128; index += 1) {
    bytes[index] = pi(at(index - 1) + at(index - length));
  }
  bytes[128 - length] = pi(at(128 - length));
  for (let index = 127 - length; index >= 0; index -= 1) {
    bytes[index] = pi(at(index + 1) ^ at(index + length));
  }
  return Uint16Array.from({ length: 64 }, (_, index) =>
    bytes.readUInt16LE(2 * index),
  );
}

const ROTATIONS = [1, 2, 3, 5];

/** RFC 2268 §4. */
function decryptBlock(block: Buffer, words: Uint16Array): Buffer {
  const r = [0, 2, 4, 6].map((at) => block.readUInt16LE(at));
  const word = (index: number): number => r[index & 3] ?? 0;
  let next = 63;
  const mix = (): void => {
    for (let i = 3; i >= 0; i -= 1) {
      const s = ROTATIONS[i] ?? 0;
      const turned = ((word(i) >> s) | (word(i) << (16 - s))) & 0xffff;
      const rest =
        (words[next] ?? 0) +
        (word(i + 3) & word(i + 2)) +
        (~word(i + 3) & 0xffff & word(i + 1));
      r[i] = (turned - rest) & 0xffff;
      next -= 1;
    }
  };
  const mash = (): void => {
    for (let i = 3; i >= 0; i -= 1) {
      r[i] = (word(i) - (words[word(i + 3) & 63] ?? 0)) & 0xffff;
    }
  };
  for (const rounds of [5, 6, 5]) {
    for (let round = 0; round < rounds; round += 1) {
      mix();
    }
    if (next >= 0) {
      mash();
    }
  }
  r.forEach((value, index) => block.writeUInt16LE(value, 2 * index));
  return block;
}
