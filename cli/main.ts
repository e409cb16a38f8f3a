import { main } from "./program";

// Whoever reads along, such as `head`, may stop before the end; there is nothing left to say then.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") {
    throw error;
  }
});

main(process.argv.slice(2), {
  now: new Date(),
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  clock: () => performance.now(),
}).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // An error's own text may quote what it read, and that may be a key.
    console.error(
      `error: ${error instanceof Error ? error.name : "something"} that should not have happened; please report it.`,
    );
    process.exitCode = 2;
  },
);
