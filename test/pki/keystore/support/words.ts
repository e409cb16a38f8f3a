import fc from "fast-check";

const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz0123456789");
const INNER = [...LETTERS, " ", ".", "_", "@", "/", "-"];

/** Any password a store takes. */
export const passwords = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0x7e })
    .map((code) => String.fromCharCode(code)),
  minLength: 6,
  maxLength: 80,
});

/** Any alias a store takes. */
export const aliases = fc
  .tuple(
    fc.constantFrom(...LETTERS),
    fc.string({ unit: fc.constantFrom(...INNER), maxLength: 62 }),
    fc.constantFrom(...LETTERS),
  )
  .map((parts) => parts.join(""));
