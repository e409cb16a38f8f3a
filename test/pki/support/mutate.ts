import type { Der } from "./der";
import { readDer } from "./der";

/** A source of numbers that gives the same ones for the same seed. */
export class Random {
  constructor(private state: number) {}

  /** 0 up to, not including, the limit (mulberry32). */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  oneOf<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) {
      throw new Error("nothing to choose from");
    }
    return found;
  }

  octets(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

type Change = (bytes: Buffer, random: Random) => Buffer;

/** Octets that lengths, tags and texts turn on. */
const TURNS = [
  0, 1, 0x1f, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xfe, 0xff,
];

/** Changes that know nothing of what the octets mean. */
const BLIND: readonly Change[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length);
    return put(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
  },
  function turn(bytes, random) {
    return put(bytes, random.below(bytes.length), random.oneOf(TURNS));
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function remove(bytes, random) {
    const at = random.below(bytes.length);
    const after = bytes.subarray(at + 1 + random.below(8));
    return Buffer.concat([bytes.subarray(0, at), after]);
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    const more = random.octets(1 + random.below(8));
    return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length);
    const part = bytes.subarray(at, at + 1 + random.below(64));
    const times = random.oneOf([1, 1, 1, 1, 1, 2, 2, 30]);
    return Buffer.concat([
      bytes.subarray(0, at),
      ...Array.from({ length: times }, () => part),
      bytes.subarray(at),
    ]);
  },
];

/** Some octets changed, one to three times. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let changed = bytes;
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    // An empty input has nothing left to change.
    changed =
      changed.length === 0 ? bytes : random.oneOf(BLIND)(changed, random);
  }
  return changed;
}

/**
 * One value within a DER structure changed, and every length around it made
 * right again, so that what is wrong lies deep. Values within octet strings,
 * where extensions have theirs, are found, too.
 */
export function mutateDer(der: Buffer, random: Random): Buffer {
  const nodes: Node[] = [];
  const tree = grow(readDer(der), nodes);
  for (let count = 1 + random.below(2); count > 0; count -= 1) {
    change(random.oneOf(nodes), random);
  }
  return write(tree);
}

interface Node {
  tag: number;
  /** Of a primitive value. */
  content: Buffer;
  /** What a constructed value, or an octet string, is made of. */
  children: Node[];
  /** How often it is written. */
  times: number;
}

const OCTET_STRING = 4;

function grow({ tag, content, children }: Der, nodes: Node[]): Node {
  const within = tag === OCTET_STRING ? valueIn(content) : undefined;
  const node: Node = {
    tag,
    content,
    children: (within === undefined ? children : [within]).map((child) =>
      grow(child, nodes),
    ),
    times: 1,
  };
  nodes.push(node);
  return node;
}

function valueIn(content: Buffer): Der | undefined {
  try {
    return readDer(content);
  } catch {
    return undefined;
  }
}

const TAGS = [1, 2, 3, 4, 5, 6, 12, 19, 22, 23, 24, 30, 48, 49, 128, 130, 160];

function change(node: Node, random: Random): void {
  switch (random.below(7)) {
    case 0:
      node.tag = random.oneOf(TAGS);
      break;
    case 1:
      node.times = random.oneOf([0, 0, 2, 2, 3, 9]);
      break;
    case 2:
      node.children = [];
      node.content = random.octets(random.oneOf([0, 1, 2, 8, 32, 300]));
      break;
    case 3:
      node.children.reverse();
      break;
    case 4:
      node.children.push({
        tag: random.oneOf(TAGS),
        content: random.octets(random.below(6)),
        children: [],
        times: 1,
      });
      break;
    case 5:
      // One within the other, the way a stack is made to overflow.
      node.children = [nest({ ...node }, random.oneOf([1, 3, 70]))];
      break;
    default:
      if (node.children.length === 0 && node.content.length > 0) {
        node.content = mutateBytes(node.content, random);
      }
  }
}

function nest(node: Node, levels: number): Node {
  let nested = node;
  for (let level = 0; level < levels; level += 1) {
    nested = {
      tag: 48,
      content: Buffer.alloc(0),
      children: [nested],
      times: 1,
    };
  }
  return nested;
}

function write(node: Node): Buffer {
  const content =
    node.children.length > 0
      ? Buffer.concat(node.children.map(write))
      : node.content;
  const once = Buffer.concat([
    Buffer.from([node.tag]),
    lengthOf(content.length),
    content,
  ]);
  return Buffer.concat(Array.from({ length: node.times }, () => once));
}

/** The shortest form of a length (X.690 §10.1). */
export function lengthOf(length: number): Buffer {
  if (length < 0x80) {
    return Buffer.from([length]);
  }
  const hex = length.toString(16);
  const octets = Buffer.from(
    hex.padStart(hex.length + (hex.length % 2), "0"),
    "hex",
  );
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

function put(bytes: Buffer, at: number, octet: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(octet, at);
  return copy;
}
