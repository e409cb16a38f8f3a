import type { Handshake } from "../stacks/stack";
import type { Folder, Issuing, Party } from "./issue";
import { pathOf } from "./issue";
import { HOST, device, intermediate, root, server } from "./orders";
import type { Row } from "./rows";

/** A handshake and what it is about. */
export interface NamedHandshake {
  readonly what: "server" | "device" | "mutual";
  readonly handshake: Handshake;
}

/** A row with its certificates. */
export interface Case {
  readonly row: Row;
  readonly handshakes: readonly NamedHandshake[];
  /** The path of every leaf, leaf first. */
  readonly paths: readonly (readonly Party[])[];
}

/** A server that is beyond doubt, for the handshakes in which a device is judged. */
export interface Reference {
  readonly credentials: Handshake["peer"];
  readonly roots: string;
}

/** Makes that server. */
export async function makeReference(folder: Folder): Promise<Reference> {
  const leaf = await server(await intermediate(await root()));
  return {
    credentials: folder.credentials("reference", leaf),
    roots: folder.roots("reference", leaf),
  };
}

/** A server's certificate, judged by a client. */
export function asServer(
  folder: Folder,
  name: string,
  leaf: Party,
  host = HOST,
): Handshake {
  return {
    role: "client",
    host,
    roots: folder.roots(name, leaf),
    peer: folder.credentials(name, leaf),
  };
}

/** A device's certificate, judged by a server. */
export function asDevice(
  folder: Folder,
  name: string,
  leaf: Party,
  reference: Reference,
): Handshake {
  return {
    role: "server",
    host: HOST,
    roots: folder.roots(name, leaf),
    peer: folder.credentials(name, leaf),
    own: reference.credentials,
  };
}

/** A device's certificate, which the stack itself presents to Node while it judges Node's. */
function asPresenter(judged: Handshake, reference: Reference): Handshake {
  return {
    role: "client",
    host: HOST,
    roots: reference.roots,
    peer: reference.credentials,
    own: judged.peer,
    peerRoots: judged.roots,
  };
}

/**
 * Issues what a row needs. A CA is judged by a server's and by a device's
 * certificate below it; a server's by a client; a device's by a server, and by
 * whether the stack can present it.
 */
export async function makeCase(
  row: Row,
  folder: Folder,
  reference: Reference,
): Promise<Case> {
  const { profile, authorities = {}, order = {} } = row;
  const changed = (
    name: string,
  ): NonNullable<typeof order> & { issuing?: Issuing } =>
    profile === name
      ? {
          ...order,
          ...(row.signatureScheme !== undefined && {
            issuing: { signatureScheme: row.signatureScheme },
          }),
        }
      : ["root", "intermediate"].includes(name)
        ? authorities
        : {};
  const issuer = await intermediate(
    await root(changed("root")),
    changed("intermediate"),
  );
  const name = `${profile} ${row.form}`;
  const handshakes: NamedHandshake[] = [];
  const leaves: Party[] = [];
  const isCa = ["root", "intermediate"].includes(profile);
  if (isCa || profile === "server") {
    const leaf = await server(issuer, changed("server"));
    leaves.push(leaf);
    handshakes.push({
      what: "server",
      handshake: asServer(folder, `${name}/server`, leaf, row.host),
    });
  }
  if (profile !== "server") {
    const leaf = await device(issuer, {
      ...(isCa ? {} : { profile }),
      ...changed(profile === "initialDeviceIdentity" ? profile : "device"),
    });
    leaves.push(leaf);
    const judged = asDevice(folder, `${name}/device`, leaf, reference);
    handshakes.push({ what: "device", handshake: judged });
    if (!isCa) {
      handshakes.push({
        what: "mutual",
        handshake: asPresenter(judged, reference),
      });
    }
  }
  return { row, handshakes, paths: leaves.map(pathOf) };
}
