/** What the kernel's own files tell of the host, parsed; nothing here reads them. */

/** A figure by its name, as libvirt's clients know it. */
export interface Figure {
  readonly field: string;
  readonly value: bigint;
}

/** Linux has had 100 ticks a second towards user space on every architecture that hypervisors run on. */
const NS_PER_TICK = 10_000_000n;

/**
 * Nanoseconds since the boot that all processors (`undefined`) or one of them have spent, by `/proc/stat`; `undefined` where
 * there is no such processor.
 */
export function cpuFigures(stat: string, cpu: number | undefined): Figure[] | undefined {
  const line = stat.split("\n").find((each) => each.startsWith(`cpu${cpu ?? ""} `));
  if (line === undefined) return undefined;
  const ticks = line.trim().split(/\s+/).slice(1).map(BigInt);
  const of = (...columns: number[]) => columns.reduce((sum, column) => sum + (ticks[column] ?? 0n), 0n) * NS_PER_TICK;
  return [
    { field: "kernel", value: of(2, 5, 6) },
    { field: "user", value: of(0, 1) },
    { field: "idle", value: of(3) },
    { field: "iowait", value: of(4) },
  ];
}

const MEMORY = { MemTotal: "total", MemFree: "free", Buffers: "buffers", Cached: "cached" } as const;

/** KiB, by `/proc/meminfo` or the `meminfo` of a NUMA node, which has fewer lines. */
export function memoryFigures(meminfo: string): Figure[] {
  return Object.entries(MEMORY).flatMap(([name, field]) => {
    const value = new RegExp(`^(?:Node \\d+ )?${name}:\\s*(\\d+) kB`, "m").exec(meminfo)?.[1];
    return value === undefined ? [] : [{ field, value: BigInt(value) }];
  });
}
