import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { Writable } from "node:stream";

import { EngineError } from "./errors";

/** Reads the standard input to its end, or, from a person, one line that is not shown while it is typed. */
export async function readInput(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    return text(process.stdin);
  }
  process.stderr.write(question);
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const reader = createInterface({
    input: process.stdin,
    output: nowhere,
    terminal: true,
  });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once("line", resolve).once("close", () => {
        reject(new EngineError("Nothing was changed."));
      });
    });
  } finally {
    reader.close();
    process.stderr.write("\n");
  }
}
