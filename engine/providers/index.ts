import type { Provider } from "../plugins/provider";
import { KubernetesProvider } from "./kubernetes";
import { TlsProvider } from "./tls";

/** The equivalent this engine has for a package whose plugin is not installed, if it has one. */
export function equivalentProvider(
  packageName: string,
  programDirectory: string,
): Provider | undefined {
  switch (packageName) {
    case "tls":
      return new TlsProvider();
    case "kubernetes":
      return new KubernetesProvider(programDirectory);
    default:
      return undefined;
  }
}
