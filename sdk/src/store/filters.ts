/** One flag of a list call, and what it lets through. */
export type ListFilter<T> = readonly [flag: number, matches: (entry: T) => boolean];

/** Filters by what they look at. An entry is listed when it passes each group of which any flag is set. */
export type ListFilters<T> = readonly (readonly ListFilter<T>[])[];

/** Every flag that some filters know. */
export function flagsOf<T>(groups: ListFilters<T>): number {
  return groups.flat().reduce((flags, [flag]) => flags | flag, 0) >>> 0;
}

/** The entries that pass the filters in `flags`; flags that are no filter are passed over. */
export function selectBy<E, T extends E>(entries: Iterable<T>, groups: ListFilters<E>, flags: number): T[] {
  const asked = groups
    .map((group) => group.filter(([flag]) => (flags & flag) !== 0))
    .filter((group) => group.length > 0);
  if (asked.length === 0) return [...entries];
  return [...entries].filter((entry) => asked.every((group) => group.some(([, matches]) => matches(entry))));
}
