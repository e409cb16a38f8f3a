import type { Device } from "../device";
import type { NameTemplates } from "../nameTemplates";
import { unknownColumn } from "./csvDevices";
import type { ProblemList } from "./problemList";
import type { ListedDevice } from "./source";

/** The devices that the program lists, each with its place there. */
export function listedDevices(
  listed: readonly ListedDevice[],
  templates: NameTemplates,
  problems: ProblemList,
): Device[] {
  return listed.map((device, index) => {
    const source = `devices[${index}]`;
    for (const name of Object.keys(device.columns ?? {})) {
      if (!templates.columns.has(name)) {
        problems.add({
          path: `${source}.columns.${name}`,
          message: unknownColumn(name, templates),
        });
      }
    }
    return { ...device, source };
  });
}
