/** A line of both texts, or of one of them. */
interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
}

const CONTEXT = 3;

/**
 * The difference of two texts in the form that `patch` and `git apply` take;
 * empty where there is none.
 *
 * @example
 * ```ts
 * unifiedDiff("Pulumi.dev.yaml", "a: 1\n", "a: 2\n");
 * // --- a/Pulumi.dev.yaml
 * // +++ b/Pulumi.dev.yaml
 * // @@ -1,1 +1,1 @@
 * // -a: 1
 * // +a: 2
 * ```
 */
export function unifiedDiff(file: string, old: string, fresh: string): string {
  const lines = compare(splitLines(old), splitLines(fresh));
  const changed = lines.flatMap(({ mark }, index) =>
    mark === " " ? [] : [index],
  );
  if (changed.length === 0) {
    return "";
  }
  const [before, after] = file.startsWith("/")
    ? [file, file]
    : [`a/${file}`, `b/${file}`];
  const hunks = spans(changed, lines.length).map((span) => hunk(lines, span));
  return `--- ${before}\n+++ ${after}\n${hunks.join("")}`;
}

/** Each line with its line break, which the last one may lack. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** What begins and ends alike is put aside; the rest is held against each other line by line. */
function compare(old: readonly string[], fresh: readonly string[]): Line[] {
  const shorter = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < shorter && old[head] === fresh[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === fresh.at(-1 - tail)) {
    tail += 1;
  }
  const same = (text: string): Line => ({ mark: " ", text });
  return [
    ...old.slice(0, head).map(same),
    ...compareMiddle(
      old.slice(head, old.length - tail),
      fresh.slice(head, fresh.length - tail),
    ),
    ...old.slice(old.length - tail).map(same),
  ];
}

/** Along a longest common subsequence. */
function compareMiddle(
  old: readonly string[],
  fresh: readonly string[],
): Line[] {
  const width = fresh.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const length = (row: number, column: number): number =>
    lengths[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = fresh.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        old[row] === fresh[column]
          ? length(row + 1, column + 1) + 1
          : Math.max(length(row + 1, column), length(row, column + 1));
    }
  }
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < fresh.length) {
    const [text, other] = [old[row], fresh[column]];
    if (text !== undefined && text === other) {
      lines.push({ mark: " ", text });
      row += 1;
      column += 1;
    } else if (
      text !== undefined &&
      (other === undefined ||
        length(row + 1, column) >= length(row, column + 1))
    ) {
      lines.push({ mark: "-", text });
      row += 1;
    } else if (other !== undefined) {
      lines.push({ mark: "+", text: other });
      column += 1;
    }
  }
  return lines;
}

/** Changed lines with their surroundings; those that touch are one. */
function spans(changed: readonly number[], end: number): [number, number][] {
  const found: [number, number][] = [];
  for (const index of changed) {
    const from = Math.max(0, index - CONTEXT);
    const to = Math.min(end, index + CONTEXT + 1);
    const last = found.at(-1);
    if (last !== undefined && from <= last[1]) {
      last[1] = to;
    } else {
      found.push([from, to]);
    }
  }
  return found;
}

function hunk(lines: readonly Line[], [from, to]: [number, number]): string {
  const shown = lines.slice(from, to);
  const range = (without: Line["mark"]): string => {
    const before = lines.slice(0, from).filter(({ mark }) => mark !== without);
    const count = shown.filter(({ mark }) => mark !== without).length;
    // Of no lines, the number is that of the line before them.
    return `${before.length + (count === 0 ? 0 : 1)},${count}`;
  };
  const texts = shown.map(({ mark, text }) =>
    text.endsWith("\n")
      ? `${mark}${text}`
      : `${mark}${text}\n\\ No newline at end of file\n`,
  );
  return `@@ -${range("+")} +${range("-")} @@\n${texts.join("")}`;
}
