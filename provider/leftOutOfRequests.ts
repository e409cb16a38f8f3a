import { DeviceAction } from "../pki/batch/plan";
import { alternativeNamesOf } from "../pki/order";
import { leftOutOf } from "../pki/request";
import type { PlannedDevice } from "./deviceIssuance";

const MAXIMUM_KINDS = 10;
const MAXIMUM_FILES = 3;

/**
 * What the requests that are about to be answered asked for and do not get, in
 * one line for the whole batch: `keyUsage in 14 (csr/a.csr, csr/b.csr,
 * csr/c.csr, …), ipAddresses in 1 (csr/a.csr)`. Kinds only, since a thousand
 * devices may ask for a thousand names. `undefined` where each gets all.
 */
export function leftOutOfRequests(
  plan: readonly PlannedDevice[],
): string | undefined {
  const files = new Map<string, string[]>();
  for (const { device, order, action } of plan) {
    // Of one that is renewed or kept it was said when it was issued.
    const answered =
      action === DeviceAction.Issue || action === DeviceAction.Reissue;
    if (device.request !== undefined && answered) {
      const left = leftOutOf(device.request, {
        ...alternativeNamesOf(order),
        subject: order.subject,
      });
      for (const kind of new Set(left.map(kindOf))) {
        files.set(kind, [...(files.get(kind) ?? []), device.source]);
      }
    }
  }
  const kinds = [...files].sort(
    ([, one], [, other]) => other.length - one.length,
  );
  const told = kinds
    .slice(0, MAXIMUM_KINDS)
    .map(([kind, sources]) => `${kind} in ${sources.length} (${some(sources)})`)
    .join(", ");
  const more = kinds.length - MAXIMUM_KINDS;
  return kinds.length === 0
    ? undefined
    : `leaves out what requests asked for: ${told}${more > 0 ? `, and ${more} other kinds` : ""}`;
}

/** Of `ipAddresses "192.0.2.7"`, the first word. */
function kindOf(wish: string): string {
  return wish.split(" ", 1).join("");
}

function some(sources: readonly string[]): string {
  return [
    ...sources.slice(0, MAXIMUM_FILES),
    ...(sources.length > MAXIMUM_FILES ? ["…"] : []),
  ].join(", ");
}
