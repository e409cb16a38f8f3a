import { isDeepStrictEqual } from "node:util";
import { InputError, quote } from "../pki/problem";

const VARIABLE = "MQTT_PKI_NOW";

/**
 * The moment that counts as now: the machine's clock, or `MQTT_PKI_NOW` (ISO
 * 8601, UTC), so that a preview can look into the future.
 *
 * @throws InputError where the variable holds no date
 * @example
 * ```sh
 * MQTT_PKI_NOW=2027-08-01T00:00:00Z npm run preview
 * ```
 */
export function now(): Date {
  const text = process.env[VARIABLE];
  if (text === undefined || text === "") {
    return new Date();
  }
  const date = new Date(text);
  if (
    !/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(
      text,
    ) ||
    Number.isNaN(date.getTime()) ||
    // JavaScript takes 30 February for 2 March.
    new Date(text.slice(0, 10)).toISOString().slice(0, 10) !== text.slice(0, 10)
  ) {
    throw new InputError([
      {
        path: VARIABLE,
        message: `${quote(text)} is no date; write ISO 8601 with its zone, such as "2027-08-01T00:00:00Z".`,
      },
    ]);
  }
  return date;
}

/**
 * The moment a certificate is signed at. A foreign clock would make real
 * certificates with wrong dates, so it is refused unless the stack allows it.
 */
export function signingTime(allowClockOverride: boolean | undefined): Date {
  const override = process.env[VARIABLE];
  if (
    override !== undefined &&
    override !== "" &&
    allowClockOverride !== true
  ) {
    throw new InputError([
      {
        path: VARIABLE,
        message: `${quote(override)} is for previews; unset it to sign certificates, or set mqtt-pki:allowClockOverride to true in the configuration of a test stack.`,
      },
    ]);
  }
  return now();
}

/**
 * Evidence as of now. Where it depends on the date it is evidence for a waiting
 * time, which no foreign clock may date.
 */
export function datedEvidence<T>(
  record: (at: Date) => T,
  allowClockOverride: boolean | undefined,
): T {
  return isDeepStrictEqual(record(now()), record(new Date(0)))
    ? record(now())
    : record(signingTime(allowClockOverride));
}
