/** Sets the bit of each CPU that the map has room for. */
export function markCpus(map: Uint8Array, cpus: readonly number[]): void {
  for (const cpu of cpus) {
    const byte = cpu >> 3;
    if (byte < map.length) map[byte] = (map[byte] ?? 0) | (1 << (cpu & 7));
  }
}

/** The CPUs whose bits are set. */
export function cpusIn(map: Uint8Array): readonly number[] {
  return [...map].flatMap((byte, index) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (byte & (1 << bit)) !== 0).map((bit) => index * 8 + bit),
  );
}
