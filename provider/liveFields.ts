import { z } from "zod";

/** What a resource remembers of the certificates it has issued, and of the CAs they hang from. */
export const liveFields = {
  /** Those that may still be in use, expired ones left out. */
  live: z
    .array(
      z.object({
        name: z.string(),
        count: z.number(),
        issuers: z.array(z.string()),
        expiresLast: z.string(),
        subjectKeyIdentifier: z.string().exactOptional(),
      }),
    )
    .exactOptional(),
  /** The generations above at the last update. */
  knownGenerations: z
    .array(
      z.object({
        authority: z.string(),
        id: z.string(),
        state: z.string(),
        subjectKeyIdentifier: z.string(),
      }),
    )
    .exactOptional(),
};
