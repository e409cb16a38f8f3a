import type { Reload } from "./broker";
import { ReloadWay } from "./broker";

/**
 * How a broker on Erlang takes up PEM files: Erlang keeps them for two minutes.
 *
 * @param command makes it forget them
 */
export function watchedByErlang(command: string): Reload {
  return {
    way: ReloadWay.Watch,
    command,
    seconds: 130,
    liveSessions: "Open connections live on.",
  };
}
