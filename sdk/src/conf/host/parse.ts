/** The CPU's frequency in /proc/cpuinfo, whole MHz of the first CPU; 0 when it is not given. */
export function parseMhz(cpuinfo: string, arch: string): number {
  const name = fieldOf(arch);
  if (name === undefined) return 0;
  return Math.floor(Number(new RegExp(`^${name}\\s*:\\s*(\\d+)`, "m").exec(cpuinfo)?.[1] ?? 0));
}

function fieldOf(arch: string): string | undefined {
  if (arch === "x86_64" || arch === "i686") return "cpu MHz";
  if (arch.startsWith("ppc")) return "clock";
  if (arch.startsWith("s390")) return "cpu MHz dynamic";
  return undefined;
}

/** KiB by name, of /proc/meminfo or a node's meminfo. */
export function parseMeminfo(meminfo: string): Readonly<Record<string, number>> {
  const values: Record<string, number> = {};
  for (const match of meminfo.matchAll(/(\w+)(?:\(\w+\))?:\s+(\d+) kB/g)) values[match[1] ?? ""] = Number(match[2]);
  return values;
}

/** A size such as `32768K` in bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+)([KMG]?)/.exec(text.trim());
  const power = { "": 0, K: 1, M: 2, G: 3 }[match?.[2] ?? ""] ?? 0;
  return Number(match?.[1] ?? 0) * 1024 ** power;
}
