import type { Device } from "../pki/batch/device";
import type { Problem } from "../pki/problem";
import { below } from "../pki/problem";

/** The parts of a subject that each device has for itself, and what they are called there. */
const OF_DEVICE: Readonly<Record<string, string>> = {
  "subject.commonName": "id",
  "subject.serialNumber": "serialNumber",
};

/** Whether a part of the subject is the same for all devices. */
function isOfAll(path: string): boolean {
  return path.startsWith("subject.") && !Object.hasOwn(OF_DEVICE, path);
}

/** Problems of a device where it stands, and those of the whole batch without a place, so that they are said once. */
export function placed(
  device: Device,
  problems: readonly Problem[],
): Problem[] {
  return problems.flatMap((problem) =>
    ["issuer", "validity.notAfter"].includes(problem.path) ||
    isOfAll(problem.path) ||
    (problem.path === "validityDays" && device.validityDays === undefined)
      ? [problem]
      : below(device.source, [
          {
            ...problem,
            path: OF_DEVICE[problem.path] ?? problem.path,
          },
        ]),
  );
}
