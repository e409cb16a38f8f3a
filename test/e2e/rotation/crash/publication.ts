import { z } from "zod";
import type { KilledState } from "../../kill/killedState";
import {
  certificateAt,
  identityOf,
  splitPem,
} from "../../../support/certificates";
import type { Looks, Span } from "./ledger";
import type { Look } from "./look";

const publicationSchema = z.object({
  place: z.string(),
  published: z.record(z.string(), z.string()),
});

/**
 * What is wrong with the dates from which waiting times count: no place may say
 * that it holds a key before a file there does.
 */
export function publicationLosses(
  { before, killed, after }: Looks,
  span: Span,
): string[] {
  const [old, half, whole] = [before, killed, after].map(({ state }) =>
    publicationsIn(state),
  );
  return [
    ...unheld(killed, half ?? {}, old),
    ...unheld(after, whole ?? {}),
    ...Object.entries(whole ?? {}).flatMap(([place, dates]) =>
      Object.entries(dates).flatMap(([key, date]) => {
        const known = half?.[place]?.[key] ?? old?.[place]?.[key];
        const earliest = keysAt(killed, place).includes(key)
          ? span.killed
          : span.finished;
        const isRight =
          known === undefined ? new Date(date) >= earliest : known === date;
        return isRight
          ? []
          : [
              `${place} counts from ${date}, not from ${known ?? earliest.toISOString()}`,
            ];
      }),
    ),
  ];
}

/** By place, since when it has held each key. */
function publicationsIn({
  resources,
}: KilledState): Record<string, Record<string, string>> {
  return Object.fromEntries(
    resources
      .filter(({ urn }) => urn.endsWith("-publication"))
      .map(({ outputs }) => publicationSchema.parse(outputs))
      .map(({ place, published }) => [place, published]),
  );
}

/** What a place says to hold and does not. One that this very update takes out may stand there until its end. */
function unheld(
  look: Look,
  publications: Readonly<Record<string, Readonly<Record<string, string>>>>,
  former: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): string[] {
  return Object.entries(publications).flatMap(([place, dates]) => {
    const held = [...keysAt(look, place), ...Object.keys(former[place] ?? {})];
    return Object.keys(dates)
      .filter((key) => !held.includes(key))
      .map(() => `${place} says that it holds a root at ${look.moment}`);
  });
}

/** The keys in the bundle of a place, such as `mqtt-ca-bundle in thingsboard`. */
function keysAt(look: Look, place: string): string[] {
  const { serverRoots, deviceRoots } = look.holdings;
  const bundles: Readonly<Record<string, string>> = {
    "tb-mqtts": serverRoots,
    "mqtt-ca-bundle": look.publishedServerRoots,
    "mqtt-device-ca-bundle": deviceRoots,
  };
  return splitPem(bundles[place.split(" ")[0] ?? ""] ?? "").map(
    (pem) => identityOf(certificateAt(pem)).subjectKeyIdentifier,
  );
}
