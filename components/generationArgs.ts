import type * as pulumi from "@pulumi/pulumi";
import type {
  ExistingAuthorityArgs,
  KeyArgs,
  SubjectArgs,
  ValidityArgs,
} from "../resources";

/**
 * One generation of a CA: a key of its own under a subject of its own. What it
 * does not say holds as for the CA.
 */
export interface GenerationArgs {
  /** One of `GenerationState`, known while the program runs. One update moves one generation one step. */
  state: string;
  /**
   * Distinct for each generation (I6). Left out in one of them only, which then
   * is the key that the CA has had from the beginning.
   */
  subject?: pulumi.Input<SubjectArgs>;
  /** Another algorithm than the CA's: a rotation is how an algorithm changes. */
  key?: pulumi.Input<KeyArgs>;
  /** How its RSA key signs, one of `SignatureScheme`. Default: as the CA's, and beside a `key` of its own PKCS#1 v1.5. */
  signatureScheme?: pulumi.Input<string>;
  /** Days. */
  validityDays?: pulumi.Input<number>;
  /** Dates in the place of days. */
  validity?: pulumi.Input<ValidityArgs>;
  /** A generation made elsewhere, in the place of `subject`. */
  existing?: ExistingAuthorityArgs;
  /**
   * Root CAs only: the id of an older generation that signs this one's key, too
   * (RFC 9810 §4.4, "new with old"). Chains then end with that link
   * certificate, and devices that hold only the old root accept them.
   */
  linkedBy?: string;
}
