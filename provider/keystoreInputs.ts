import { z } from "zod";

/** What a `Keystore` is asked for. */
export const keystoreInputs = z.strictObject({
  format: z.string(),
  privateKeyPem: z.string().exactOptional(),
  chainPem: z.string().exactOptional(),
  trustAnchorsPem: z.string().exactOptional(),
  alias: z.string().exactOptional(),
  trustAlias: z.string().exactOptional(),
  password: z.string(),
});

/** Key and password stay out of the outputs: the store itself is all that anybody reads. */
export const keystoreOutputs = z.object({
  contentBase64: z.string(),
  sha256: z.string(),
  entries: z.array(z.string()),
});
