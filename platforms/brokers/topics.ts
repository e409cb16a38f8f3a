import { DEVICE_PLACEHOLDER } from "./broker";

/** The levels of an MQTT topic filter (MQTT 3.1.1, section 4.7). */
export function levelsOf(filter: string): string[] {
  return filter.split("/");
}

/** A topic filter for one device. */
export function filterOf(filter: string, device: string): string {
  return filter.replaceAll(DEVICE_PLACEHOLDER, device);
}

/**
 * Why this is no topic filter for devices; `undefined` where it is one.
 *
 * @param filter such as `devices/{device}/#`
 */
export function filterProblem(filter: string): string | undefined {
  const levels = levelsOf(filter);
  const quoted = JSON.stringify(filter);
  // Above U+001F and below U+007F: what every broker's configuration takes without quotes that differ from the next one's.
  if (!/^[!-~]+$/.test(filter) || /["'\\$]/.test(filter)) {
    return `${quoted} is no topic filter for devices; write 1 or more printable ASCII characters without spaces, quotes, \\ and $, such as "devices/${DEVICE_PLACEHOLDER}/#".`;
  }
  const wrong = levels.find(
    (level, index) =>
      (/[+#]/.test(level) && level.length > 1) ||
      (level === "#" && index < levels.length - 1) ||
      /[{}]/.test(level.replaceAll(DEVICE_PLACEHOLDER, "")) ||
      (level.includes(DEVICE_PLACEHOLDER) && level !== DEVICE_PLACEHOLDER),
  );
  return wrong === undefined
    ? undefined
    : `${quoted} has a level ${JSON.stringify(wrong)}; a level is "+", "${DEVICE_PLACEHOLDER}" or a text without them, and "#" is the last one.`;
}

/** A regular expression of PCRE that matches the same text and no other. */
export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}
