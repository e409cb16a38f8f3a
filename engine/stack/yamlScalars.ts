import type { ScalarTag } from "yaml";

/**
 * Numbers and dates that the Pulumi CLI reads otherwise than YAML 1.2 says:
 * its reader keeps octal numbers, underscores and timestamps of YAML 1.1, and
 * loses no digit of a long number.
 */
export const CLI_SCALARS: ScalarTag[] = [
  {
    tag: "tag:yaml.org,2002:int",
    default: true,
    test: /^[-+]?0[0-7_]+$/,
    resolve: (text) => {
      const digits = text.replace(/_/g, "");
      const value = parseInt(digits.replace(/^[-+]/, ""), 8);
      return digits.startsWith("-") ? -value : value;
    },
  },
  {
    tag: "tag:yaml.org,2002:int",
    default: true,
    test: /^[-+]?(0|[1-9][0-9_]*)$/,
    resolve: (text) => {
      const digits = text.replace(/[_+]/g, "");
      const value = Number(digits);
      return Number.isSafeInteger(value) ? value : digits;
    },
  },
  {
    tag: "tag:yaml.org,2002:timestamp",
    default: true,
    test: /^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)?)?$/,
    resolve: (text) => {
      const date = new Date(/[Tt ]/.test(text) ? withZone(text) : text);
      return Number.isNaN(date.getTime()) ? text : formatTime(date);
    },
  },
];

function withZone(text: string): string {
  const iso = text.replace(/[t ]/, "T");
  return /(Z|[-+]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`;
}

/** As the CLI prints a time in UTC: `2026-01-02 03:04:05 +0000 UTC`. */
function formatTime(date: Date): string {
  const [day = "", time = ""] = date.toISOString().split("T");
  return `${day} ${time.replace(/\.?0*Z$/, "")} +0000 UTC`;
}
