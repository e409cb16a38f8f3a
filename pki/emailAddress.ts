import { quote } from "./problem";

const ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** Why this text is no e-mail address, or `undefined` where it is one (RFC 5280 §4.2.1.6: ASCII only). */
export function emailAddressProblem(address: string): string | undefined {
  return ADDRESS.test(address) &&
    address.length <= 255 &&
    !address.includes("..")
    ? undefined
    : `${quote(address)} is no e-mail address; write "name@example.com", in ASCII.`;
}
