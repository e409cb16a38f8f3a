import { z } from "zod";
import * as schema from "./schema";

/** The members of an order, in inputs and outputs alike. */
export const orderFields = {
  profile: z.string(),
  subject: schema.subject,
  key: schema.keySpec,
  validityDays: z.number(),
  pathLength: z.number().exactOptional(),
  nameConstraints: schema.nameConstraints.exactOptional(),
  dnsNames: schema.texts,
  ipAddresses: schema.texts,
  uris: schema.texts,
  renewal: schema.renewal.exactOptional(),
  truncate: z.boolean().exactOptional(),
};

/** Takes the order out of inputs and outputs alike. */
export const orderSchema = z.object(orderFields);

/** What a `Certificate` is asked for. */
export const certificateInputs = z.strictObject({
  ...orderFields,
  requestPem: z.string().exactOptional(),
  signer: schema.signer,
  allowClockOverride: z.boolean().exactOptional(),
});

/** Signer's and requester's texts stay out of the outputs: a copy of the CA's key in every leaf is one too many. */
export const certificateOutputs = z.object({
  ...orderFields,
  certificatePem: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  renewAt: z.string(),
  subjectKeyIdentifier: z.string(),
  authorityKeyIdentifier: z.string(),
  issuerSubject: z.string(),
  serialNumber: z.string(),
  fingerprintSha256: z.string(),
});

/** See {@link certificateInputs}. */
export type CertificateInputs = z.infer<typeof certificateInputs>;
/** See {@link certificateOutputs}. */
export type CertificateOutputs = z.infer<typeof certificateOutputs>;
