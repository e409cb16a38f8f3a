import { DEVICE_PLACEHOLDER } from "./broker";

/** The levels of an MQTT topic filter (MQTT 3.1.1, section 4.7). */
export function levelsOf(filter: string): string[] {
  return filter.split("/");
}

/** A topic filter for one device. */
export function filterOf(filter: string, device: string): string {
  return filter.replaceAll(DEVICE_PLACEHOLDER, device);
}

/** Whether a topic filter is another one for each device. */
export function namesDevice(filter: string): boolean {
  return filter.includes(DEVICE_PLACEHOLDER);
}

/** Of ids that lie below another one, such as `a/b` below `a`, the one above. */
export function belowOthers(ids: readonly string[]): Map<string, string> {
  const all = new Set(ids);
  const above = (id: string): string | undefined => {
    const levels = levelsOf(id);
    return levels
      .slice(1)
      .map((_, end) => levels.slice(0, end + 1).join("/"))
      .find((one) => all.has(one));
  };
  return new Map(
    ids.flatMap((id): [string, string][] => {
      const other = above(id);
      return other === undefined ? [] : [[id, other]];
    }),
  );
}

/** For brokers that put whatever name a device has into the topic, and are told of no device that could be compared. */
export const OVERLAP_CAVEAT =
  'The id of a device becomes a part of a topic as it is: a device "a" reaches the topics of a device "a/b". Do not issue for both.';

/**
 * Why this is no topic filter for devices; `undefined` where it is one.
 *
 * @param filter such as `devices/{device}/#`
 */
export function filterProblem(filter: string): string | undefined {
  const levels = levelsOf(filter);
  const quoted = JSON.stringify(filter);
  // Above U+001F and below U+007F: what every broker's configuration takes without quotes that differ from the next one's.
  // Of the rest, NATS and RabbitMQ have wildcards of their own (* and >), mosquitto and VerneMQ variables (%).
  if (!/^[!-~]+$/.test(filter) || /["'\\$*>%]/.test(filter)) {
    return `${quoted} is no topic filter for devices; write 1 or more printable ASCII characters without spaces, quotes and \\ $ * > %, such as "devices/${DEVICE_PLACEHOLDER}/#".`;
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
