import { z } from "zod";
import { liveFields } from "./liveFields";
import * as schema from "./schema";

/** The members of an order, in inputs and outputs alike. */
export const orderFields = {
  profile: z.string(),
  subject: schema.subject,
  key: schema.keySpec,
  ...schema.validityFields,
  pathLength: z.number().exactOptional(),
  nameConstraints: schema.nameConstraints.exactOptional(),
  dnsNames: schema.texts,
  ipAddresses: schema.texts,
  uris: schema.texts,
  emailAddresses: schema.texts,
  otherNames: z
    .array(z.strictObject({ type: z.string(), value: z.string() }))
    .exactOptional(),
  hardwareModuleName: z
    .strictObject({ type: z.string(), serialNumber: z.string() })
    .exactOptional(),
  renewal: schema.renewal.exactOptional(),
  truncate: z.boolean().exactOptional(),
  extensions: schema.extensions.exactOptional(),
};

/** Takes the order out of inputs and outputs alike. */
export const orderSchema = z.object(orderFields);

/** What a `Certificate` is asked for. */
export const certificateInputs = z.strictObject({
  ...orderFields,
  requestPem: z.string().exactOptional(),
  /** The key the request is for, so that a preview knows it before the request is made. */
  publicKeyPem: z.string().exactOptional(),
  /** Takes the request's alternative names, too. */
  namesFromRequest: z.boolean().exactOptional(),
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
  ...liveFields,
  serialNumber: z.string(),
  /** What the request asked for and did not get. */
  leftOut: z.array(z.string()).exactOptional(),
  fingerprintSha256: z.string(),
});

/** See {@link certificateInputs}. */
export type CertificateInputs = z.infer<typeof certificateInputs>;
/** See {@link certificateOutputs}. */
export type CertificateOutputs = z.infer<typeof certificateOutputs>;
