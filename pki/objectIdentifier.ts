import { quote } from "./problem";

const DOTTED = /^[0-2](\.(0|[1-9]\d*))+$/;

/** Why this text is no object identifier in dotted form, or `undefined` where it is one (X.660). */
export function objectIdentifierProblem(text: string): string | undefined {
  const second = Number(text.split(".")[1]);
  const good =
    DOTTED.test(text) &&
    text.length <= 128 &&
    (text.startsWith("2.") || second < 40) &&
    // Of greater numbers the encoder makes nothing at all.
    text.split(".").every((arc) => Number(arc) < 2 ** 48);
  return good
    ? undefined
    : `${quote(text)} is no object identifier; write numbers joined by dots, such as "1.3.6.1.4.1.32473.1".`;
}
