/** A mistake the user can mend: printed as one sentence, without a stack. */
export class EngineError extends Error {
  override readonly name = "EngineError";
}

const INSTALL =
  "Install the Pulumi CLI (https://www.pulumi.com/docs/install/, or `npm install pulumi`) and run the same command with it; it reads the same state.";

/** The refusal of something Pulumi has and this engine does not: by name, and with the way out. */
export function outOfScope(what: string): EngineError {
  return new EngineError(
    `${what} is outside what the bundled engine does. ${INSTALL}`,
  );
}

/** What a program says that asked its SDK for something this engine has not; the SDK tells it to update a CLI. */
export function inOwnWords(message: string): string {
  return message.replace(
    /The Pulumi CLI does not support (.+?)\. Please update the Pulumi CLI\.?/g,
    (_, what: string) =>
      outOfScope(`What the program asks for (${what})`).message,
  );
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error
    ? String(error.message)
    : String(error);
}

/** Whether nobody knows if what failed took effect all the same: whoever was to do it died over it. */
export function isOutcomeUnknown(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "outcomeUnknown" in error &&
    error.outcomeUnknown === true
  );
}

/** Whether a file-system error carries this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    error.code === code
  );
}
