import type { Folder } from "../../../interop/certificates/issue";
import type {
  Credentials as Files,
  Handshake,
} from "../../../interop/stacks/stack";
import type { Credentials, Holdings } from "../../../support/rotationFleet";
import { required } from "../../../support/rendered";
import type { Driven } from "./drive";
import type { Boundary, Cell, Rotation } from "./rotation";
import { CELLS } from "./rotation";

const HOST = "mqtt.my-iot-cloud.com";

/** How a cell is called among all handshakes, and in the table. */
export function rowOf(
  rotation: Rotation,
  boundary: Boundary,
  cell: Cell,
): string {
  return `${rotation.name} | ${boundary.name} | ${cell}`;
}

/** The four handshakes of each boundary of a rotation, by their rows. */
export function handshakesOf(
  rotation: Rotation,
  driven: Readonly<Record<string, Driven>>,
  folder: Folder,
): Map<string, Handshake> {
  const files = Object.fromEntries(
    Object.entries(driven).map(([step, { holdings }]) => [
      step,
      writeFiles(folder, `${rotation.name}/${step}`, holdings),
    ]),
  );
  return new Map(
    rotation.boundaries.flatMap((boundary) =>
      CELLS.map((cell, index): [string, Handshake] => {
        const bundle = required(files, boundary.bundles[index < 2 ? 0 : 1]);
        const leaf = required(files, boundary.leaves[index % 2 === 0 ? 0 : 1]);
        const judged = boundary.judged ?? rotation.judged;
        return [
          rowOf(rotation, boundary, cell),
          judged === "server"
            ? {
                role: "client",
                host: HOST,
                roots: bundle.serverRoots,
                peer: leaf.server,
              }
            : {
                role: "server",
                host: HOST,
                roots: bundle.deviceRoots,
                peer: leaf.device,
                // The device looks at nothing here: it is the one who is judged.
                own: leaf.server,
              },
        ];
      }),
    ),
  );
}

interface StepFiles {
  readonly server: Files;
  readonly device: Files;
  readonly serverRoots: string;
  readonly deviceRoots: string;
}

function writeFiles(
  folder: Folder,
  name: string,
  { server, devices, serverRoots, deviceRoots }: Holdings,
): StepFiles {
  const write = (what: string, { chain, key }: Credentials): Files => ({
    chain: folder.write(`${name}/${what}/chain.pem`, chain),
    key: folder.write(`${name}/${what}/key.pem`, key),
  });
  const [device] = Object.values(devices);
  if (device === undefined) {
    throw new Error(`${name}: there is no device`);
  }
  return {
    server: write("server", server),
    device: write("device", device),
    serverRoots: folder.write(`${name}/server-roots.pem`, serverRoots),
    deviceRoots: folder.write(`${name}/device-roots.pem`, deviceRoots),
  };
}
