import { spawnSync } from "node:child_process";
import { Fleet } from "../../support/fleet";
import {
  RealPulumi,
  findPulumi,
  neededPlugins,
} from "../../support/realPulumi";
import { actions } from "../../support/report";

/** The table's row of the demo stack. */
export const DEMO = "our demo with a changed SAN";

const NAMES = ["my-iot-cloud.com", "mqtt.eu.my-iot-cloud.com"];

/** What an engine does with the demo stack, and what is in the state after it. */
export interface DemoRun {
  /** What adding a name to the broker's certificate changes, sorted. */
  changed: string[];
  /** What is left to do after that: for the engine itself, and for the other one. */
  left: string[];
  leftForOther: string[];
  resources: string[];
}

/** Makes the demo stack with one engine, adds a name to the broker's certificate, and looks with both. */
export async function runDemo(
  begin: "bundled" | "pulumi",
  cli: string | undefined,
): Promise<DemoRun> {
  const fleet = new Fleet();
  try {
    const pulumi = cli === undefined ? undefined : new RealPulumi(cli, fleet);
    await pulumi?.open();
    const engine = begin === "pulumi" ? pulumi : undefined;
    const previewWithBundled = async (): Promise<string[]> =>
      actions(await fleet.preview()).map(withoutType);
    const own = engine === undefined ? previewWithBundled : preview(engine);
    const other = engine === undefined ? preview(pulumi) : previewWithBundled;
    await (engine ?? fleet).up();
    fleet.configure("server.dnsNames", NAMES);
    const changed = await own();
    await (engine ?? fleet).up();
    const { resources } = await fleet.state();
    return {
      changed,
      left: await own(),
      leftForOther: await other(),
      resources: resources.map(({ urn }) => urn).sort(),
    };
  } finally {
    fleet.remove();
  }
}

function preview(engine: RealPulumi | undefined): () => Promise<string[]> {
  return () => engine?.preview() ?? Promise.resolve([]);
}

/** `update Secret server-secret` as the CLI's report has it. */
function withoutType(action: string): string {
  const [op = "", , name = ""] = action.split(" ");
  return `${op} ${name}`;
}

/** The CLI of this machine, where it can run the demo without a download. */
export function completeCli(): string | undefined {
  const cli = findPulumi();
  if (cli === undefined) {
    return undefined;
  }
  const { stdout } = spawnSync(cli, ["plugin", "ls"], { encoding: "utf8" });
  const complete = neededPlugins().every((plugin) => {
    const [name = "", version = ""] = plugin.split(" ");
    return stdout
      .split("\n")
      .some((line) => line.startsWith(`${name} `) && line.includes(version));
  });
  return complete ? cli : undefined;
}
