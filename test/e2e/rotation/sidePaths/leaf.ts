import { certificateAt } from "../../../support/certificates";
import { digest } from "../../../support/rendered";
import type { Credentials } from "../../../support/rotationFleet";

/** Serial number of the leaf, and its key as a digest. */
export function leafOf({ chain, key }: Credentials): {
  serialNumber: string;
  key: string;
} {
  return {
    serialNumber: certificateAt(chain).serialNumber,
    key: digest(key),
  };
}
