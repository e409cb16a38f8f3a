import type { AuthorityName } from "../../../support/rotationFleet";
import type { Cell } from "./rotation";

const RESOURCES: Readonly<Record<AuthorityName, string>> = {
  serverRoot: "server-root",
  serverCA: "server-ca",
  deviceRoot: "device-root",
  deviceCA: "device-ca",
};

/**
 * What the phase table of an update says of each cell; a bundle it has no row
 * for is left out. The bundle after the update stands first in it.
 */
export function readPhaseTable(
  said: string,
  authority: AuthorityName,
): Partial<Record<Cell, string>> {
  const lines = said.split("\n");
  const start = lines.findIndex((line) =>
    line.startsWith(`${RESOURCES[authority]} · `),
  );
  if (start < 0) {
    throw new Error(`no phase table of ${RESOURCES[authority]} in:\n${said}`);
  }
  const end = lines.findIndex(
    (line, index) => index > start && line.startsWith("next: "),
  );
  const [newer = [], older = []] = lines
    .slice(start + 2, end)
    .filter((line) => /^[a-z ]+, .*bundle/.test(line))
    .map((line) => line.split(/ {2,}/).slice(1, 3));
  return {
    ...cells(older, "old bundle, old leaf", "old bundle, new leaf"),
    ...cells(newer, "new bundle, old leaf", "new bundle, new leaf"),
  };
}

function cells(
  [old, young]: readonly string[],
  first: Cell,
  last: Cell,
): Partial<Record<Cell, string>> {
  return {
    ...(old !== undefined && { [first]: verdict(old) }),
    ...(young !== undefined && { [last]: verdict(young) }),
  };
}

function verdict(text: string): string {
  return text.split(" ")[0] ?? "";
}
