import type {
  AuthorityName,
  GenerationSetting,
} from "../../../support/rotationFleet";
import { RENEWALS } from "./renewals";
import type { Boundary, Rotation, Step } from "./rotation";

// The verdicts stand here by hand: what the product thinks of a step has no say in them.

type States = Record<string, GenerationSetting>;

/** What another key in the place of the second generation's looks like. */
type Extra = Readonly<Record<string, unknown>>;

function second(authority: string, extra: Extra) {
  return (state: string): GenerationSetting =>
    Object.keys(extra).length === 0
      ? state
      : { state, subject: { commonName: `${authority} 2027a` }, ...extra };
}

/** The first two updates: a CA with a name for its key, and the publication of another one. */
function staging(authority: AuthorityName, extra: Extra = {}): Step[] {
  const next = second(authority, extra);
  const write = (states: States): NonNullable<Step["write"]> => ({
    [authority]: states,
  });
  return [
    { name: "start", day: 0, write: write({ "2026a": "active" }) },
    {
      name: "A",
      day: 1,
      write: write({ "2026a": "active", "2027a": next("staged") }),
    },
  ];
}

/** The third: the new generation signs; what became of the old one is to be said. */
function activation(
  authority: AuthorityName,
  extra: Extra = {},
  old = "retiring",
): Step {
  const states = { "2026a": old, "2027a": second(authority, extra)("active") };
  return { name: "C", day: 9, write: { [authority]: states } };
}

/** The last: all who hold a certificate of the old generation are known to have a new one. */
function retirement(authority: AuthorityName, extra: Extra = {}): Step {
  const states = {
    "2026a": "retired",
    "2027a": second(authority, extra)("active"),
  };
  return {
    name: "D",
    day: 20,
    write: { [authority]: states },
    acknowledge: authority,
  };
}

function toTheEnd(authority: AuthorityName, extra: Extra = {}): Step[] {
  return [
    ...staging(authority, extra),
    activation(authority, extra),
    retirement(authority, extra),
  ];
}

const STAGED: Boundary = {
  name: "A stage",
  leaves: ["start", "A"],
  bundles: ["start", "A"],
  fails: [],
  inPhaseTable: true,
};

/** A root that is pinned: the verifier knows nothing of the new one until it has the new bundle. */
const PINNED: readonly Boundary[] = [
  STAGED,
  {
    name: "C activate",
    leaves: ["A", "C"],
    bundles: ["start", "C"],
    fails: ["old bundle, new leaf"],
    inPhaseTable: true,
  },
  {
    name: "D retire",
    leaves: ["C", "D"],
    bundles: ["C", "D"],
    fails: [],
    inPhaseTable: true,
  },
  {
    name: "D, who missed C",
    leaves: ["A", "D"],
    bundles: ["C", "D"],
    fails: ["new bundle, old leaf"],
  },
  {
    name: "D, who missed A to C",
    leaves: ["A", "D"],
    bundles: ["start", "D"],
    fails: ["old bundle, new leaf", "new bundle, old leaf"],
  },
];

/** What comes with every chain: the verifier notices nothing. */
const CARRIED: readonly Boundary[] = [
  STAGED,
  {
    name: "C activate",
    leaves: ["A", "C"],
    bundles: ["start", "C"],
    fails: [],
    inPhaseTable: true,
  },
  {
    name: "D retire",
    leaves: ["A", "D"],
    bundles: ["C", "D"],
    fails: [],
    inPhaseTable: true,
  },
];

const RSA = { algorithm: "RSA", rsaBits: 2048 };
const P256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };
const LINKED = { linkedBy: "2026a" };

