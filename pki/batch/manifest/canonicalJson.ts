/** JSON in which members stand in the order of their names, so that equal values have equal texts; `undefined` is as good as no member. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(
          Object.entries(member).sort(([one], [other]) =>
            one < other ? -1 : 1,
          ),
        )
      : member,
  );
}
