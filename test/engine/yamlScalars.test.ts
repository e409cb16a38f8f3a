import { parse } from "yaml";
import { CLI_SCALARS } from "../../engine/stack/yamlScalars";

function read(text: string): unknown {
  return parse(text, { customTags: (tags) => [...CLI_SCALARS, ...tags] });
}

// Each as the Pulumi CLI 3.259 reads it.
test.each([
  ["0644", 420],
  ["-017", -15],
  ["1_000", 1000],
  ["365", 365],
  ["-12", -12],
  ["+5", 5],
  ["0x10", 16],
  ["0o644", 420],
  ["12345678901234567890", "12345678901234567890"],
  ["2026-01-02", "2026-01-02 00:00:00 +0000 UTC"],
  ["2026-01-02T03:04:05Z", "2026-01-02 03:04:05 +0000 UTC"],
  ["2026-13-45", "2026-13-45"],
  ["yes", "yes"],
  ["on", "on"],
  ["true", true],
  ["1.10", 1.1],
  ["12:30:45", "12:30:45"],
  ["'0644'", "0644"],
  ['"2026-01-02"', "2026-01-02"],
])("%s", (text, value) => {
  expect(read(text)).toEqual(value);
  expect(read(`[${text}]`)).toEqual([value]);
  expect(read(`key: ${text}`)).toEqual({ key: value });
});
