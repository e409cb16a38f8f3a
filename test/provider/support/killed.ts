import { setTimeout as pause } from "node:timers/promises";
import { Plugin } from "./plugin";
import type { PluginOptions } from "./plugin";

/** Starts a plugin for one use of it. */
export async function withPlugin<T>(
  options: PluginOptions,
  use: (plugin: Plugin) => Promise<T>,
): Promise<T> {
  const plugin = await Plugin.start(options);
  try {
    return await use(plugin);
  } finally {
    await plugin.stop();
  }
}

/** Starts a call and kills the plugin in the middle of it, once enough has been written. */
export async function killAfter(
  options: PluginOptions,
  enough: () => boolean,
  call: (plugin: Plugin) => Promise<unknown>,
): Promise<void> {
  const run = { ended: false };
  await withPlugin(options, async (plugin) => {
    call(plugin).then(
      () => {
        run.ended = true;
      },
      () => undefined,
    );
    while (!run.ended && !enough()) {
      // Looking takes time from the plugin that is looked at.
      await pause(10);
    }
  });
  // Where the plugin was faster than the kill, a test would show nothing.
  expect(run.ended).toBe(false);
}
