import { go, gnutls, java, mbedtls, nss, pyca, wolfssl } from "./harness";
import { node } from "./node";
import { openssl, strictOpenssl } from "./openssl";
import type { Stack } from "./stack";

/** The stacks in the order of the table: those of brokers and tools, then those of devices. */
export const STACKS: readonly Stack[] = [
  openssl,
  strictOpenssl,
  node,
  gnutls,
  nss,
  go,
  java,
  pyca,
  mbedtls,
  wolfssl,
];
