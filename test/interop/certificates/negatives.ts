import { X509Certificate } from "node:crypto";
import { encodePem } from "../../../pki/pem";
import type { Handshake } from "../stacks/stack";
import type { Reference } from "./cases";
import { asDevice, asServer } from "./cases";
import type { Folder, Party } from "./issue";
import { pathOf } from "./issue";
import type { Reason } from "./reasons";
import { HOST, device, intermediate, root, server } from "./orders";

const DAY = 86_400_000;
const later = (days: number): Date => new Date(Date.now() + days * DAY);
const earlier = (days: number): Date => later(-days);

/** Something every stack should refuse. */
export interface Negative {
  readonly name: string;
  readonly reason: Reason;
  readonly make: (folder: Folder, reference: Reference) => Promise<Handshake>;
}

const issuer = async (): Promise<Party> => intermediate(await root());

/** CAs as they stood two years ago. */
async function oldIssuer(): Promise<Party> {
  const issuing = { now: earlier(800) };
  return intermediate(await root({ issuing }), { issuing });
}

/** A leaf whose host name its CA may not issue for. */
async function outsideConstraints(
  folder: Folder,
  critical: boolean,
): Promise<Handshake> {
  const host = "mqtt.example.org";
  const ca = await intermediate(await root(), {
    nameConstraints: { permittedDnsNames: ["my-iot-cloud.com"], critical },
  });
  const leaf = await server(ca, {
    subject: { commonName: host },
    dnsNames: [host],
  });
  return asServer(folder, `constraints ${critical}`, leaf, host);
}

/** The same certificate with one bit of its signature turned over. */
function tampered(leaf: Party): { certificatePem: string } {
  const der = Buffer.from(new X509Certificate(leaf.certificatePem).raw);
  const last = der.length - 1;
  der.writeUInt8(der.readUInt8(last) ^ 1, last);
  return { certificatePem: encodePem("CERTIFICATE", der) };
}

/** Each is right in every respect but one. */
export const NEGATIVES: readonly Negative[] = [
  {
    name: "another host name",
    reason: "host",
    make: async (folder) =>
      asServer(
        folder,
        "host",
        await server(await issuer()),
        "mqtt.example.org",
      ),
  },
  {
    name: "expired server",
    reason: "expired",
    make: async (folder) => {
      const issuing = { now: earlier(400) };
      return asServer(
        folder,
        "expired server",
        await server(await oldIssuer(), { issuing }),
      );
    },
  },
  {
    name: "server of tomorrow",
    reason: "tomorrow",
    make: async (folder) => {
      const issuing = { now: later(2) };
      return asServer(
        folder,
        "server of tomorrow",
        await server(await issuer(), { issuing }),
      );
    },
  },
  {
    name: "expired intermediate",
    reason: "expired",
    make: async (folder) => {
      const ca = await intermediate(
        await root({ issuing: { now: earlier(800) } }),
        {
          validityDays: 700,
          issuing: { now: earlier(800) },
        },
      );
      return asServer(folder, "expired intermediate", await server(ca));
    },
  },
  {
    name: "expired root",
    reason: "expired",
    make: async (folder) => {
      const authority = await root({
        validityDays: 700,
        issuing: { now: earlier(800) },
      });
      const leaf = await server(await intermediate(authority));
      return asServer(folder, "expired root", leaf);
    },
  },
  {
    name: "untrusted root",
    reason: "unknownIssuer",
    make: async (folder) => {
      const judged = asServer(folder, "stranger", await server(await issuer()));
      return { ...judged, roots: folder.roots("other", await root()) };
    },
  },
  {
    name: "root of the same name",
    reason: "otherKey",
    make: async (folder) => {
      const subject = { commonName: "Root CA of the same name" };
      const leaf = await server(await intermediate(await root({ subject })));
      const other = await root({ subject });
      return {
        ...asServer(folder, "namesake", leaf),
        roots: folder.roots("namesake root", other),
      };
    },
  },
  {
    name: "intermediate left out",
    reason: "unknownIssuer",
    make: async (folder) => {
      const leaf = await server(await issuer());
      return {
        ...asServer(folder, "no intermediate", leaf),
        peer: folder.credentials("no intermediate", leaf, [leaf]),
      };
    },
  },
  {
    name: "chain out of order",
    reason: "unknownIssuer",
    make: async (folder) => {
      const upper = await intermediate(await root(), { pathLength: 1 });
      const lower = await intermediate(upper);
      const leaf = await server(lower);
      return {
        ...asServer(folder, "order", leaf),
        peer: folder.credentials("order", leaf, [leaf, upper, lower]),
      };
    },
  },
  {
    name: "leaf used as CA",
    reason: "notCa",
    make: async (folder) => {
      const other = await server(await issuer(), {
        subject: { commonName: "amqp.my-iot-cloud.com" },
        dnsNames: ["amqp.my-iot-cloud.com"],
      });
      return asServer(folder, "leaf as CA", await server(other));
    },
  },
  {
    name: "path length violated",
    reason: "pathLength",
    make: async (folder) => {
      const upper = await intermediate(await root(), { pathLength: 0 });
      const leaf = await server(await intermediate(upper));
      return asServer(folder, "path length", leaf);
    },
  },
  {
    name: "name constraint violated",
    reason: "constraint",
    make: (folder) => outsideConstraints(folder, false),
  },
  {
    name: "critical name constraint violated",
    reason: "constraint",
    make: (folder) => outsideConstraints(folder, true),
  },
  {
    name: "unknown critical extension",
    reason: "criticalExtension",
    make: async (folder) => {
      const custom = [
        { oid: "1.3.6.1.4.1.55555.9", critical: true, valueBase64: "BQA=" },
      ];
      const leaf = await server(await issuer(), { extensions: { custom } });
      return asServer(folder, "critical", leaf);
    },
  },
  {
    name: "tampered signature",
    reason: "signature",
    make: async (folder) => {
      const leaf = await server(await issuer());
      const [, ...rest] = pathOf(leaf).slice(0, -1);
      return {
        ...asServer(folder, "tampered", leaf),
        peer: folder.credentials("tampered", leaf, [tampered(leaf), ...rest]),
      };
    },
  },
  {
    name: "device as server",
    reason: "purpose",
    make: async (folder) =>
      asServer(
        folder,
        "device as server",
        await device(await issuer(), { dnsNames: [HOST] }),
      ),
  },
  {
    name: "server as device",
    reason: "purpose",
    make: async (folder, reference) =>
      asDevice(
        folder,
        "server as device",
        await server(await issuer()),
        reference,
      ),
  },
  {
    name: "expired device",
    reason: "expired",
    make: async (folder, reference) => {
      const issuing = { now: earlier(400) };
      return asDevice(
        folder,
        "expired device",
        await device(await oldIssuer(), { issuing }),
        reference,
      );
    },
  },
  {
    name: "device of another root",
    reason: "unknownIssuer",
    make: async (folder, reference) => {
      const leaf = await device(await issuer());
      return {
        ...asDevice(folder, "strange device", leaf, reference),
        roots: folder.roots("other device root", await root()),
      };
    },
  },
];
