import fc from "fast-check";

/** Any text that may stand in a name, of characters of every script. */
export const anyText = (maximum: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength: maximum })
    .filter(
      (text) =>
        text.trim() === text &&
        text !== "" &&
        Array.from(text).length <= maximum &&
        !/\p{Cc}/u.test(text),
    );
