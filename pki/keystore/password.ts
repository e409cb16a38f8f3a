import type { Problem } from "../problem";

/** What keytool asks for at least, and what every program's buffer takes. */
const MINIMUM = 6;
const MAXIMUM = 512;
const PRINTABLE_ASCII = /^[ -~]*$/;

/**
 * What is wrong with the password of a store or of an encrypted key; nothing
 * of it stands in the message.
 *
 * Only printable ASCII passes: Java refuses anything else in PBES2
 * (`javax.crypto.spec.PBEKeySpec`), and where programs do take it, they differ
 * in its octets.
 */
export function checkPassword(password: string, path: string): Problem[] {
  const problems: Problem[] = [];
  if (password.length < MINIMUM) {
    problems.push({
      path,
      message: `is too short; write ${MINIMUM} characters at least, Java's keytool takes no fewer.`,
    });
  }
  if (password.length > MAXIMUM) {
    problems.push({
      path,
      message: `is longer than programs read it; write ${MAXIMUM} characters at most.`,
    });
  }
  if (!PRINTABLE_ASCII.test(password)) {
    problems.push({
      path,
      message:
        "holds a character that is no printable ASCII, a line break perhaps; Java refuses those or reads them in another way than OpenSSL. Write letters, digits, spaces and punctuation.",
    });
  }
  return problems;
}
