import { z } from "zod";

// What is read of ThingsBoard's answers. Objects that are sent back keep all the rest, which is not ours.

const id = z.looseObject({ id: z.string() });

/** Some of many, as ThingsBoard hands them out. */
export function pageOf<T>(item: z.ZodType<T>): z.ZodType<Page<T>> {
  return z.object({ data: z.array(item), hasNext: z.boolean() });
}

/** A page of a list. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly hasNext: boolean;
}

/** A device profile, whole. */
export const profileSchema = z.looseObject({
  id,
  name: z.string(),
  description: z.string().nullish(),
  transportType: z.string(),
  provisionType: z.string().nullish(),
  /** SHA3-256 over the text of the certificate. */
  provisionDeviceKey: z.string().nullish(),
  /** Counts the changes; older versions have none. */
  version: z.number().nullish(),
  profileData: z.looseObject({
    transportConfiguration: z.looseObject({}).nullish(),
    provisionConfiguration: z
      .looseObject({
        type: z.string(),
        provisionDeviceSecret: z.string().nullish(),
        certificateRegExPattern: z.string().nullish(),
        allowCreateNewDevicesByX509Certificate: z.boolean().nullish(),
      })
      .nullish(),
  }),
});
/** A device profile, whole. */
export type DeviceProfile = z.infer<typeof profileSchema>;

/** A device profile in a list. */
export const profileInfoSchema = z.object({ id, name: z.string() });

/** A device in a list. */
export const deviceSchema = z.object({
  id,
  name: z.string(),
  deviceProfileId: id.nullish(),
});
/** A device in a list. */
export type Device = z.infer<typeof deviceSchema>;

/** What became of an import. */
export const importSchema = z.object({
  created: z.number(),
  updated: z.number(),
  errors: z.number(),
  /** `Line 2: …`, in no order. */
  errorsList: z.array(z.string()).nullish(),
});
/** What became of an import. */
export type ImportResult = z.infer<typeof importSchema>;
