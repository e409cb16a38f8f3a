// What `npm run bench` runs: `npm run bench -- [batch [devices…] [--quick] | engine [resources] [rounds]]`. Without an
// argument it measures large batches of devices first, and engines then.
import { UsageError } from "../cli/options";
import { benchBatch } from "./batch";
import { benchEngines } from "./engine";

const QUICK = "--quick";
const USAGE =
  "npm run bench -- [batch [devices…] [--quick] | engine [resources] [rounds]]";

async function main(args: readonly string[]): Promise<void> {
  const [part = "", ...rest] = args;
  if (part === "batch") {
    const sizes = rest.filter((arg) => arg !== QUICK).map(wholeNumber);
    await benchBatch(sizes, rest.includes(QUICK));
  } else if (part === "engine") {
    const [resources, rounds] = rest.map(wholeNumber);
    await benchEngines(resources, rounds);
  } else if (part === "" || part === QUICK) {
    await benchBatch([], part === QUICK);
    await benchEngines();
  } else {
    throw new UsageError(`${part} is nothing to measure; write ${USAGE}`);
  }
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) {
    throw new UsageError(`${text} is no number; write ${USAGE}`);
  }
  return Number(text);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const text =
    error instanceof Error && !(error instanceof UsageError)
      ? error.stack
      : undefined;
  process.stderr.write(
    `error: ${text ?? String(error).replace(/^\w+: /, "")}\n`,
  );
  process.exitCode = 1;
});
