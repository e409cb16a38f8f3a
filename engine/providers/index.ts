import type { Provider } from "../plugins/provider";
import { EquivalentProvider } from "./equivalent";
import { KubernetesProvider } from "./kubernetes";
import { TlsProvider } from "./tls";

/** What this engine has for a package whose plugin is not installed; for most, nothing but keeping what is there. */
export function equivalentProvider(
  packageName: string,
  programDirectory: string,
): Provider {
  switch (packageName) {
    case "tls":
      return new TlsProvider();
    case "kubernetes":
      return new KubernetesProvider(programDirectory);
    default:
      return new EquivalentProvider();
  }
}
