import {
  isMap,
  mapValues,
  type PropertyMap,
  type PropertyValue,
} from "../../../values";

const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/** Where in `DECIMAL` whole numbers are. */
const ONE = 3;

/**
 * A quantity as the API writes it: the largest unit in which it is a whole number. Texts that are none, or have an
 * exponent, stay as they are.
 *
 * @example
 * ```ts
 * canonicalQuantity("1024Mi"); // "1Gi"
 * canonicalQuantity("0.5Gi"); // "512Mi"
 * canonicalQuantity("1000m"); // "1"
 * canonicalQuantity("0.5"); // "500m"
 * ```
 */
export function canonicalQuantity(text: string): string {
  const match = /^([+-]?\d+)(?:\.(\d+))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])?$/.exec(
    text,
  );
  if (match === null) {
    return text;
  }
  const [, whole = "", fraction = "", unit = ""] = match;
  const digits = fraction.replace(/0+$/, "");
  return BINARY.includes(unit) && unit !== ""
    ? binary(whole, digits, BINARY.indexOf(unit), text)
    : decimal(whole, digits, DECIMAL.indexOf(unit), text);
}

function binary(
  whole: string,
  fraction: string,
  unit: number,
  text: string,
): string {
  const parts = 10n ** BigInt(fraction.length);
  let [value, index] = [BigInt(`${whole}${fraction}`), unit];
  while (value % parts !== 0n && index > 0) {
    value *= 1024n;
    index -= 1;
  }
  return value % parts === 0n
    ? inUnits(value / parts, index, BINARY, 1024n)
    : text;
}

function decimal(
  whole: string,
  fraction: string,
  unit: number,
  text: string,
): string {
  const steps = Math.ceil(fraction.length / 3);
  if (unit - steps < 0) {
    return text;
  }
  const digits = `${whole}${fraction.padEnd(steps * 3, "0")}`;
  return inUnits(BigInt(digits), unit - steps, DECIMAL, 1000n);
}

function inUnits(
  value: bigint,
  unit: number,
  units: string[],
  base: bigint,
): string {
  let [count, index] = [value, unit];
  while (count !== 0n && count % base === 0n && index < units.length - 1) {
    count /= base;
    index += 1;
  }
  const zero = units === DECIMAL ? ONE : 0;
  return count === 0n ? "0" : `${count}${units[index] ?? units[zero] ?? ""}`;
}

/** A spec with every `resources` in it written as the API writes them. */
export function withQuantities(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) {
    return value.map(withQuantities);
  }
  if (!isMap(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "resources" && isMap(inner)
        ? mapValues(inner, canonicalOnes)
        : withQuantities(inner),
    ]),
  );
}

function canonicalOnes(value: PropertyValue): PropertyValue {
  const canonical = (inner: PropertyValue): PropertyValue =>
    typeof inner === "string"
      ? canonicalQuantity(inner)
      : typeof inner === "number"
        ? canonicalQuantity(String(inner))
        : inner;
  return isMap(value)
    ? mapValues(value satisfies PropertyMap, canonical)
    : value;
}
