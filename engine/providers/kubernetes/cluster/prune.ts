import { isMap, type PropertyMap, type PropertyValue } from "../../../values";

/**
 * What of a live object the program speaks of: its members that the inputs have too. What others added, and what the
 * API fills in, is left out, so that a comparison with new inputs shows what drifted and nothing else.
 */
export function pruned(live: PropertyMap, inputs: PropertyMap): PropertyMap {
  const kept: PropertyMap = {};
  for (const [key, value] of Object.entries(live)) {
    const wanted = inputs[key];
    if (wanted !== undefined) {
      kept[key] = within(value, wanted);
    }
  }
  return kept;
}

function within(value: PropertyValue, wanted: PropertyValue): PropertyValue {
  if (isMap(value) && isMap(wanted)) {
    return pruned(value, wanted);
  }
  return Array.isArray(value) && Array.isArray(wanted)
    ? // Elements beyond those of the program are others'.
      wanted.slice(0, value.length).map((element, index) => {
        const found = value[index] ?? null;
        return within(found, element);
      })
    : value;
}
