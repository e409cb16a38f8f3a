import { quote } from "../problem";

const ID = /^[A-Za-z0-9._@/-]{1,64}$/;

/**
 * Why this text is no device id, `undefined` where it is one. The id is common
 * name, MQTT client id and ThingsBoard device name at once, so the strictest
 * of the three counts.
 */
export function idProblem(id: string): string | undefined {
  const rule = "use A-Z a-z 0-9 . _ @ / - (1 to 64 characters)";
  if (id === "") {
    return `is empty; ${rule}.`;
  }
  if (id.includes(":")) {
    return `${quote(id)} contains ":"; MQTT client ids in Cumulocity may not; ${rule}.`;
  }
  if (id.length > 64) {
    return `${quote(id)} has ${id.length} characters, and a common name 64 at most; ${rule}.`;
  }
  if (!ID.test(id)) {
    return `${quote(id)} holds a character that a client id may not; ${rule}.`;
  }
  return /^\.+$/.test(id)
    ? `${quote(id)} is nothing but dots; ${rule}.`
    : undefined;
}
