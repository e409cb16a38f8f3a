import fc from "fast-check";
import { emailAddressProblem } from "../../pki/emailAddress";

test.each([
  ["pki@example.com", true],
  ["first.last+tag@mail.example.com", true],
  ["a@b", true],
  ["o'neil@example.com", true],
  [`${"a".repeat(64)}@example.com`, true],
  [`${"a".repeat(65)}@example.com`, false],
  [`a@${"b".repeat(253)}`, true],
  [`a@${"b".repeat(254)}`, false],
  ["", false],
  ["example.com", false],
  ["@example.com", false],
  ["a@", false],
  ["a@b@c", false],
  ["a b@example.com", false],
  ["a@example..com", false],
  ["a..b@example.com", false],
  ["a@-example.com", false],
  ["a@example.com.", false],
  ["a@[192.0.2.1]", false],
  ["Name <a@example.com>", false],
  ["mailto:a@example.com", false],
  ["ä@example.com", false],
  ["a@exämple.com", false],
  ["a@example.com\n", false],
])("%p: accepted is %p", (address, accepted) => {
  const problem = emailAddressProblem(address);
  expect(problem === undefined).toBe(accepted);
  expect(problem ?? "is no e-mail address").toContain("is no e-mail address");
});

test("what is accepted is ASCII with one @, and fits an IA5String of 255 characters", () => {
  const near = fc.stringMatching(/^[a-z0-9.+@ä \\-]{1,12}@[a-z0-9.@ -]{1,12}$/);
  fc.assert(
    fc.property(near, (address) => {
      if (emailAddressProblem(address) === undefined) {
        expect(address).toMatch(/^[\x21-\x7e]+$/);
        expect(address.split("@")).toHaveLength(2);
      }
    }),
    { numRuns: 2000 },
  );
});

test("a long text that is almost one is judged at once", () => {
  const began = performance.now();
  expect(emailAddressProblem(`a@${"a.-".repeat(100_000)}`)).toBeDefined();
  expect(performance.now() - began).toBeLessThan(1000);
});