const MAIN: readonly Rotation[] = [
  {
    name: "server intermediate",
    judged: "server",
    authority: "serverCA",
    steps: toTheEnd("serverCA"),
    boundaries: CARRIED,
  },
  {
    name: "server root",
    judged: "server",
    authority: "serverRoot",
    steps: toTheEnd("serverRoot"),
    boundaries: PINNED,
    short: true,
  },
  {
    name: "device root",
    judged: "device",
    authority: "deviceRoot",
    steps: toTheEnd("deviceRoot"),
    boundaries: PINNED,
    short: true,
  },
  {
    name: "device CA",
    judged: "device",
    authority: "deviceCA",
    steps: toTheEnd("deviceCA"),
    boundaries: CARRIED,
  },
  {
    name: "server root, linked",
    judged: "server",
    authority: "serverRoot",
    steps: toTheEnd("serverRoot", LINKED),
    boundaries: [
      STAGED,
      {
        name: "C activate",
        leaves: ["A", "C"],
        bundles: ["start", "C"],
        fails: [],
        inPhaseTable: true,
      },
      {
        name: "D retire",
        leaves: ["C", "D"],
        bundles: ["C", "D"],
        fails: [],
        inPhaseTable: true,
      },
      {
        name: "D, who missed A to C",
        leaves: ["A", "D"],
        bundles: ["start", "D"],
        fails: ["old bundle, new leaf", "new bundle, old leaf"],
      },
      {
        // A broker that missed D shows the link still.
        name: "D, chain with the link",
        leaves: ["C", "D"],
        bundles: ["start", "D"],
        fails: ["old bundle, new leaf"],
      },
    ],
  },
  {
    name: "server root, RSA to P-256",
    judged: "server",
    authority: "serverRoot",
    steps: toTheEnd("serverRoot", { key: P256 }).map((step) =>
      step.name === "start"
        ? { ...step, configure: { "serverRoot.key": RSA } }
        : step,
    ),
    boundaries: PINNED,
  },
];

/** After C both states are written back. */
function rollBack(
  authority: AuthorityName,
  judged: Rotation["judged"],
): Rotation {
  const back = { "2026a": "active", "2027a": "retiring" };
  return {
    name: `${judged} root, rolled back`,
    judged,
    authority,
    steps: [
      ...staging(authority),
      activation(authority),
      { name: "back", day: 10, write: { [authority]: back } },
    ],
    boundaries: [
      {
        name: "back",
        leaves: ["C", "back"],
        bundles: ["start", "back"],
        // A broker or device that missed the way back.
        fails: ["old bundle, old leaf"],
        inPhaseTable: true,
      },
      {
        name: "back, who missed C",
        leaves: ["A", "back"],
        bundles: ["start", "back"],
        fails: [],
      },
      {
        name: "back, both bundles of both",
        leaves: ["C", "back"],
        bundles: ["A", "back"],
        fails: [],
      },
    ],
  };
}

function abandoned(
  authority: AuthorityName,
  judged: Rotation["judged"],
): Rotation {
  return {
    name: `${judged} root, abandoned`,
    judged,
    authority,
    steps: [
      ...staging(authority),
      {
        name: "given up",
        day: 2,
        write: { [authority]: { "2026a": "active" } },
      },
    ],
    boundaries: [
      STAGED,
      {
        name: "given up",
        leaves: ["A", "given up"],
        bundles: ["A", "given up"],
        fails: [],
        inPhaseTable: true,
      },
    ],
  };
}

function compromised(
  authority: AuthorityName,
  judged: Rotation["judged"],
): Rotation {
  return {
    name: `${judged} root, compromised`,
    judged,
    authority,
    steps: [
      ...staging(authority),
      activation(authority, {}, "compromised"),
      retirement(authority),
    ],
    boundaries: PINNED.map((boundary) =>
      boundary.name === "C activate"
        ? { ...boundary, name: "C compromised" }
        : boundary,
    ),
  };
}

const SHARED = "test/e2e/programs/sharedRoot";

/**
 * Servers and devices below one root, as many fleets have them. The second
 * root begins with the shared one's certificate and key as its own first
 * generation, so that the way apart is a rotation like any other.
 */
const APART: Rotation = {
  name: "shared root to two",
  judged: "device",
  authority: "deviceRoot",
  program: SHARED,
  steps: [
    { name: "shared", day: 0 },
    ...toTheEnd("deviceRoot").map((step) => ({ ...step, day: step.day + 1 })),
  ],
  boundaries: [
    {
      name: "a ledger for brokers",
      leaves: ["shared", "start"],
      bundles: ["shared", "start"],
      fails: [],
    },
    ...PINNED,
    {
      name: "D, devices judge",
      judged: "server",
      leaves: ["shared", "D"],
      bundles: ["shared", "D"],
      fails: [],
    },
  ],
};

/** Every rotation of the proof, in the order of its table. */
export const ROTATIONS: readonly Rotation[] = [
  ...MAIN,
  rollBack("serverRoot", "server"),
  rollBack("deviceRoot", "device"),
  abandoned("serverRoot", "server"),
  compromised("serverRoot", "server"),
  compromised("deviceRoot", "device"),
  ...RENEWALS,
  APART,
];
