import type { Acknowledgement } from "../rotation/acknowledgement";
import { applyAcknowledgements } from "../rotation/acknowledgement";
import type { Refusal } from "../rotation/refusal";
import { refuse } from "./certificateChecks";
import { now } from "./clock";
import { inform } from "./engineLog";

/**
 * Throws what is refused and not acknowledged, and says what is acknowledged.
 *
 * @param holdsFor whether an acknowledgement is about a refusal at all. Default: each is.
 */
export async function admit<T extends Refusal>(
  urn: string,
  refusals: readonly T[],
  acknowledgements: readonly Acknowledgement[] = [],
  holdsFor: (refusal: T, acknowledgement: Acknowledgement) => boolean = () =>
    true,
): Promise<void> {
  const results = refusals.map((refusal) =>
    applyAcknowledgements(
      [refusal],
      acknowledgements.filter((one) => holdsFor(refusal, one)),
      now(),
    ),
  );
  refuse(results.flatMap(({ refused }) => refused));
  for (const { refusal } of results.flatMap(
    ({ acknowledged }) => acknowledged,
  )) {
    await inform(urn, `acknowledged: ${refusal.message}`, "warning");
  }
}
