import { FILE_HEADERS_ONLY, createTwoFilesPatch } from "diff";

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
  if (old === fresh) {
    return "";
  }
  const [before, after] = file.startsWith("/")
    ? [file, file]
    : [`a/${file}`, `b/${file}`];
  return createTwoFilesPatch(before, after, old, fresh, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}
