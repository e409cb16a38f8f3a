import { readFileSync, writeFileSync } from "node:fs";
import { splitPem } from "../../../support/certificates";
import { WHOLE_PROOF } from "../../../support/figures";
import { Fleet, ROOT } from "../../../support/fleet";
import { actions } from "../../../support/report";
import type { Credentials, Holdings } from "../../../support/rotationFleet";
import { RotationFleet } from "../../../support/rotationFleet";
import type { CodeStep } from "../runbooks/runbookText";
import { readCodeSteps } from "../runbooks/runbookText";
import { leafOf } from "./leaf";

const PROGRAM = "test/e2e/programs/sharedRoot";

/** Days after the first update. */
const DAYS: Readonly<Record<string, number>> = {
  "01-second-root": 1,
  "02-stage": 2,
  "03-activate": 3,
  "04-retire": 20,
  "05-clean-up": 21,
};

/** The program with the statement of the page in the place of its own. */
function programWith(code: string): string {
  const text = readFileSync(`${ROOT}/${PROGRAM}.ts`, "utf8");
  const changed = text
    .replaceAll("../../../", "./")
    .replace(/^const deviceRoot =[^]*?\n\n/m, () => `${code}\n`);
  expect(changed).toContain(code);
  return changed;
}

/** Writes the code of a step, and updates; what the update did. */
async function take(
  fleet: RotationFleet,
  { id, code }: CodeStep,
): Promise<string[]> {
  const at = fleet.day(DAYS[id] ?? NaN);
  const inAMonth = new Date(at.getTime() + 30 * 86_400_000).toISOString();
  const dated = code.replace(
    /until: "[^"]*"/,
    `until: "${inAMonth.slice(0, 10)}"`,
  );
  writeFileSync(fleet.fleet.path("index.ts"), programWith(dated));
  return actions(await fleet.update(at));
}

/** What all steps leave as it is. */
function kept({ server, serverRoots, devices }: Holdings): unknown {
  return { server, serverRoots, leaves: Object.values(devices).map(leafOf) };
}

function chains({ devices }: Holdings): string[] {
  return Object.values(devices).map(({ chain }: Credentials) => chain);
}

/** What each step does, and to whom. */
const EXPECTED: Readonly<
  Record<string, (done: string[], now: Holdings, start: Holdings) => void>
> = {
  "01-second-root": (done, now, start) => {
    expect(done).toEqual([
      "create CertificateAuthority device-root-authority",
      "create ExistingAuthority device-root-2026a-existing",
      "create RootCA device-root",
      "update BundlePublication device-roots-publication",
      // Its annotation names the generation; what it holds is the same.
      "update ConfigMap device-roots-bundle",
    ]);
    expect(now).toEqual(start);
  },
  "02-stage": (_done, now, start) => {
    expect(splitPem(now.deviceRoots)).toHaveLength(2);
    expect(now.deviceRoots).toContain(start.deviceRoots.trim());
    expect(chains(now)).toEqual(chains(start));
  },
  "03-activate": (done, now, start) => {
    expect(done).toContain("update Certificate device-ca-certificate");
    expect(splitPem(now.deviceRoots)).toHaveLength(2);
    expect(chains(now)).not.toEqual(chains(start));
  },
  "04-retire": (done, now, start) => {
    expect(done.join()).not.toContain("delete PrivateKey");
    expect(splitPem(now.deviceRoots)).toHaveLength(1);
    expect(now.deviceRoots).not.toBe(start.deviceRoots);
  },
  "05-clean-up": (done) => {
    expect(done).toEqual([
      "update BundlePublication device-roots-publication",
      "update CertificateAuthority device-root-authority",
    ]);
  },
};

/** docs/runbooks/shared-root.md, with the very code of its steps; the short form takes the first one only. */
export function apart(): void {
  describe("from a shared root to two, as the runbook says", () => {
    const fleet = new RotationFleet(1, new Fleet(PROGRAM));
    const steps = readCodeSteps("shared-root");
    const start: { holdings?: Holdings } = {};

    beforeAll(async () => {
      await fleet.update(fleet.day(0));
      start.holdings = fleet.holdings();
    });

    afterAll(() => {
      fleet.remove();
    });

    test("the page has the steps that are taken here", () => {
      expect(steps.map(({ id }) => id)).toEqual(Object.keys(DAYS));
    });

    test.each(WHOLE_PROOF ? steps : steps.slice(0, 1))("$id", async (step) => {
      const done = await take(fleet, step);
      const now = fleet.holdings();
      expect(kept(now)).toEqual(start.holdings && kept(start.holdings));
      EXPECTED[step.id]?.(done, now, start.holdings ?? now);
    });
  });
}
